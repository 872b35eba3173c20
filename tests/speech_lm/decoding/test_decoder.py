"""Decoding: every answer parses, is the one that a plain loop over the whole model gives, in any batch."""

import itertools
import json
import math

import numpy as np
import pytest
import torch
from support.small_tokenizer import MIN_VOCABULARY, build_tokenizer
from support.speech_lm_cases import clip, enlarge, randomize, user_turn
from support.speech_lm_tokenizers import bytes_only, grammar_of, like_phi4

from enunciate.errors import AudioTooLongError, AudioTooShortError, ModelNotFoundError
from enunciate.schema import ASPECTS
from enunciate.speech_lm.adapter import add_adapter, merged
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.decoding.decoded_answer import expectation
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.decoding.slots import find_slots
from enunciate.speech_lm.families.phi4.audio_frames import PHI4_AUDIO, n_tokens_of
from enunciate.speech_lm.families.phi4.config import small_config
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.options import TASKS, AdapterConfig, PromptConfig, TargetConfig
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable, parse, render

pytestmark = pytest.mark.slow

TEXTS = ["we call it bear", "good day"]
PROCESSORS = {
    "pieces": Processor(build_tokenizer(TEXTS, MIN_VOCABULARY)),
    "bytes": Processor(bytes_only()),
    "like phi4": Processor(like_phi4()),
}
KINDS = tuple(PROCESSORS)
SHORT = PromptConfig(rubric=False)
ITEMS = [(clip(seconds, seed), None) for seed, seconds in enumerate((0.2, 0.5, 0.11, 0.3))]
"""Short clips, because the answers of random weights are as long as the clips allow."""
PIECES = PROCESSORS["pieces"]


def tiny(processor=PIECES, seed=0):
    torch.manual_seed(seed)
    config = small_config(
        vocab_size=MIN_VOCABULARY,
        audio_token_id=processor.audio_token_id,
        pad_token_id=processor.pad_token_id,
        end_token_id=processor.end_token_id,
    )
    return enlarge(random_base(config)).eval()


def decoder(processor=PIECES, seed=0, **options):
    return Decoder(tiny(processor, seed), processor, SHORT, **options)


@torch.no_grad()
def next_logits(model, processor, task, item, answer, prompt=SHORT):
    """After a prompt and the beginning of an answer, with one forward pass over everything and no cache."""
    samples, text = item
    features = processor.features(samples)
    turn = user_turn(task, prompt, text)
    ids = processor.prompt_ids(turn, n_tokens_of(len(features))) + list(answer)
    return model(torch.tensor([ids]), **audio_batch([features], PHI4_AUDIO)).logits[0, -1].double()


def close(left, right):
    return np.allclose(left, right, rtol=1e-4, atol=1e-6)


def same(left, right):
    """Whether two answers are, with probabilities equal up to rounding."""
    if (left.raw, left.answer) != (right.raw, right.answer):
        return False
    for one, other in zip(probabilities_of(left), probabilities_of(right), strict=True):
        if (one is None) != (other is None) or (one is not None and not close(one, other)):
            return False
    return True


def probabilities_of(decoded):
    distributions = decoded.distributions or dict.fromkeys(ASPECTS)
    return [decoded.phone_probabilities, *(distributions[aspect] for aspect in ASPECTS)]


# ----------------------------------------------------------------------------------------------- slots


@pytest.mark.parametrize("kind", KINDS)
def test_slots_and_the_tokens_between_them_make_up_every_answer(kind):
    processor = PROCESSORS[kind]
    slots, tail = find_slots(processor)
    assert [slot.aspect for slot in slots] == list(ASPECTS)
    for numbers in ((0, 1, 5, 10), (10, 10, 10, 10), (9, 0, 1, 1)):
        pieces = [[*slot.before, *slot.values[number]] for slot, number in zip(slots, numbers, strict=True)]
        answer = ApaAnswer.model_validate(dict(zip(ASPECTS, numbers, strict=True)))
        assert [*itertools.chain(*pieces), *tail] == processor.text_ids(render(answer))


def test_ten_is_one_token_or_two():
    for kind, lengths in (("pieces", {1}), ("like phi4", {1}), ("bytes", {1, 2})):
        slot = find_slots(PROCESSORS[kind])[0][0]
        assert {len(value) for value in slot.values} == lengths
        assert len(slot.choices) == len(lengths)
    one, ten = slot.values[1], slot.values[10]
    assert slot.choices[()] == tuple(sorted(value[0] for value in slot.values[:10]))
    assert slot.choices[one] == tuple(sorted((ten[1], slot.after)))


# ---------------------------------------------------------------------------------------------- scores


def reference_distribution(model, processor, item, so_far, slot):
    """The chain rule written out, number by number."""
    chances = np.ones(11)
    for number, value in enumerate(slot.values):
        way = (*value, slot.after)
        for length in range(len(way)):
            follow = sorted({(*v, slot.after)[length] for v in slot.values if v[:length] == way[:length]})
            logits = next_logits(model, processor, "apa", item, [*so_far, *way[:length]])
            chances[number] *= float(logits[follow].softmax(0)[follow.index(way[length])])
            if len(follow) == 1:
                break
    return chances


@pytest.mark.parametrize("kind", ["pieces", "bytes"])
def test_scores_are_the_models_own_probabilities_of_the_numbers(kind):
    processor = PROCESSORS[kind]
    model = tiny(processor)
    item = ITEMS[0]
    (decoded,) = Decoder(model, processor, SHORT).decode("apa", [item])
    so_far = []
    for slot in find_slots(processor)[0]:
        so_far += slot.before
        expected = reference_distribution(model, processor, item, so_far, slot)
        assert expected.sum() == pytest.approx(1)
        assert close(decoded.distributions[slot.aspect], expected)
        number = getattr(decoded.answer, slot.aspect)
        assert number == expected.argmax()
        so_far += slot.values[number]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_scores_always_parse_and_distributions_sum_to_one(kind, seed):
    for decoded in decoder(PROCESSORS[kind], seed).decode("apa", ITEMS):
        assert isinstance(decoded.answer, ApaAnswer)
        assert parse("apa", decoded.raw) == decoded.answer
        assert decoded.phone_probabilities is None
        for aspect in ASPECTS:
            distribution = decoded.distributions[aspect]
            assert distribution.shape == (11,) and distribution.dtype == np.float64
            assert distribution.sum() == pytest.approx(1)
            assert getattr(decoded.answer, aspect) == distribution.argmax()


def test_only_the_slots_cost_a_forward_pass():
    assert count_passes(PIECES, "apa") == 4
    assert count_passes(PROCESSORS["bytes"], "apa") == 8


def count_passes(processor, task):
    model, passes = tiny(processor), []
    model.model.layers[0].register_forward_hook(lambda *_: passes.append(1))
    Decoder(model, processor, SHORT).decode(task, ITEMS)
    return len(passes)


def test_expectation_is_the_mean_of_a_distribution():
    assert expectation(np.eye(11)[7]) == 7
    assert expectation(np.full(11, 1 / 11)) == pytest.approx(5)


# --------------------------------------------------------------------------------------------- batches


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "constrained"), [("pieces", True), ("pieces", False), ("bytes", True)])
def test_a_clip_is_answered_in_the_same_way_alone_and_in_any_batch(kind, constrained):
    texts = ["good day", None, "we call it bear and a good deal more", "it"]
    items = [(samples, text) for (samples, _), text in zip(ITEMS, texts, strict=True)]
    processor = PROCESSORS[kind]
    prompt = PromptConfig(rubric=False, reference_text=True)
    model = tiny(processor)
    alone = Decoder(model, processor, prompt, constrained=constrained, max_batch=1)
    for task in TASKS:
        expected = [alone.decode(task, [item])[0] for item in items]
        assert len({one.raw for one in expected}) > 1 or task == "apa"
        for size, order in ((4, [0, 1, 2, 3]), (3, [2, 0, 3, 1])):
            batched = Decoder(model, processor, prompt, constrained=constrained, max_batch=size)
            found = batched.decode(task, [items[index] for index in order])
            assert all(same(one, expected[index]) for one, index in zip(found, order, strict=True))


def test_both_tasks_of_a_clip_are_answered_from_one_encoding():
    model = tiny()
    encoded = []
    encoder = model.model.embed_tokens_extend.audio_embed.encoder
    encoder.register_forward_hook(lambda _, inputs, __: encoded.append(len(inputs[0])))
    both = Decoder(model, PIECES, SHORT, max_batch=3).decode_tasks(TASKS, ITEMS)
    assert encoded == [3, 1]
    for task in TASKS:
        single = Decoder(model, PIECES, SHORT).decode(task, ITEMS)
        assert all(same(*pair) for pair in zip(both[task], single, strict=True))


def test_nothing_is_answered_with_nothing():
    assert decoder().decode("apa", []) == []


# ----------------------------------------------------------------------------------------- transcripts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_transcripts_always_parse(kind, seed):
    for decoded in decoder(PROCESSORS[kind], seed).decode("mdd", ITEMS):
        assert isinstance(decoded.answer, MddAnswer)
        assert render(decoded.answer) == decoded.raw
        assert len(decoded.phone_probabilities) == len(decoded.answer.phones)
        assert all(0 < p <= 1 for p in decoded.phone_probabilities)
        assert decoded.distributions is None


@pytest.mark.parametrize("kind", ["pieces", "like phi4"])
def test_transcripts_are_the_most_likely_allowed_token_again_and_again(kind):
    processor = PROCESSORS[kind]
    model, item = tiny(processor, seed=3), ITEMS[0]
    (decoded,) = Decoder(model, processor, SHORT).decode("mdd", [item])
    masks = grammar_of(processor, MIN_VOCABULARY).start([len(item[0]) / 16_000])
    first = processor.text_ids('{"word_transcript": "')
    tokens, chances = [], []
    while not masks.finished[0]:
        if len(tokens) < len(first):  # the same whatever the words are
            tokens, chances = [*tokens, first[len(tokens)]], [*chances, 1.0]
        else:
            logits = next_logits(model, processor, "mdd", item, tokens)
            allowed = torch.from_numpy(masks.allowed()[0])
            chance = logits.masked_fill(~allowed, -torch.inf).softmax(0)
            tokens, chances = [*tokens, int(chance.argmax())], [*chances, float(chance.max())]
        masks.accept(tokens[-1:])
    assert processor.text_of(tokens[:-1]) == decoded.raw
    assert close(decoded.phone_probabilities, by_phone(processor, tokens[:-1], chances[:-1]))


def by_phone(processor, tokens, chances):
    """For each phone the product over the tokens that have a letter of it, or the space before it."""
    owner = [index for index, token in enumerate(tokens) for _ in processor.text_of([token])]
    text = processor.text_of(tokens)
    place = text.index('": "', text.index("phoneme_transcript")) + 4
    products = []
    for index, phone in enumerate(parse("mdd", text).phones):
        length = len(phone) + (index > 0)
        products.append(math.prod(chances[token] for token in set(owner[place : place + length])))
        place += length
    return products


def test_starred_phones_are_said_only_where_targets_have_them():
    model = tiny(seed=1)
    starred = [index for name, index in PIECES.tokenizer.get_vocab().items() if name.endswith("*")]
    model.lm_head.register_forward_hook(
        lambda _, __, logits: logits.index_fill(-1, torch.tensor(starred), 99)
    )
    dropped = Decoder(model, PIECES, SHORT, target=TargetConfig(starred="drop")).decode("mdd", ITEMS)
    assert not any("*" in one.raw for one in dropped)
    kept = Decoder(model, PIECES, SHORT).decode("mdd", ITEMS)
    assert any("*" in one.raw for one in kept)


# --------------------------------------------------------------------------------------- unconstrained


@pytest.mark.parametrize("task", TASKS)
def test_unconstrained_answers_are_those_of_generate(task):
    model, item = tiny(), (clip(0.9, seed=3), None)
    (decoded,) = Decoder(model, PIECES, SHORT, constrained=False).decode(task, [item])
    features = PIECES.features(item[0])
    ids = PIECES.prompt_ids(user_turn(task, SHORT, None), n_tokens_of(len(features)))
    written = model.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        **audio_batch([features], PHI4_AUDIO),
        max_new_tokens=20,
        do_sample=False,
    )[0, len(ids) :].tolist()
    stop = next((i for i, t in enumerate(written) if t in model.config.eos_token_id), len(written))
    assert decoded.raw.startswith(PIECES.text_of(written[:stop]))


def test_what_does_not_parse_is_kept_as_it_is():
    for decoded in decoder(constrained=False).decode("apa", ITEMS):
        assert isinstance(decoded.answer, Unparsable)
        assert decoded.answer.raw == decoded.raw
        assert decoded.answer.reason
        assert decoded.distributions is None


def test_an_unconstrained_answer_comes_to_an_end():
    model = tiny(seed=4)
    with torch.no_grad():
        model.model.embed_tokens.weight[[PIECES.end_token_id, PIECES.pad_token_id]] = 0
    for decoded in Decoder(model, PIECES, SHORT, constrained=False).decode("mdd", ITEMS):
        assert 0 < len(decoded.raw) < 10_000


def test_a_transcript_that_a_model_writes_by_itself_has_phone_probabilities():
    answer = MddAnswer(word_transcript="good day", phoneme_transcript="G UH D D EY <unk>")
    model = Parrot(PIECES, PIECES.answer_ids(render(answer)))
    (decoded,) = Decoder(model.model, PIECES, SHORT, constrained=False).decode("mdd", [ITEMS[0]])
    assert decoded.answer == answer
    assert decoded.phone_probabilities == pytest.approx([1.0] * 6, abs=1e-3)


class Parrot:
    """A model whose output layer says one answer, whatever was asked."""

    def __init__(self, processor, answer):
        self.model, self.answer = tiny(processor), list(answer)
        self.model.lm_head.register_forward_hook(self.say)

    def say(self, module, inputs, output):
        logits = torch.full_like(output, -50.0)
        logits[..., self.answer.pop(0)] = 50.0
        return logits


# ------------------------------------------------------------------------------------- models and input


@pytest.mark.parametrize("strategy", ["lora", "unfreeze"])
def test_an_adapter_answers_as_it_does_when_merged(strategy):
    model = add_adapter(tiny(), AdapterConfig(strategy=strategy, start="fresh", rank=4, alpha=8))
    randomize(model)
    beside = Decoder(model, PIECES, SHORT).decode_tasks(TASKS, ITEMS)
    plain = decoder().decode_tasks(TASKS, ITEMS)
    inside = Decoder(merged(model), PIECES, SHORT).decode_tasks(TASKS, ITEMS)
    for task in TASKS:
        assert all(same(*pair) for pair in zip(beside[task], inside[task], strict=True))
    assert [one.raw for one in beside["mdd"]] != [one.raw for one in plain["mdd"]]


def test_trained_control_tokens_are_read():
    processor = Processor(build_tokenizer(TEXTS, MIN_VOCABULARY), control="special")
    ids = list(processor.control_token_ids.values())
    config = AdapterConfig(start="fresh", rank=2, alpha=4)
    model = add_adapter(tiny(processor), config, control_ids=ids)
    prompt = PromptConfig(control="special", rubric=False)
    before = Decoder(model, processor, prompt).decode("apa", ITEMS)
    trained = [p for name, p in model.named_parameters() if "trainable_tokens" in name and p.requires_grad]
    with torch.no_grad():
        trained[0] += torch.randn(trained[0].shape, generator=torch.Generator().manual_seed(0))
    after = Decoder(model, processor, prompt).decode("apa", ITEMS)
    assert not close(before[0].distributions["accuracy"], after[0].distributions["accuracy"])


def test_dropout_is_off_while_decoding_and_as_it_was_afterwards():
    model = tiny()
    expected = Decoder(model, PIECES, SHORT).decode("apa", ITEMS)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    model.train()
    found = Decoder(model, PIECES, SHORT).decode("apa", ITEMS)
    assert model.training
    assert all(same(*pair) for pair in zip(found, expected, strict=True))


def test_bfloat16_answers_parse_too():
    model = tiny().to(torch.bfloat16)
    found = Decoder(model, PIECES, SHORT).decode_tasks(TASKS, ITEMS)
    assert all(not isinstance(one.answer, Unparsable) for task in TASKS for one in found[task])
    assert all(d.sum() == pytest.approx(1) for one in found["apa"] for d in one.distributions.values())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_gpu_answers_too(dtype):
    expected = decoder().decode_tasks(TASKS, ITEMS)
    found = Decoder(tiny().to("cuda", dtype), PIECES, SHORT).decode_tasks(TASKS, ITEMS)
    assert all(not isinstance(one.answer, Unparsable) for task in TASKS for one in found[task])
    if dtype == torch.float32:
        for one, other in zip(found["apa"], expected["apa"], strict=True):
            assert np.allclose(one.distributions["total"], other.distributions["total"], atol=1e-3)


def test_too_long_and_too_short_clips_are_refused_before_anything_is_decoded():
    model = tiny()
    model.register_forward_pre_hook(lambda *_: pytest.fail("decoded"))
    refusing = Decoder(model, PIECES, SHORT)
    with pytest.raises(AudioTooLongError, match=r"clip 2 of 2 lasts 40\.5 s, longer than the 40 s"):
        refusing.decode("apa", [ITEMS[0], (clip(40.5), None)])
    with pytest.raises(AudioTooShortError, match="the clip lasts 20 ms"):
        refusing.decode("mdd", [(clip(0.02), None)])


def test_the_longest_clip_goes_together_with_the_shortest():
    items = [(clip(40.0), None), (clip(0.03), None)]
    together = decoder().decode("apa", items)
    assert all(
        same(one, decoder().decode("apa", [item])[0]) for one, item in zip(together, items, strict=True)
    )


def test_a_processor_of_another_model_is_refused():
    special = Processor(bytes_only(), control="text")
    with pytest.raises(
        ModelNotFoundError, match=rf"audio {special.audio_token_id}.* is not that of the model"
    ):
        Decoder(tiny(), special, SHORT)


def test_raw_answers_are_json_of_one_line():
    (decoded,) = decoder().decode("apa", ITEMS[:1])
    assert json.loads(decoded.raw) == decoded.answer.model_dump()
    assert "\n" not in decoded.raw
