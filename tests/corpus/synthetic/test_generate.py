import ctypes
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from enunciate.corpus.synthetic.espeak_phonemes import phones_of, segments_of
from enunciate.corpus.synthetic.generate import shard_tasks, synthesise
from enunciate.corpus.synthetic.mispronunciations import PHONES, SILENCE, LearnerErrors, mispronounce
from enunciate.corpus.synthetic.resampling import resample
from enunciate.corpus.synthetic.sentences import TextMix, TextSources, read_fortunes, sentences, vocabulary
from enunciate.corpus.synthetic.shard import Engine, SynthesisOptions
from enunciate.corpus.synthetic.shard_files import read_shards
from enunciate.errors import CorpusError

pytestmark = pytest.mark.slow

US = "gmw/en-US"


def _library_loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


INSTALLED = {
    "flite": _library_loads("libflite.so.1"),
    "espeak": _library_loads("libespeak-ng.so.1"),
    "festival": shutil.which("festival") is not None,
}
ENGINES = [
    pytest.param(name, marks=pytest.mark.skipif(not there, reason=f"{name} is not installed"))
    for name, there in INSTALLED.items()
]


def _options(engine: Engine, **changes: object) -> SynthesisOptions:
    return SynthesisOptions(hours=40 / 3600, shard_s=20, seed=3, engines={engine: 1.0}, **changes)


def test_the_same_seed_gives_the_same_sentences():
    first, second = (sentences(TextMix(), TextSources(), random.Random(4)) for _ in range(2))
    texts = [next(first) for _ in range(200)]
    assert texts == [next(second) for _ in range(200)]
    assert len(set(texts)) > 180
    assert len(vocabulary()) > 1000


def test_sentences_of_the_caller_are_used():
    given = sentences(
        TextMix(everyday=0, dictionary=0), TextSources(given=("Mark is here",)), random.Random(0)
    )
    assert next(given) == "mark is here"


def test_only_plain_sentences_are_taken_from_fortunes(tmp_path: Path):
    folder = tmp_path / "usr/share/games/fortunes"
    folder.mkdir(parents=True)
    (folder / "wise").write_text("Every dog has its day.  It was 1984!\n%\nUSE of CAPITALS.\n")
    (folder / "wise.dat").write_text("This is an index file.")
    assert read_fortunes(tmp_path) == ("Every dog has its day",)


def test_a_mispronunciation_changes_something_and_keeps_silences():
    phones = ["SIL", "TH", "IH", "NG", "K", "SIL"]
    final = [False, False, False, False, True, False]
    for seed in range(300):
        said = mispronounce(phones, final, LearnerErrors(), random.Random(seed))
        assert said[0] == said[-1] == (SILENCE,)
        assert said != [(phone,) for phone in phones]
        assert {phone for change in said for phone in change} <= PHONES | {SILENCE}


@pytest.mark.parametrize(
    ("names", "accent", "phones"),
    [
        (["k", "A@"], US, "K AA R"),
        (["k", "A@"], "gmw/en", "K AA"),
        (["w", "O:", "t#", "3"], US, "W AO T ER"),
        (["l", "I", "t#", "@L"], US, "L IH T AH L"),
        (["h", "3:", "r", "i"], US, "HH ER IY"),
        (["k", "A@", "r", "i"], "gmw/en-GB-scotland", "K AA R IY"),
        (["h", "a", "p", "i", ";"], US, "HH AE P IY"),
    ],
)
def test_phonemes_of_espeak_become_arpabet(names: list[str], accent: str, phones: str):
    assert [phone for unit in phones_of(names, accent) for phone in unit] == phones.split()


def test_joint_phonemes_of_espeak_share_their_time():
    # The L of "girl" has no time of its own: it is the end of the vowel.
    segments = segments_of(["g", "3:", "l", "_:"], [0, 100, 300, 300], 400, US)
    assert segments == [("G", 0, 100), ("ER", 100, 220), ("L", 220, 300), ("SIL", 300, 400)]


def test_resampling_keeps_a_tone_and_tells_its_ratio():
    rate_hz, tone_hz = 22_050, 1000
    tone = (8000 * np.sin(2 * np.pi * tone_hz * np.arange(rate_hz) / rate_hz)).astype(np.int16)
    resampled, ratio = resample(tone, 16_000 / rate_hz)
    assert len(resampled) == round(len(tone) * ratio)
    assert ratio == pytest.approx(16_000 / rate_hz, rel=0.02)
    peak = np.abs(np.fft.rfft(resampled)).argmax() / len(resampled)
    assert peak == pytest.approx(tone_hz / rate_hz / ratio, rel=1e-3)


def test_engines_are_spread_evenly_over_the_shards():
    tasks = shard_tasks(SynthesisOptions(hours=10), Path("out"))
    first = [task.engine for task in tasks[: len(tasks) // 2]]
    assert len(tasks) == 120
    assert [first.count(name) for name in ("flite", "espeak", "festival")] == [27, 24, 9]


def test_a_missing_installation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError, match="debian-packages"):
        synthesise(_options("festival", root=tmp_path), tmp_path / "out", 1)


def test_a_folder_without_shards_is_an_error(tmp_path: Path):
    with pytest.raises(CorpusError, match="no finished shard"):
        list(read_shards(tmp_path))


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_fit_the_sound(engine: Engine, tmp_path: Path):
    report = synthesise(_options(engine, mispronounced_share=0.5), tmp_path, 2)
    assert report.lost == ()
    clips = list(read_shards(tmp_path))
    assert any(clip.spoken != clip.canonical for clip in clips)
    assert any(clip.spoken == clip.canonical for clip in clips)
    high = {"S": [], "AA": [], "AH": []}
    for clip in clips:
        ends = [0.0, *(end_s for _, _, end_s in clip.segments)]
        assert [start_s for _, start_s, _ in clip.segments] == pytest.approx(ends[:-1])
        assert ends[-1] == pytest.approx(len(clip.samples) / 16_000, abs=1e-3)
        assert clip.spoken == tuple(phone for phone, _, _ in clip.segments if phone != SILENCE)
        assert {*clip.spoken, *clip.canonical} <= PHONES
        sound = clip.samples.astype(np.float64)
        for phone, start_s, end_s in clip.segments:
            piece = sound[int(start_s * 16_000) : int(end_s * 16_000)]
            if phone == SILENCE and len(piece) > 800:
                assert np.sqrt(np.mean(piece**2)) < 0.5 * np.sqrt(np.mean(sound**2))
            elif phone in high and len(piece) > 400:
                power = np.abs(np.fft.rfft(piece)) ** 2
                high[phone].append(power[len(power) * 7 // 16 :].sum() / power.sum())
    assert np.median(high["S"]) > 0.5
    assert np.median(high["AA"] + high["AH"]) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_the_number_of_workers_changes_nothing(engine: Engine, tmp_path: Path):
    for workers in (1, 2):
        synthesise(_options(engine), tmp_path / str(workers), workers)
    for name in ("shard-0000", "shard-0001"):
        one, two = ((tmp_path / folder / f"{name}.jsonl").read_text() for folder in "12")
        assert one == two
        arrays = [np.load(tmp_path / folder / f"{name}.npz") for folder in "12"]
        assert np.array_equal(arrays[0]["samples"], arrays[1]["samples"])
