"""What do spoken variants of words change? Detection on learners, and flagged phones of good speech.

    python benchmarks/spoken_variants.py --corpus DIR [--native MANIFEST.jsonl] [--neural FOLDER]

Each clip is assessed twice by its text: with the variants of connected speech (`phones/variants.py`) and
without. The corpus gives the utterances of 20 speakers of its train split. Where a variant was chosen its
phones are not those that people scored, so detection is counted phone by phone in the words whose phones are
the corpus's own both times, and word by word (has the word a mispronounced phone?) in all words and in those
with a variant. A line of the manifest is {"audio": "a.flac", "text": "..."}, read well; the folder holds sets
of neural voices, of which the good readings count.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from unittest import mock

from enunciate import Assessment, load_assessor
from enunciate.corpus.label_completion import complete_labels
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import hold_out_speakers
from enunciate.corpus.synthetic.neural_clip import read_neural
from enunciate.errors import EnunciateError
from enunciate.metrics.mdd import Detection
from enunciate.phones import strip_stress
from enunciate.reading import reference
from enunciate.schema import MISPRONOUNCED_BELOW, Clip, ReferenceWord, Utterance, WordResult

SPEAKERS = 20


def main() -> None:
    """Print the counts with and without variants."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pocket", help="an engine's name, or a folder of weights")
    parser.add_argument("--corpus", type=Path, help="the folder of Speechocean762")
    parser.add_argument("--native", type=Path, help="JSON lines with audio and text, read by natives")
    parser.add_argument("--neural", type=Path, help="a folder with sets of neural voices")
    given = parser.parse_args()
    assessor = load_assessor(given.model)

    def both(utterance: Utterance) -> tuple[Assessment, Assessment] | None:
        try:
            with mock.patch.object(reference, "spoken_variants", lambda words, *_: list(words)):
                plain = assessor.assess([utterance])[0]
            return plain, assessor.assess([utterance])[0]
        except EnunciateError:
            return None

    if given.corpus:
        learners(given.corpus, both)
    if given.native:
        good("native", map(_native, given.native.read_text(encoding="utf-8").splitlines()), both)
    if given.neural:
        clips = (clip for clip in read_neural(given.neural) if clip.kind == "good")
        good(
            "neural",
            (
                Utterance(id=c.id, audio=Clip(samples=c.samples, sample_rate_hz=16_000), text=c.text)
                for c in clips
            ),
            both,
        )


def _native(line: str) -> Utterance:
    row = json.loads(line)
    return Utterance(id=Path(row["audio"]).name, audio=Path(row["audio"]), text=row["text"])


def learners(corpus: Path, both) -> None:  # noqa: ANN001
    """Count detection on learners."""
    train = list(complete_labels(corpus, load_corpus(corpus, "train")).utterances)
    _, held_out = hold_out_speakers(train, SPEAKERS)
    phones, words, changed = (
        [Detection(), Detection()],
        [Detection(), Detection()],
        [Detection(), Detection()],
    )
    by_kind: dict[str, Counter[str]] = {}
    n = 0
    for utterance in held_out:
        answers = both(Utterance(id=utterance.id, audio=utterance.audio, text=utterance.text))
        assert utterance.words is not None
        if answers is None or any(len(a.words) != len(utterance.words) for a in answers):
            continue
        n += 1
        for truth, *results in zip(utterance.words, *(a.words for a in answers), strict=True):
            plain, spoken = results
            wrong = any(_errors(truth))
            same = _phones(plain) == _phones(spoken)
            for k, result in enumerate(results):
                flagged = any(p.mispronounced for p in result.phones)
                words[k] = _count(words[k], wrong, flagged)
                if not same:
                    changed[k] = _count(changed[k], wrong, flagged)
                elif _phones(result) == tuple(map(strip_stress, truth.phones)):
                    for error, phone in zip(_errors(truth), result.phones, strict=True):
                        phones[k] = _count(phones[k], error, phone.mispronounced)
            if not same:
                row = by_kind.setdefault(spoken.pronunciation, Counter())
                row["n"] += 1
                row["wrong"] += wrong
                row["false alarms before"] += not wrong and plain.error != "none"
                row["false alarms after"] += not wrong and spoken.error != "none"
                row["found before"] += wrong and plain.error != "none"
                row["found after"] += wrong and spoken.error != "none"
    print(f"{n} utterances of learners")
    for name, counts in (("phones", phones), ("words", words), ("changed words", changed)):
        for label, found in zip(("without", "with"), counts, strict=True):
            print(
                f"{name:14} {label:8} F1 {found.f1 or 0:.3f} precision {found.precision or 0:.3f} "
                f"recall {found.recall or 0:.3f}  ({found.true_positives} TP, {found.false_positives} FP, "
                f"{found.false_negatives} FN)"
            )
    for kind, row in sorted(by_kind.items()):
        print(f"{kind:20} {dict(row)}")


def good(name: str, utterances: Iterable[Utterance], both) -> None:  # noqa: ANN001
    """Count flagged phones of good speech."""
    flagged, n, kinds = [0, 0], [0, 0], Counter[str]()
    shown = [Counter[str](), Counter[str]()]
    for utterance in utterances:
        answers = both(utterance)
        if answers is None:
            print(f"{utterance.id}: refused")
            continue
        for k, answer in enumerate(answers):
            n[k] += len(answer.phones)
            for word in answer.words:
                for phone in word.phones:
                    if phone.mispronounced:
                        flagged[k] += 1
                        shown[k][f"{word.text.lower()}:{phone.phone}>{phone.heard}"] += 1
        kinds.update(word.pronunciation for word in answers[1].words)
    for k, label in enumerate(("without", "with")):
        print(f"{name:8} {label:8} {flagged[k]} of {n[k]} phones flagged ({flagged[k] / max(n[k], 1):.2%})")
        print("   ", ", ".join(f"{what} {count}" for what, count in shown[k].most_common(40)))
    print("   ", dict(kinds))


def _phones(word: WordResult) -> tuple[str, ...]:
    return tuple(phone.phone for phone in word.phones)


def _errors(word: ReferenceWord) -> list[bool]:
    return [score < MISPRONOUNCED_BELOW for score in word.phone_scores or ()]


def _count(counts: Detection, wrong: bool, flagged: bool) -> Detection:
    names = {
        (True, True): "true_positives", (True, False): "false_negatives",
        (False, True): "false_positives", (False, False): "true_accepts",
    }  # fmt: skip
    name = names[wrong, flagged]
    return replace(counts, **{name: getattr(counts, name) + 1})


if __name__ == "__main__":
    main()
