"""TextGrids, as praatio reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fake_assessor import assessment_of, without_times

from enunciate.errors import OutputError
from enunciate.exports.textgrid import TierInterval, filled, to_textgrid
from enunciate.exports.textgrid_folder import textgrid_names, write_textgrids
from enunciate.schema import Assessment, ClipError, Failure, Utterance

textgrid = pytest.importorskip("praatio.textgrid")

WITH_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text='I "think" I left'), 2.5)


def tiers(assessment: Assessment, tmp_path: Path) -> dict[str, list[tuple[float, float, str]]]:
    path = tmp_path / "x.TextGrid"
    path.write_text(to_textgrid(assessment), encoding="utf-8")
    read = textgrid.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="error")
    assert read.validate("error")
    assert (read.minTimestamp, read.maxTimestamp) == (0, assessment.duration_s)
    return {name: [tuple(entry) for entry in read.getTier(name).entries] for name in read.tierNames}


def test_praat_shows_words_phones_what_was_heard_and_scores(tmp_path: Path) -> None:
    found = tiers(WITH_TEXT, tmp_path)
    assert list(found) == ["words", "phones", "heard", "scores"]
    assert found["words"][:2] == [(0, 0.1, "I"), (0.1, 0.5, "think")]
    assert found["phones"][1] == (0.1, 0.2, "TH")
    assert found["heard"][1] == (0.1, 0.2, "S")
    assert found["scores"][1] == (0.1, 0.2, "0.30")
    assert found["heard"][-1][2] == "<DEL>"


def test_without_a_text_there_is_what_was_heard(tmp_path: Path) -> None:
    found = tiers(assessment_of(Utterance(id="a.wav", audio=Path("a.wav")), 2.5), tmp_path)
    assert [label for _, _, label in found["heard"]] == ["HH", "AH", "L", "OW"]
    assert found["words"] == found["phones"] == found["scores"] == []


def test_quotes_and_ipa_survive(tmp_path: Path) -> None:
    word = WITH_TEXT.words[0].model_copy(update={"text": 'θ"I"'})
    odd = WITH_TEXT.model_copy(update={"words": (word, *WITH_TEXT.words[1:])})
    assert tiers(odd, tmp_path)["words"][0] == (0, 0.1, 'θ"I"')


def test_an_engine_without_times_is_refused() -> None:
    phones = tuple(p.model_copy(update={"start_s": None, "end_s": None}) for p in WITH_TEXT.phones)
    with pytest.raises(OutputError, match="gives no times"):
        to_textgrid(without_times(WITH_TEXT).model_copy(update={"phones": phones}))


def test_intervals_fill_the_clip_without_gap_or_overlap() -> None:
    given = [
        TierInterval(0.5, 0.9, "b"),
        None,
        TierInterval(0.2, 0.6, "a"),
        TierInterval(0.7, 0.7, "c"),
        TierInterval(0.95, 2, "d"),
    ]
    assert list(filled(given, 1.0)) == [
        TierInterval(0.0, 0.2, ""),
        TierInterval(0.2, 0.6, "a"),
        TierInterval(0.6, 0.9, "b"),
        TierInterval(0.9, 0.95, ""),
        TierInterval(0.95, 1.0, "d"),
    ]


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["a.wav"], ["a.TextGrid"]),
        (["/data/x/ada/1.wav", "/data/x/bob/1.wav"], ["ada/1.TextGrid", "bob/1.TextGrid"]),
        (["../c/a.wav", "../c/a.flac", "../c/b"], ["a.wav.TextGrid", "a.flac.TextGrid", "b.TextGrid"]),
    ],
)
def test_files_are_named_like_the_clips(ids: list[str], names: list[str]) -> None:
    assert [path.as_posix() for path in textgrid_names(ids).values()] == names


def test_a_folder_has_a_file_for_each_clip_that_was_assessed(tmp_path: Path) -> None:
    rows = [
        WITH_TEXT,
        Failure(id="b.wav", audio="b.wav", error=ClipError(code="audio_silent", message="")),
        WITH_TEXT.model_copy(update={"id": "in/c.wav"}),
    ]
    write_textgrids(lambda: iter(rows), tmp_path)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.TextGrid"))
    assert found == ["a.TextGrid", "in/c.TextGrid"]
