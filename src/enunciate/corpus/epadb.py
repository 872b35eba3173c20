"""EpaDB (Vidal et al., Interspeech 2019) from its folder: Argentinians who read English phrases.

    train/reference_transcriptions.txt
    train/spkr14/waveforms/spkr14_1.wav
    train/spkr14/annotations_1/spkr14_1.TextGrid       the tiers words, annotation and score ("4/5")
    train/spkr14/labels/spkr14_1.csv                   spkr14_1_9 OY AO -

Each line of `labels` has an accepted phone, the phone that was annotated, and whether that is correct.
Where a copy has no `labels`, they are made from the file of references, which has the accepted phones of
each phrase, "0" for none:

    TEXT 1: Our nice red toy
    TRANSCRIPTION 1: AA R  N AY S  R EH D/Th  Th OY

The first annotator annotated all utterances; the second's four per speaker are not read. Older copies have
no `train` and `test`. Phones are ARPAbet with allophones (Th Ph Kh: aspirated; DX: a flap; AX) and sounds
of Spanish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from enunciate.corpus.annotated_words import Pair, heard_symbol, reference_words
from enunciate.corpus.epadb_references import References, read_references
from enunciate.corpus.left_out import utterances_of
from enunciate.corpus.speechocean762 import Split
from enunciate.corpus.textgrid_tiers import Labelled, read_tiers, word_at
from enunciate.errors import CorpusError
from enunciate.phones import strip_stress
from enunciate.schema import HumanScores, Utterance

RESPELT = {"Th": "T", "Ph": "P", "Kh": "K", "DX": "T", "AX": "AH", "AXH": "AH", "BH": "B", "GH": "G"}
"""The phone of the inventory that stands for a symbol of EpaDB."""
_SILENCES = frozenset(["", "sil", "sp", "None"])
_NONE = "0"
_HIGHEST_SCORE = 5


def load_epadb(folder: Path | str, split: Split) -> list[Utterance]:
    """Read the utterances of a split, or all.

    Their `total` is the annotator's score of 1 to 5, doubled. Utterances whose annotation is broken are left
    out, with a warning.

    Raises:
        CorpusError: There is no annotation of the split, or none can be read.
        MissingExtraError: praatio is not installed.
    """
    root = Path(folder)
    annotations = sorted(root.glob("spkr*/annotations_1/*.TextGrid") if split == "all" else [])
    for name in ("train", "test") if split == "all" else (split,):
        annotations += sorted(root.glob(f"{name}/spkr*/annotations_1/*.TextGrid"))
    if not annotations:
        raise CorpusError(
            f"{root} has no annotations_1/*.TextGrid of the split '{split}': give the folder of EpaDB that "
            "holds 'train' and 'test'; a copy without these has the split 'all' alone"
        )
    references = _references(root)
    return utterances_of(root, annotations, lambda path: _utterance(path, references))


def _references(root: Path) -> References:
    found = sorted(root.glob("**/reference_transcriptions.txt"))
    return read_references(found[0]) if found else {}


def _utterance(annotation: Path, references: References) -> Utterance:
    speaker, name = annotation.parent.parent, annotation.stem
    clip = speaker / "waveforms" / f"{name}.wav"
    if not clip.is_file():
        raise CorpusError(f"there is no file {clip.name} in {speaker.name}/waveforms")
    tiers = read_tiers(annotation)
    words = [word for word in tiers.get("words", []) if word.label not in _SILENCES]
    sounds = [sound for sound in tiers.get("annotation", []) if sound.label not in _SILENCES]
    phrase = references.get(name.rpartition("_")[2])
    labels = _labels(speaker / "labels", name)
    if labels is None:
        labels = phrase.matched([_plain(sound.label) for sound in sounds]) if phrase else None
    if labels is None or len(labels) != len(sounds):
        raise CorpusError(f"its {len(sounds)} annotated phones fit no reference of the phrase")
    return Utterance(
        id=name,
        audio=clip,
        text=phrase.text if phrase else " ".join(word.label for word in words),
        words=reference_words([word.label for word in words], _pairs(words, sounds, labels)),
        scores=_scores(tiers.get("score", [])),
        speaker=speaker.name,
        first_language="Spanish",
    )


def _labels(folder: Path, name: str) -> list[tuple[str, str]] | None:
    """Return the accepted and the annotated phone of each line of a label file; None where there is none."""
    for suffix in (".csv", ".txt"):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            return [(line[1], line[2]) for line in lines if len(line) > 2]
    return None


def _pairs(words: list[Labelled], sounds: list[Labelled], labels: Sequence[tuple[str, str]]) -> list[Pair]:
    pairs: list[Pair] = []
    word = 0
    for sound, (accepted, annotated) in zip(sounds, labels, strict=True):
        at = word_at(words, sound.middle_s)
        word = word if at is None else at
        canonical = None if accepted == _NONE else RESPELT.get(accepted, accepted)
        heard = None if annotated == _NONE else heard_symbol(annotated, RESPELT)
        correct = accepted == annotated
        if not correct and heard is not None and heard == canonical:
            heard = f"{heard}*"  # another allophone than the accepted one: T without aspiration for Th
        if canonical or heard:
            pairs.append(Pair(canonical, heard, word, correct))
    return pairs


def _plain(label: str) -> str:
    return label if label == _NONE else strip_stress(label)


def _scores(tier: Sequence[Labelled]) -> HumanScores | None:
    """Turn "4/5" into a total of 8 out of 10."""
    for interval in tier:
        given = re.match(r"[1-5](?:\.\d+)?", interval.label)
        if given:
            return HumanScores(total=min(_HIGHEST_SCORE, float(given[0])) * 10 / _HIGHEST_SCORE)
    return None
