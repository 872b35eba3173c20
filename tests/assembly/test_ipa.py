"""An assessment with its phones in IPA."""

from __future__ import annotations

from pathlib import Path

from support.fake_assessor import assessment_of

from enunciate.assembly.ipa import in_ipa
from enunciate.schema import PhoneCandidate, Utterance

WITH_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text="I think I left"), 2.5)


def test_every_phone_is_converted_and_the_original_is_kept() -> None:
    converted = in_ipa(WITH_TEXT)
    assert [phone.phone for phone in converted.words[1].phones] == ["θ", "ɪ", "ŋ", "k"]
    assert [phone.phone for phone in converted.phones][:3] == ["aɪ", "θ", "ɪ"]
    assert converted.words[1].phones[0].heard == "s"
    assert converted.words[3].phones[0].heard is None
    assert WITH_TEXT.phones[0].phone == "AY"


def test_candidates_are_converted() -> None:
    likely = (PhoneCandidate(phone="TH", probability=0.9),)
    given = WITH_TEXT.model_copy(
        update={"phones": (WITH_TEXT.phones[0].model_copy(update={"candidates": likely}),)}
    )
    assert in_ipa(given).phones[0].candidates == (PhoneCandidate(phone="θ", probability=0.9),)
    assert "candidates" not in in_ipa(WITH_TEXT).model_dump_json()


def test_phone_sequences_distorted_and_unclear_phones_are_converted() -> None:
    phone = WITH_TEXT.phones[0]
    signs = {"IH R": "ɪ ɹ", "T*": "t*", "<unk>": "<unk>", "AH": "ʌ"}
    for symbols, expected in signs.items():
        given = WITH_TEXT.model_copy(update={"phones": (phone.model_copy(update={"heard": symbols}),)})
        assert in_ipa(given).phones[0].heard == expected
    word = WITH_TEXT.words[0].model_copy(update={"inserted": ("AH", "<unk>")})
    assert in_ipa(WITH_TEXT.model_copy(update={"words": (word,)})).words[0].inserted == ("ʌ", "<unk>")
