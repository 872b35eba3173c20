"""The syllables of a word in Azure's form, where the Speech SDKs look for them."""

from __future__ import annotations

from enunciate.assembly.words import mean_word_score
from enunciate.phones.syllables import syllables
from enunciate.schema import PhoneResult, WordResult
from enunciate.serve.azure.options import AzureOptions
from enunciate.serve.azure.response import Fields, grade, symbol, times


def syllable_fields(word: WordResult, options: AzureOptions) -> list[Fields]:
    """Return the syllables of a word; the score of each is the mean of its phones' scores."""
    fields: list[Fields] = []
    rest = list(word.phones)
    for syllable in syllables([phone.phone for phone in word.phones]):
        own, rest = rest[: len(syllable.phones)], rest[len(syllable.phones) :]
        fields.append(_syllable(own, options))
    return fields


def _syllable(phones: list[PhoneResult], options: AzureOptions) -> Fields:
    qualities = [phone.score.value for phone in phones if phone.score]
    score = mean_word_score(qualities) if qualities else 0.0
    return {
        "Syllable": "".join(symbol(phone.phone, options) for phone in phones),
        "PronunciationAssessment": {"AccuracyScore": grade(score / 10, options)},
        "Offset": 0,
        "Duration": 0,
    } | times(phones[0].start_s, phones[-1].end_s)
