"""`enunciate read`."""

import json

from support.command_line import run


def test_a_table_shows_readings_sounds_and_what_is_ignored():
    table = run("read", "Pay $1 to Dr. Lee 😀").stdout

    assert "a dollar" in table
    assert "doctor" in table
    assert "ignored: 😀" in table


def test_json_has_all_readings_with_their_places():
    described = json.loads(run("read", "Pay $3.50", "--format", "json").stdout)

    (pay, money) = described["tokens"]
    assert (pay["text"], pay["start"], pay["end"]) == ("Pay", 0, 3)
    assert money["readings"][0] == "three dollars and fifty cents"


def test_a_text_that_cannot_be_read_is_an_error_without_a_traceback():
    done = run("read", "😀")

    assert done.exit_code == 2
    assert done.stderr.startswith("error: no English word")


def test_own_pronunciations_are_used(tmp_path):
    (tmp_path / "own.txt").write_text("pay P IY1\n")

    assert "P IY1" in run("read", "Pay", "--lexicon", str(tmp_path / "own.txt")).stdout
