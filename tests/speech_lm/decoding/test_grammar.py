"""The grammar lets every transcript through, however it is cut into tokens, and nothing else."""

import random
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_tokenizer import MIN_VOCABULARY, build_tokenizer
from support.speech_lm_tokenizers import bytes_only, grammar_of

from enunciate.corpus.labels import HEARD_SYMBOLS, STARRED_PHONES
from enunciate.reading.plain_words import plain_words
from enunciate.speech_lm.decoding.grammar import MORE_PHONES_THAN_LETTERS
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.options import TargetConfig
from enunciate.speech_lm.targets import MddAnswer, Unparsable, parse, render

PROCESSORS = {
    "pieces": Processor(build_tokenizer(["we call it bear"], MIN_VOCABULARY)),
    "bytes": Processor(bytes_only()),
}
GRAMMARS = {name: grammar_of(processor, MIN_VOCABULARY) for name, processor in PROCESSORS.items()}
both = pytest.mark.parametrize("kind", ["pieces", "bytes"])


def answer_of(text, symbols):
    """An answer whose phones are not many more than its letters."""
    words = " ".join(plain_words(text))
    most = sum(map(str.isalpha, words)) + MORE_PHONES_THAN_LETTERS
    return MddAnswer(word_transcript=words, phoneme_transcript=" ".join(symbols[:most]))


answers = st.builds(
    answer_of,
    st.text(string.ascii_lowercase + " '", max_size=40),
    st.lists(st.sampled_from(HEARD_SYMBOLS), max_size=12),
)


def accepts(kind, text, grammar=None, seconds=1.0):
    """Whether every token of a text is allowed where it stands, and the end after it."""
    processor = PROCESSORS[kind]
    masks = (grammar or GRAMMARS[kind]).start([seconds])
    for token in processor.answer_ids(text):
        if not masks.allowed()[0, token]:
            return False
        masks.accept([token])
    return masks.finished[0]


@both
@settings(max_examples=60)
@given(answer=answers)
def test_every_answer_is_allowed_to_its_end(kind, answer):
    assert accepts(kind, render(answer))


@both
@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_whatever_is_chosen_among_the_allowed_parses_in_the_end(kind, seed):
    chance, processor = random.Random(seed), PROCESSORS[kind]
    masks = GRAMMARS[kind].start([0.5])
    tokens = []
    while not masks.finished[0]:
        allowed = np.flatnonzero(masks.allowed()[0]).tolist()
        tokens.append(chance.choice(allowed))
        masks.accept(tokens[-1:])
    assert tokens.pop() == processor.end_token_id
    text = processor.text_of(tokens)
    answer = parse("mdd", text)
    assert not isinstance(answer, Unparsable)
    assert render(answer) == text


@both
@pytest.mark.parametrize(
    "text",
    [
        '{"word_transcript": "A", "phoneme_transcript": "AH"}',
        '{"word_transcript": "a  b", "phoneme_transcript": "AH"}',
        '{"word_transcript": " a", "phoneme_transcript": "AH"}',
        '{"word_transcript": "a.", "phoneme_transcript": "AH"}',
        '{"word_transcript": "a", "phoneme_transcript": "AH0"}',
        '{"word_transcript": "a", "phoneme_transcript": "AHB"}',
        '{"word_transcript": "a", "phoneme_transcript": "AH "}',
        '{"word_transcript": "a", "phoneme_transcript": "QQ"}',
        '{"word_transcript": "a","phoneme_transcript": "AH"}',
        '{"word_transcript": "a", "phoneme_transcript": "AH"',
        ' {"word_transcript": "a", "phoneme_transcript": "AH"}',
    ],
)
def test_nothing_else_is_allowed(kind, text):
    assert not accepts(kind, text)


@both
def test_starred_phones_are_allowed_only_where_targets_have_them(kind):
    plain = grammar_of(PROCESSORS[kind], MIN_VOCABULARY, TargetConfig(starred="drop"))
    starred = render(MddAnswer(word_transcript="", phoneme_transcript=f"K {STARRED_PHONES[0]}"))
    assert accepts(kind, starred)
    assert not accepts(kind, starred, plain)
    assert accepts(kind, starred.replace("*", ""), plain)


@both
def test_an_answer_cannot_be_much_longer_than_speech_in_the_clip(kind):
    """After 1 s of speech: 45 letters and 30 phones, then it ends with the word or phone that has begun."""

    def spoken(words, phones):
        word_transcript, phones = " ".join(["ab"] * words), " ".join(["AH"] * phones)
        return render(MddAnswer(word_transcript=word_transcript, phoneme_transcript=phones))

    assert accepts(kind, spoken(15, 30))
    assert not accepts(kind, spoken(17, 30))
    assert not accepts(kind, spoken(15, 32))
    assert accepts(kind, spoken(17, 32), seconds=1.2)


@both
def test_there_are_hardly_more_phones_than_letters(kind):
    """Three more, and the phone that has begun; a model in a circle ends there."""

    def answer(words, phones):
        return render(MddAnswer(word_transcript=words, phoneme_transcript=" ".join(["S", "AH"] * phones)))

    assert accepts(kind, answer("it's we", 4), seconds=9.0)
    assert not accepts(kind, answer("it's we", 5), seconds=9.0)
    assert accepts(kind, answer("it's we call", 6), seconds=9.0)
    assert accepts(kind, answer("", 2), seconds=9.0) and not accepts(kind, answer("", 3), seconds=9.0)


@both
def test_a_word_without_end_is_ended(kind):
    masks, letter = GRAMMARS[kind].start([1.0]), PROCESSORS[kind].text_ids("x")[0]
    for token in PROCESSORS[kind].text_ids('{"word_transcript": "'):
        masks.accept([token])
    written = 0
    while masks.allowed()[0, letter]:
        masks.accept([letter])
        written += 1
    assert written == 45


@both
def test_special_tokens_and_ids_without_a_token_are_never_allowed(kind):
    processor = PROCESSORS[kind]
    vocabulary = processor.tokenizer.get_vocab()
    never = [i for name, i in vocabulary.items() if name.startswith("<|")]
    never += set(range(MIN_VOCABULARY)) - set(vocabulary.values())
    text = processor.answer_ids(render(MddAnswer(word_transcript="it", phoneme_transcript="IH T")))
    masks = GRAMMARS[kind].start([1.0])
    for token in text[:-1]:
        assert not masks.allowed()[0, never].any()
        masks.accept([token])
    assert np.flatnonzero(masks.allowed()[0]).tolist() == [processor.end_token_id]


def test_answers_of_a_batch_go_their_own_ways():
    processor, grammar = PROCESSORS["pieces"], GRAMMARS["pieces"]
    texts = [("it", "IH T"), ("we call", "W IY K AO L"), ("", "")]
    rows = [
        processor.answer_ids(render(MddAnswer(word_transcript=words, phoneme_transcript=phones)))
        for words, phones in texts
    ]
    together, alone = grammar.start([1.0, 1.0, 1.0]), [grammar.start([1.0]) for _ in rows]
    for step in range(max(map(len, rows))):
        allowed = together.allowed()
        for index, (row, one) in enumerate(zip(rows, alone, strict=True)):
            if step < len(row):
                assert np.array_equal(allowed[index], one.allowed()[0])
                one.accept([row[step]])
            else:
                assert together.finished[index] and allowed[index].all()
        together.accept([row[step] if step < len(row) else 0 for row in rows])
    assert together.finished == [True, True, True]


def test_tokens_have_bytes():
    processor, grammar = PROCESSORS["pieces"], GRAMMARS["pieces"]
    text = render(MddAnswer(word_transcript="it's", phoneme_transcript="IH T <unk> Z*"))
    assert b"".join(map(grammar.bytes_of, processor.text_ids(text))).decode() == text
