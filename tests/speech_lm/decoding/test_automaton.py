"""The tables say of every answer and every token what the grammar says."""

import random

import numpy as np
import pytest
from support.small_tokenizer import MIN_VOCABULARY, build_tokenizer
from support.speech_lm_tokenizers import bytes_only, grammar_of, like_phi4

from enunciate.corpus.labels import STARRED_PHONES
from enunciate.speech_lm.decoding.automaton import FORBIDDEN, most_letters, most_phones, token_table
from enunciate.speech_lm.decoding.grammar import MORE_PHONES_THAN_LETTERS
from enunciate.speech_lm.decoding.grammar_tokens import token_bytes
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.options import TargetConfig
from enunciate.speech_lm.targets import MddAnswer, render

PROCESSORS = {
    "pieces": Processor(build_tokenizer(["we call it bear"], MIN_VOCABULARY)),
    "bytes": Processor(bytes_only()),
    "like phi4": Processor(like_phi4()),
}
KINDS = tuple(PROCESSORS)


def table_of(processor, target=None):
    end = processor.end_token_id
    pieces = token_bytes(processor.tokenizer, MIN_VOCABULARY, end)
    return token_table(pieces, end, target or TargetConfig(), processor.text_ids)


TABLES = {kind: table_of(processor) for kind, processor in PROCESSORS.items()}
GRAMMARS = {kind: grammar_of(processor, MIN_VOCABULARY) for kind, processor in PROCESSORS.items()}


def allowed_by(table, state, written, letters, phones, seconds):
    """The tokens that may follow, by the rules that `greedy` applies to a batch."""
    allowed = table.following[state] != FORBIDDEN
    if state >= table.first_of_phones:
        is_long = phones >= min(most_phones(seconds), letters + MORE_PHONES_THAN_LETTERS)
    else:
        is_long = written >= most_letters(seconds)
    if is_long and table.can_close[state]:
        allowed &= table.closing
    return table.columns[allowed]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_the_same_tokens_are_allowed_at_every_step_of_any_answer(kind, seed):
    chance, table, seconds = random.Random(seed), TABLES[kind], 0.05 + 0.13 * seed
    masks = GRAMMARS[kind].start([seconds])
    state = written = letters = phones = 0
    for _ in range(2000):
        expected = np.flatnonzero(masks.allowed()[0])
        assert np.array_equal(allowed_by(table, state, written, letters, phones, seconds), expected)
        # Closing is rare among what is allowed, and so are the limits, unless they are looked for.
        inside = [t for t in expected if not table.closing[table.place_of(t)]] or expected.tolist()
        token = int(chance.choice(inside if seed % 2 else expected.tolist()))
        column = table.place_of(token)
        written += table.n_bytes[column]
        letters, phones = letters + table.letters[state, column], phones + table.phones[state, column]
        state = int(table.following[state, column])
        masks.accept([token])
        if masks.finished[0]:
            break
    assert state == table.finished


@pytest.mark.parametrize("kind", KINDS)
def test_a_walk_along_an_answer_ends_where_nothing_but_the_end_token_follows(kind):
    table, processor = TABLES[kind], PROCESSORS[kind]
    answer = MddAnswer(word_transcript="it's a bear", phoneme_transcript="IH T S AH B EH <unk>")
    *tokens, end = processor.answer_ids(render(answer))
    whole = table.walk(tokens)
    assert table.columns[table.following[whole] != FORBIDDEN].tolist() == [end]
    assert table.walk([*tokens, end]) == table.finished


def test_starred_phones_have_states_only_where_targets_have_them():
    processor = PROCESSORS["pieces"]
    starred = render(MddAnswer(word_transcript="", phoneme_transcript=f"K {STARRED_PHONES[0]}"))
    tokens = processor.text_ids(starred)
    assert TABLES["pieces"].walk(tokens)
    plain = table_of(processor, TargetConfig(starred="drop"))
    with pytest.raises((AssertionError, IndexError)):
        plain.walk(tokens)
