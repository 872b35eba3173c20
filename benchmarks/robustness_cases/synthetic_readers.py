"""What synthetic voices get: read well, with a wrong word, and with more than the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from enunciate import Assessment
from enunciate.phones import Lexicon, strip_stress
from robustness_cases.bench import Bench, Result, Row, flagged_share, mean_scores, share
from robustness_cases.voices import Voice

_PAIR = re.compile(r"\{(\w+)\|(\w+)\}")
_PARAGRAPH_SENTENCES = 6
_ADDED = {
    "before": ("Well I told you before that", "my brother went to school by bus this morning."),
    "after": ("my brother went to school by bus this morning", "and then he was late again."),
}
_MIDDLE = ("My brother went to school", "which is very far away", "by bus this morning.")


def good_voices(bench: Bench) -> Iterator[Row]:
    """Good synthetic speech, and that of voices of other languages."""
    texts = [_PAIR.sub(r"\1", line) for line in _sentences(2 * bench.n)]
    paragraph = " ".join(texts[:_PARAGRAPH_SENTENCES])
    for voice in bench.voices:
        wanted = "about 9.5; under 1% flagged" if voice.native else "far lower"
        yield _reading_row(bench, voice, "sentences", texts[: bench.n] if voice.slow else texts, wanted)
        long = _reading_row(bench, voice, "a paragraph", [paragraph], "as sentences")
        if long.n:  # neural voices read single sentences
            yield long


def minimal_pairs(bench: Bench) -> Iterator[Row]:
    """A word said in place of another that differs in one phone."""
    lexicon = Lexicon.default()
    for voice in bench.native_voices:
        if not voice.slow:
            yield _pairs_of(bench, voice, _sentences(10 * bench.n), lexicon)


def added_speech(bench: Bench) -> Iterator[Row]:
    """Words beyond the text, which have to be reported."""
    cases = {
        "before": (" ".join(_ADDED["before"]), _ADDED["before"][1]),
        "after": (" ".join(_ADDED["after"]), _ADDED["after"][0]),
        "inside": (" ".join(_MIDDLE), f"{_MIDDLE[0]} {_MIDDLE[2]}"),
    }
    for place, (said, text) in cases.items():
        results = [
            bench.assess(voice.name, clip, text)
            for voice in bench.native_voices
            if (clip := voice.say(said)) is not None
        ]
        scored = [result for result in results if isinstance(result, Assessment) and result.words]
        values = share([any(word.inserted for word in r.words) for r in scored], "reported as inserted")
        yield Row(f"words {place} the text", len(scored), values | mean_scores(scored), "reported")


def _sentences(n: int) -> list[str]:
    """At most `n` sentences, taken evenly from the file."""
    lines = (Path(__file__).parent / "minimal_pairs.txt").read_text(encoding="utf-8").splitlines()
    chosen = [line for line in lines if line and line[0] != "#"]
    return chosen[:: max(1, len(chosen) // n)][:n]


def _reading_row(bench: Bench, voice: Voice, name: str, texts: list[str], wanted: str) -> Row:
    spoken = [(text, voice.say(text)) for text in texts]
    results: list[Result] = [
        bench.assess(voice.name, clip, text) for text, clip in spoken if clip is not None
    ]
    return Row(f"{voice.name}, {name}", len(results), mean_scores(results) | flagged_share(results), wanted)


def _pairs_of(bench: Bench, voice: Voice, sentences: list[str], lexicon: Lexicon) -> Row:
    found: list[bool] = []
    right: list[bool] = []
    others: list[bool] = []
    for sentence in sentences:
        match = _PAIR.search(sentence)
        assert match, sentence
        expected, said = match.groups()
        clip = voice.say(_PAIR.sub(said, sentence))
        result = None if clip is None else bench.assess(voice.name, clip, _PAIR.sub(expected, sentence))
        if not isinstance(result, Assessment) or not result.words:
            found += [False] if clip is not None and not isinstance(result, Assessment) else []
            continue
        index = len(_PAIR.sub(expected, sentence)[: match.start()].split())
        word = result.words[index]
        found.append(word.error != "none")
        others += [other.error != "none" for k, other in enumerate(result.words) if k != index]
        if (swap := _difference(expected, said, lexicon)) and found[-1]:
            right.append(
                any(p.mispronounced and (strip_stress(p.phone), p.heard) == swap for p in word.phones)
            )
    values = share(found, "found") | share(others, "false marks") | share(right, "diagnosis right")
    return Row(
        f"minimal pairs, {voice.name}", len(found), values if others else {}, "over 85% found; under 3% false"
    )


def _difference(expected: str, said: str, lexicon: Lexicon) -> tuple[str, str] | None:
    """The one phone in which two words differ, where they are of one length."""
    pronounced = [lexicon.lookup(word.lower()) for word in (expected, said)]
    for a in pronounced[0]:
        for b in pronounced[1]:
            pairs = list(zip(map(strip_stress, a), map(strip_stress, b), strict=False))
            differing = [pair for pair in pairs if pair[0] != pair[1]]
            if len(a) == len(b) and len(differing) == 1:
                return differing[0]
    return None
