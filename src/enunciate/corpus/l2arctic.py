"""L2-ARCTIC (Zhao et al., Interspeech 2018), release 5, from its folder.

    NJS/wav/arctic_a0001.wav
    NJS/transcript/arctic_a0001.txt          Author of the danger trail, Philip Steels, etc.
    NJS/annotation/arctic_a0001.TextGrid     about 150 for each of the 24 speakers

An annotation has the tiers `words` and `phones`. A phone is labelled with the canonical phone alone ("TH"),
or with "canonical,heard,kind" where it was not said so: "TH,S,s" (substitution), "D,sil,d" (deletion),
"sil,AH,a" (addition). "err" is a sound that the annotators could not tell, and "K*" one that is mostly like
K.

There are no scores of people. The six test speakers are those of most publications since Feng et al. (2020).
"""

from __future__ import annotations

import re
from pathlib import Path

from enunciate.corpus.annotated_words import Pair, heard_symbol, reference_words
from enunciate.corpus.left_out import utterances_of
from enunciate.corpus.speechocean762 import Split
from enunciate.corpus.textgrid_tiers import Labelled, read_tiers, word_at
from enunciate.errors import CorpusError
from enunciate.phones import strip_stress
from enunciate.schema import Utterance

TEST_SPEAKERS = frozenset("NJS TLV TNI TXHC YKWK ZHAA".split())
"""One of each first language."""
_SPEAKERS = {
    "Arabic": "ABA SKA YBAA ZHAA",
    "Hindi": "ASI RRBI SVBI TNI",
    "Korean": "HJK HKK YDCK YKWK",
    "Mandarin": "BWC LXC NCC TXHC",
    "Spanish": "EBVS ERMS MBMPS NJS",
    "Vietnamese": "HQTV PNV THV TLV",
}
FIRST_LANGUAGES = {speaker: language for language, some in _SPEAKERS.items() for speaker in some.split()}
FEMALE = frozenset("SKA ZHAA LXC NCC SVBI TNI HJK YDCK MBMPS NJS PNV THV".split())
MALE = frozenset("ABA YBAA BWC TXHC ASI RRBI HKK YKWK EBVS ERMS HQTV TLV".split())

_SILENCES = frozenset(["", "sil", "sp", "spn"])
_RESPELT = {"AX": "AH", "AXR": "ER", "IX": "IH", "DX": "D"}
_STRAY = re.compile(r"[^A-Za-z0-9*]")
"""Signs that slipped into labels, as in "ER)" and "V``"."""


def load_l2arctic(folder: Path | str, split: Split) -> list[Utterance]:
    """Read the annotated utterances of the test speakers, of the others ("train"), or of all.

    Utterances whose annotation is broken are left out, with a warning.

    Raises:
        CorpusError: There is no annotation of these speakers, or none can be read.
        MissingExtraError: praatio is not installed.
    """
    root = Path(folder)
    annotations = [
        path
        for path in sorted(root.glob("*/annotation/*.TextGrid"))
        if split == "all" or (path.parent.parent.name in TEST_SPEAKERS) == (split == "test")
    ]
    if not annotations:
        raise CorpusError(
            f"{root} has no SPEAKER/annotation/*.TextGrid of the speakers of '{split}': give the folder that "
            "holds the folders of the speakers of L2-ARCTIC"
        )
    return utterances_of(root, annotations, _utterance)


def _utterance(annotation: Path) -> Utterance:
    speaker, name = annotation.parent.parent, annotation.stem
    clip = speaker / "wav" / f"{name}.wav"
    if not clip.is_file():
        raise CorpusError(f"there is no file {clip.name} in {speaker.name}/wav")
    tiers = read_tiers(annotation)
    words = [word for word in tiers.get("words", []) if word.label.lower() not in _SILENCES]
    pairs = _pairs(words, tiers.get("phones", []))
    reference = reference_words([word.label for word in words], pairs)
    if not reference:
        raise CorpusError("the tiers 'words' and 'phones' have no word with phones")
    return Utterance(
        id=f"{speaker.name}-{name}",
        audio=clip,
        text=(speaker / "transcript" / f"{name}.txt").read_text(encoding="utf-8").strip(),
        words=reference,
        speaker=speaker.name,
        gender="f" if speaker.name in FEMALE else "m" if speaker.name in MALE else None,
        first_language=FIRST_LANGUAGES.get(speaker.name),
    )


def _pairs(words: list[Labelled], phones: list[Labelled]) -> list[Pair]:
    """Pair the phones of the words; what was added in a silence belongs to the word before."""
    pairs: list[Pair] = []
    word = 0
    for phone in phones:
        canonical, heard, correct = parse_label(phone.label)
        if canonical is None and heard is None:
            continue
        at = word_at(words, phone.middle_s)
        if at is None and canonical is not None:
            raise CorpusError(f"the phone '{phone.label}' at {phone.start_s:.2f} s is in no word")
        word = word if at is None else at
        pairs.append(Pair(canonical, heard, word, correct))
    return pairs


def parse_label(label: str) -> tuple[str | None, str | None, bool]:
    """Return the canonical phone, what was heard in its place, and whether that is correct.

    >>> parse_label("TH,S,s"), parse_label("AH0"), parse_label("D,sil,d"), parse_label("sil,AH,a")
    (('TH', 'S', False), ('AH0', 'AH', True), ('D', None, False), (None, 'AH', False))
    """
    parts = [_STRAY.sub("", part) for part in label.split(",")]
    canonical = None if parts[0].lower() in _SILENCES else _RESPELT.get(parts[0].upper(), parts[0].upper())
    if len(parts) == 1:
        return canonical, canonical and strip_stress(canonical), True
    kind = parts[2].lower() if len(parts) > 2 else "s"
    if kind == "d" or (parts[1] and parts[1].lower() in _SILENCES):
        return canonical, None, False
    return canonical, heard_symbol(parts[1], _RESPELT), False
