"""The robustness benchmark: its changes do what they say, and each row says what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest
from robustness_cases import transforms
from robustness_cases.bench import Bench, Reading, Row, is_refused, mean_changes
from robustness_cases.boundaries import boundaries
from robustness_cases.long_readings import joined_readings, narrations
from robustness_cases.native_clips import native_speakers, read_native
from robustness_cases.plausibility import plausibility
from robustness_cases.surroundings import gaps, surroundings
from robustness_cases.synthetic_readers import added_speech, minimal_pairs
from robustness_cases.table import NOT_GIVEN, as_markdown, read_sections, write_sections
from robustness_cases.voices import Voice
from support.evaluation_cases import make_assessment, make_utterance

from enunciate.errors import AudioSilentError, CorpusError
from enunciate.schema import ASPECTS, Assessment, Clip, Utterance

RATE_HZ = 16_000
rng = np.random.default_rng(0)


class LevelJudge:
    """Scores the root mean square of a clip, refuses silence, and knows nothing of words."""

    name, batch_size = "level 1", 1

    def assess(self, utterances) -> list[Assessment]:
        return [self._assess(utterance) for utterance in utterances]

    def _assess(self, utterance: Utterance) -> Assessment:
        level = float(np.sqrt(np.mean(utterance.audio.samples**2)))
        if level < 1e-4:
            raise AudioSilentError("silent")
        whole = make_assessment(make_utterance(utterance.id), value=min(10.0, 20 * level))
        nothing = {"words": (), "phones": (), "pauses": (), "rates": None, "completeness": None}
        return whole.model_copy(update=nothing)

    def recognise(self, utterances) -> list[tuple[str, ...]]:
        return [()] * len(utterances)


def reading(tone, id: str = "a", speaker: str = "s", score: float = 9.0) -> Utterance:
    clip = Clip(samples=tone(2.0), sample_rate_hz=RATE_HZ)
    made = make_utterance(id, human=score, speaker=speaker)
    return made.model_copy(update={"audio": clip, "text": "we read"})


@pytest.fixture
def bench(tone):
    corpus = [reading(tone, f"u{i}", f"s{i % 2}", 8 + i % 3) for i in range(12)]
    voice = Voice("hum", True, lambda text: tone(0.1 * len(text)))
    native = (Reading("n.wav", tone(1.0), "we read"), Reading("long.wav", tone(40.0), "we read"))
    return Bench(LevelJudge(), corpus, 2, native, (voice,))


@pytest.mark.parametrize("change", [transforms.mp3, transforms.opus, transforms.telephone])
def test_a_codec_changes_the_samples_and_hardly_the_tone(tone, change):
    before = tone(1.0)

    after = change(before)

    assert len(after) == pytest.approx(len(before), abs=0.1 * RATE_HZ)
    spectrum = np.abs(np.fft.rfft(after))
    assert np.argmax(spectrum) * RATE_HZ / len(after) == pytest.approx(220, abs=2)
    assert not np.array_equal(after[: len(before)], before[: len(after)])


def test_level_gap_and_edges_are_exact(tone):
    clip = tone(1.0, level=0.25)

    loud = transforms.clipped(clip, 6)
    assert np.abs(loud).max() == 1 and (np.abs(loud) == 1).mean() > 0.3
    assert np.abs(transforms.gain(clip, -20)).max() == pytest.approx(0.025, rel=0.01)
    assert len(transforms.with_edges(clip, 3.0)) == 7 * RATE_HZ
    gap = transforms.with_gap(clip, 0.5, 4.0)
    assert not gap[RATE_HZ : 4 * RATE_HZ].any() and len(gap) == 5 * RATE_HZ


def test_noise_is_added_at_the_snr(tone):
    clip = tone(1.0)

    noisy = transforms.add(clip, transforms.noise(len(clip), "pink", rng), 10)

    assert 10 * np.log10(np.mean(clip**2) / np.mean((noisy - clip) ** 2)) == pytest.approx(10, abs=0.1)


def test_a_change_is_the_mean_difference_and_a_lost_clip_is_counted(bench, tone):
    before = [bench.assess("a", tone(1.0, level=0.2), None)] * 2
    after = [bench.assess("a", tone(1.0, level=0.1), None), bench.assess("b", 0 * tone(1.0), None)]

    changes = mean_changes(before, after)

    assert changes["total"] == pytest.approx(-20 * 0.1 / np.sqrt(2), abs=0.01)
    assert changes["not scored"] == 0.5
    assert is_refused(after[1]) and not is_refused(after[0])


def test_an_engine_of_levels_is_caught_by_the_level_and_by_the_edges(bench):
    rows = {row.case: row for row in surroundings(bench)}

    assert rows["30 dB quieter"].values["total"] < -3
    assert rows["3 s of silence before and after"].values["total"] < -1
    assert rows["telephone (8 kHz)"].values["total"] == pytest.approx(0, abs=0.1)


def test_what_an_engine_does_not_give_has_no_values(bench):
    rows = [*gaps(bench), *minimal_pairs(bench), *boundaries(bench)]
    rows += [row for row in added_speech(bench) if "reported as inserted" in row.values]
    *found, _, _, _, _, _, _ = plausibility(bench)

    assert len(found) == 5 and not any(row.values for row in [*rows, *found])


def test_joined_readings_are_compared_with_the_mean_of_people(bench):
    rows = {row.case: row for row in joined_readings(bench)}

    assert set(rows) == {f"joined readings, {aspect}" for aspect in ASPECTS}
    total = rows["joined readings, total"]
    said = 20 * 0.3 / np.sqrt(2) * np.sqrt(2 * 5 / (2 * 5 + 4 * 0.4))
    assert total.n == 16 and total.values["bias"] == pytest.approx(said - 9, abs=0.3)


def test_short_and_long_native_clips_have_rows_of_their_own(bench):
    mean, *single = native_speakers(bench)

    assert mean.n == 1 and [row.case for row in single] == ["native speaker, n.wav"]
    assert [row.case for row in narrations(bench)] == ["narration of 40 s, long.wav"]
    assert next(narrations(Bench(LevelJudge(), (), 2))).values == {}


def test_the_texts_of_native_clips_are_read_from_a_table(tmp_path, tone):
    import soundfile as sf

    sf.write(tmp_path / "a.wav", tone(1.0), RATE_HZ)
    (tmp_path / "README.md").write_text("| file | text |\n|---|---|\n| a.wav | We read. |\n| b.wav | No. |\n")

    (found,) = read_native(tmp_path)

    assert (found.name, found.text, found.duration_s) == ("a.wav", "We read.", 1.0)
    with pytest.raises(CorpusError, match="has a table"):
        read_native(tmp_path / "..")


def test_parts_of_a_run_meet_in_one_file(tmp_path):
    path = tmp_path / "rows.json"
    write_sections(path, "level 1", 2, {"gaps": [Row("a gap", 0)]})

    found = read_sections(path, "level 1", 2)
    write_sections(path, "level 1", 2, found | {"native": [Row("people", 3, {"total": 9.5})]})

    assert list(json.loads(path.read_text())["cases"]) == ["gaps", "native"]
    with pytest.raises(SystemExit, match="give another --out"):
        read_sections(path, "other 1", 2)


def test_a_table_has_a_column_for_each_value_and_says_what_is_not_given():
    rows = [Row("one", 3, {"total": -0.5, "warned of": 0.25}, "no change"), Row("two", 0)]

    table = as_markdown({"surroundings": rows}, {"surroundings": "The same speech."})

    assert "### surroundings\n\nThe same speech.\n\n| case | n | total |" in table
    assert "| one | 3 | -0.50 | 25% | no change |" in table
    assert f"| two | 0 | {NOT_GIVEN} | - |  |" in table
