"""What a row of a list says of a clip."""

from pathlib import Path

import pytest

from enunciate.distributed.clip_fields import ListPlace, fields_of_row, fields_of_sample, location


def test_a_path_is_relative_to_the_folder_of_the_list_which_may_be_a_url():
    assert location("/data", "a/1.wav") == "/data/a/1.wav"
    assert location("s3://bucket/lists/", "a.wav") == "s3://bucket/lists/a.wav"
    assert location("/data", "/other/a.wav") == "/other/a.wav"
    assert location("/data", "gs://bucket/a.wav") == "gs://bucket/a.wav"


def test_a_row_names_its_clip_or_has_it():
    named = fields_of_row({"audio": "a.wav", "text": "so", "id": None}, "/data")
    assert named == {"id": "a.wav", "source": "/data/a.wav", "content": None, "text": "so", "phones": None}
    inside = fields_of_row({"audio": {"bytes": b"RIFF", "path": "a.wav"}, "id": "1"}, "/data")
    assert (inside["id"], inside["source"], inside["content"]) == ("1", None, b"RIFF")
    assert fields_of_row({"audio": None, "text": "so"}, "/data")["id"] == ""


def test_a_sample_has_its_text_in_a_member_of_its_own_or_in_json():
    plain = fields_of_sample("a/1", {"flac": b"fLaC", "txt": b" I think so.\n"})
    assert (plain["id"], plain["content"], plain["text"]) == ("a/1", b"fLaC", "I think so.")
    noted = fields_of_sample("a/2", {"wav": b"RIFF", "json": b'{"text": "Yes", "phones": "Y EH S"}'})
    assert (noted["text"], noted["phones"]) == ("Yes", "Y EH S")
    assert fields_of_sample("a/3", {"txt": b"so"})["content"] is None


@pytest.mark.parametrize(
    ("where", "suffix", "folder"),
    [
        ("s3://bucket/lists/m.parquet", ".parquet", "s3://bucket/lists"),
        ("s3://bucket/lists", "", "s3://bucket/lists"),
        ("https://host/clips-00.tar", ".tar", "https://host"),
    ],
)
def test_the_name_of_a_list_says_its_kind_and_folder(where: str, suffix: str, folder: str):
    assert (ListPlace(where).suffix, ListPlace(where).folder) == (suffix, folder)


def test_a_folder_is_of_the_kind_of_its_files(tmp_path: Path):
    assert ListPlace(str(tmp_path)).suffix == ""
    (tmp_path / "00.TAR").touch()
    assert ListPlace(str(tmp_path)).suffix == ".tar"
    assert ListPlace(str(tmp_path)).folder == str(tmp_path)
