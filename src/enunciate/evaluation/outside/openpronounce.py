"""Results of OpenPronounce (github.com/Halleck45/OpenPronounce), as its command and its service give them.

    {"id": "b1", "openpronounce": {"score": 59.0, "transcribe": "HELL NO", "differences": {
     "heard_phones": ["h", "ɛ", "l", "n", "oʊ"], "errors": [{"position": 0, "word": "hello", "phones": [
     {"expected": "ə", "heard": "ɛ", "confidence": 1.0}, ...]}]}}}

Only words with an error have phones. They are those of espeak, so they are aligned with the canonical phones
of the clip; every phone of all other words counts as said well. Its results without phones (those of the time
before 0.2, and those that were made without its phone model) give the score and the transcript alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, cast

from enunciate.corpus.labels import DELETED
from enunciate.evaluation.outside.answer import UTTERANCE_TOP, Answer, PhoneAnswer
from enunciate.phones import strip_stress, to_ipa
from enunciate.phones.inventory import PHONES, UNCLEAR
from enunciate.schema import ReferenceWord, Utterance

MODEL = "OpenPronounce"
SCALE = 100.0
FLAGGED_FROM = 0.5
"""The confidence from which a phone of a word with an error counts as wrong: half that of a clear error."""
_OTHER_SIGNS = "g:G r:R ɾ:T ʔ:T ɫ:L tʃ:CH dʒ:JH ə:AH ɐ:AH ᵻ:IH ɚ:ER ɝ:ER ɜ:ER e:EY o:OW a:AA"
_FROM_IPA = {to_ipa(phone): phone for phone in PHONES} | {
    sign: phone for sign, _, phone in (pair.partition(":") for pair in _OTHER_SIGNS.split())
}
_LONGEST = max(map(len, _FROM_IPA))
Fields = Mapping[str, Any]


def answer_from_openpronounce(id: str, result: Fields, utterance: Utterance) -> Answer:
    """Return a result as an answer.

    Raises:
        ValueError: The score is not a number from 0 to 100.
    """
    score = result.get("score")
    if not isinstance(score, int | float) or not 0 <= score <= SCALE:
        raise ValueError(f"'score' is {score!r}, not a number from 0 to {SCALE:g}")
    found = cast("Fields", result.get("differences") or {})
    heard = cast("list[str] | None", found.get("heard_phones"))
    return Answer(
        id=id,
        model=MODEL,
        total=score * UTTERANCE_TOP / SCALE,
        transcript=str(result.get("transcribe") or "").lower() or None,
        phones=None if heard is None else tuple(_phones(utterance.words or (), found)) or None,
        free_phones=None if heard is None else phones_of_ipa("".join(heard)),
    )


def phones_of_ipa(ipa: str) -> tuple[str, ...]:
    """Return the phones of a string of IPA; other sounds than those of English are unclear.

    >>> phones_of_ipa("hɛloʊ")
    ('HH', 'EH', 'L', 'OW')
    """
    phones: list[str] = []
    at = 0
    while at < len(ipa):
        known = next((n for n in range(_LONGEST, 0, -1) if ipa[at : at + n] in _FROM_IPA), 0)
        if known:
            phones.append(_FROM_IPA[ipa[at : at + known]])
        elif ipa[at].isalpha() and ipa[at] not in "ːˈˌʰ":
            phones.append(UNCLEAR)
        at += known or 1
    return tuple(phones)


def _phones(words: Sequence[ReferenceWord], found: Fields) -> Iterator[PhoneAnswer]:
    errors = {error["position"]: error for error in cast("list[Fields]", found.get("errors") or [])}
    for position, word in enumerate(words):
        canonical = [strip_stress(phone) for phone in word.phones]
        error = errors.get(position)
        if error is None:
            yield from (PhoneAnswer(phone=phone, heard=phone) for phone in canonical)
        else:
            yield from _phones_of_error(canonical, cast("list[Fields]", error.get("phones") or []))


def _phones_of_error(canonical: Sequence[str], reports: Sequence[Fields]) -> Iterator[PhoneAnswer]:
    """Yield the canonical phones of a word, each judged as the phone of espeak that it is aligned with."""
    expected = [(phones_of_ipa(report["expected"]) or (UNCLEAR,))[0] for report in reports]
    wrong = [report["confidence"] >= FLAGGED_FROM for report in reports]
    matcher = SequenceMatcher(a=canonical, b=expected, autojunk=False)
    for kind, begin, end, other_begin, other_end in matcher.get_opcodes():
        for offset, phone in enumerate(canonical[begin:end]):
            others = range(other_begin + offset, other_begin + offset + 1)
            if kind != "equal":
                others = range(other_begin, other_end)
            flagged = any(wrong[other] for other in others)
            heard = "".join(reports[other]["heard"] for other in others)
            named = (phones_of_ipa(heard) or (DELETED,))[0] if flagged else phone
            yield PhoneAnswer(phone=phone, heard=UNCLEAR if named == phone and flagged else named)
