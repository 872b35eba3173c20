"""The answers of an evaluation are saved as rows that `enunciate evaluate --answers` reads."""

import json

import numpy as np
import pytest

from enunciate.errors import OutputError
from enunciate.evaluation.outside.answers_file import read_answers
from enunciate.schema import Clip, HumanScores, Utterance
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable
from enunciate.speech_lm.training.answer_metrics import TaskAnswer
from enunciate.speech_lm.training.saved_answers import ANSWERS, MOST_LIKELY, save_answers

CLIP = Clip(samples=np.zeros(16_000, dtype=np.float32), sample_rate_hz=16_000)
SCORES = ApaAnswer(accuracy=8, fluency=9, prosodic=7, total=8)
TRANSCRIPT = MddAnswer(word_transcript="the bear", phoneme_transcript="DH AH B EH R")
BETWEEN_8_AND_9 = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0.75, 0.25, 0])


def utterance(name="a"):
    return Utterance(
        id=name, audio=CLIP, text="the bear", scores=HumanScores(accuracy=8, fluency=8, prosodic=8, total=8)
    )


def scored(name="a", distribution=BETWEEN_8_AND_9):
    aspects = ("accuracy", "fluency", "prosodic", "total")
    distributions = None if distribution is None else dict.fromkeys(aspects, distribution)
    return TaskAnswer(utterance(name), "apa", DecodedAnswer(SCORES, "", distributions))


def heard(name="a"):
    return TaskAnswer(utterance(name), "mdd", DecodedAnswer(TRANSCRIPT, ""))


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_clip_has_one_row_with_the_answers_to_both_tasks(tmp_path):
    save_answers([scored(), scored("b"), heard("b"), heard()], "mine", tmp_path)

    assert rows_of(tmp_path / ANSWERS) == [
        {
            "id": name,
            "model": "mine",
            **dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), 8.25),
            "transcript": "the bear",
            "free_phones": ["DH", "AH", "B", "EH", "R"],
        }
        for name in ("a", "b")
    ]


def test_the_most_likely_scores_are_in_a_file_of_their_own(tmp_path):
    save_answers([scored()], "mine", tmp_path)

    (row,) = rows_of(tmp_path / MOST_LIKELY)
    assert [row[name] for name in ("accuracy", "fluency", "prosodic", "total")] == [8, 9, 7, 8]


def test_without_distributions_both_files_have_the_integers(tmp_path):
    save_answers([scored(distribution=None)], "mine", tmp_path)

    assert rows_of(tmp_path / ANSWERS) == rows_of(tmp_path / MOST_LIKELY)


def test_both_files_are_read_by_the_evaluation(tmp_path):
    save_answers([scored(), heard()], "mine", tmp_path)

    for name, total in ((ANSWERS, 8.25), (MOST_LIKELY, 8)):
        (read,) = read_answers(tmp_path / name, [utterance()])
        assert read.assessment.total.value == total
        assert read.free_phones == ("DH", "AH", "B", "EH", "R")


def test_a_clip_with_one_broken_answer_counts_as_failed(tmp_path):
    broken = TaskAnswer(utterance(), "apa", DecodedAnswer(Unparsable("?", "not JSON"), "?"))
    save_answers([broken, heard()], "mine", tmp_path)

    (read,) = read_answers(tmp_path / ANSWERS, [utterance()])
    assert read.assessment is None and "does not parse" in read.error


def test_folder_that_is_none_is_an_error_of_the_output(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError):
        save_answers([scored()], "mine", tmp_path / "file")


def test_answers_to_another_prompt_have_files_of_their_own(tmp_path):
    save_answers([scored()], "mine", tmp_path, "without_text_")

    assert {path.name for path in tmp_path.iterdir()} == {
        "without_text_answers.jsonl", "without_text_answers-most-likely.jsonl"
    }  # fmt: skip
