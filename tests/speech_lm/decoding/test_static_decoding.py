"""Passes of fixed shapes give the answers of the plain loop, token for token, in as few passes as choices."""

import gc
import math
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from support.small_tokenizer import MIN_VOCABULARY
from support.speech_lm_cases import clip, enlarge, tiny_base, tokenizer
from support.speech_lm_tokenizers import bytes_only, grammar_of
from support.tiny_bases import save_tiny_base

from enunciate.schema import ASPECTS
from enunciate.speech_lm.decoding import shared_prefixes, static_continuation, static_rows
from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.decoding.static_decoding import pays_on
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.phi4.config import small_config
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import TASKS, PromptConfig
from enunciate.speech_lm.targets import MddAnswer, render

pytestmark = pytest.mark.slow

PAD = Phi4Processor(bytes_only()).pad_token_id
SHORT, BEFORE = PromptConfig(rubric=False), PromptConfig(instruction="before")
ITEMS = [(clip(seconds, seed), None) for seed, seconds in enumerate((0.2, 0.5, 0.11, 0.3, 0.9))]
ROUNDING = 1e-5
GPU_ROUNDING = 2**-9
"""Relative to a probability. A GPU chooses its kernels by shapes, and those of static passes are others: a
convolution may be computed in TF32, whose mantissa has 10 bits, in one way and in float32 in the other. When
all that the convolutions of the tiny model read is rounded to TF32 on a CPU, probabilities move by 0.0014."""


@pytest.fixture(scope="module", params=["phi4", "qwen2_audio", "voxtral", "granite_speech"])
def loaded(request, tmp_path_factory):
    if request.param == "phi4":
        return tiny_base(), Phi4Processor(tokenizer())
    folder = save_tiny_base(request.param, tmp_path_factory.mktemp(request.param))
    family = family_named(request.param)
    base = family.load(folder, dtype=torch.float32).eval()
    return enlarge(base), family.processor(str(folder), None, "text")


def assert_same(found, expected, relative=1e-7):
    for task in TASKS:
        assert [one.raw for one in found[task]] == [one.raw for one in expected[task]]
        for one, other in zip(found[task], expected[task], strict=True):
            for some, others in zip(probabilities(task, one), probabilities(task, other), strict=True):
                np.testing.assert_allclose(some, others, rtol=relative, atol=ROUNDING)


def probabilities(task, answer):
    return [answer.phone_probabilities] if task == "mdd" else [answer.distributions[a] for a in ASPECTS]


@pytest.mark.parametrize("paths", [1, 5])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_answers_are_those_of_the_plain_loop(loaded, paths, size):
    model, processor = loaded
    plain = Decoder(model, processor, SHORT, max_batch=3, paths=paths).decode_tasks(TASKS, ITEMS)
    static = Decoder(model, processor, SHORT, max_batch=size, paths=paths, static=True)

    assert_same(static.decode_tasks(TASKS, ITEMS), plain)
    assert_same(static.decode_tasks(TASKS, ITEMS[::-1]), {task: plain[task][::-1] for task in TASKS})
    for task in TASKS:
        assert [one.raw for one in static.decode(task, ITEMS)] == [one.raw for one in plain[task]]


def test_reference_texts_of_other_lengths_and_free_answers_are_the_same_too(loaded):
    model, processor = loaded
    prompt = PromptConfig(rubric=False, reference_text=True)
    texts = ["good day", None, "we call it bear and a good deal more", "it", "a"]
    items = [(samples, text) for (samples, _), text in zip(ITEMS, texts, strict=True)]
    plain, static = (Decoder(model, processor, prompt, paths=3, static=static) for static in (False, True))
    assert_same(static.decode_tasks(TASKS, items), plain.decode_tasks(TASKS, items))

    free = [Decoder(model, processor, SHORT, constrained=False, static=static) for static in (False, True)]
    one, other = (decoder.decode("mdd", ITEMS) for decoder in free)
    assert [answer.raw for answer in one] == [answer.raw for answer in other]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_an_instruction_before_the_audio_is_fed_once_and_changes_no_answer(loaded, size, monkeypatch):
    model, processor = loaded
    prompt = BEFORE
    monkeypatch.setattr(shared_prefixes, "LEAST_SHARED", 10**6)
    whole = Decoder(model, processor, prompt, max_batch=size, paths=3).decode_tasks(TASKS, ITEMS)
    monkeypatch.undo()
    lengths = []
    remember = Continuation._padded
    monkeypatch.setattr(
        Continuation,
        "_padded",
        lambda self, rows, value: lengths.append(max(map(len, rows))) or remember(self, rows, value),
    )
    for static in (False, True):
        decoder = Decoder(model, processor, prompt, max_batch=size, paths=3, static=static)
        assert_same(decoder.decode_tasks(TASKS, ITEMS), whole)
        assert max(lengths) > 200, "the instructions are fed"
        lengths.clear()
        assert_same(decoder.decode_tasks(TASKS, ITEMS), whole)
        assert max(lengths) < 100, "and never again"
        lengths.clear()
        assert_same({task: decoder.decode(task, ITEMS) for task in TASKS}, whole)


def test_a_row_has_no_room_for_the_instruction_before_the_audio(monkeypatch):
    model, processor, rooms = tiny_base(), Phi4Processor(tokenizer()), {}
    make = static_rows.StaticRows.__init__

    def remember(self, decoder, rows, room, *rest, prefixes=(), **options):
        rooms.setdefault((rows, tuple(prefix.n_tokens for prefix in prefixes)), set()).add(room)
        make(self, decoder, rows, room, *rest, prefixes=prefixes, **options)

    monkeypatch.setattr(static_rows.StaticRows, "__init__", remember)
    decoder = Decoder(model, processor, BEFORE, paths=3, static=True)
    decoder.decode("apa", ITEMS)
    prompt = processor.task_ids("apa", BEFORE, None, 1)
    instruction = shared_prefixes.prefix_length([prompt], processor.audio_token_id)

    assert set(rooms) == {(1, ()), (len(ITEMS), (instruction,))}
    (whole,) = rooms[1, ()]
    assert max(rooms[len(ITEMS), (instruction,)]) < instruction < whole


def test_busy_passes_are_not_padded(loaded, monkeypatch):
    model, processor = loaded
    lengths = []
    layer = model.language_model.layers[0]
    hook = layer.register_forward_hook(lambda _, inputs, __: lengths.append(inputs[0].shape[1]))
    try:
        padded = Decoder(model, processor, BEFORE, paths=3, static=True).decode_tasks(TASKS, ITEMS)
        fed = sum(lengths)
        lengths.clear()
        monkeypatch.setattr(static_continuation, "_BUSY", 0)
        monkeypatch.setattr(static_continuation, "LONGEST_GRAPH", 0)
        exact = Decoder(model, processor, BEFORE, paths=3, static=True).decode_tasks(TASKS, ITEMS)
    finally:
        hook.remove()
    assert_same(exact, padded)
    assert sum(lengths) < fed


def test_both_tasks_about_a_clip_take_one_encoding_and_one_pass_over_the_prompts():
    model, rows, encoded = tiny_base(), [], []
    model.model.layers[0].register_forward_hook(lambda _, inputs, __: rows.append(tuple(inputs[0].shape[:2])))
    encoder = model.model.embed_tokens_extend.audio_embed.encoder
    encoder.register_forward_hook(lambda *_: encoded.append(1))
    decoder = Decoder(model, Phi4Processor(tokenizer()), SHORT, paths=4, static=True)
    decoder.decode_tasks(TASKS, ITEMS[:1])

    assert len(encoded) == 1
    assert rows[0][0] == 2 and rows[0][1] >= 16, "both prompts"
    assert [rows_and_length[0] for rows_and_length in rows[1:4]] == [1, 1, 1], "the other three scores"
    assert all(length % 4 == 0 and length > 4 for _, length in rows[1:4]), "four paths are branches of a row"
    assert {shape[0] for shape in rows[4:]} == {1}, "the transcript"


def test_where_memory_is_short_the_plain_loop_answers(loaded, monkeypatch):
    model, processor = loaded
    plain = Decoder(model, processor, SHORT, paths=3).decode_tasks(TASKS, ITEMS)
    made = []
    make = static_rows.StaticRows.__init__
    monkeypatch.setattr(
        static_rows.StaticRows, "__init__", lambda self, *a, **k: made.append(1) or make(self, *a, **k)
    )
    for free, stores in ((0, False), (math.inf, True)):
        monkeypatch.setattr(static_rows, "free_bytes", lambda _, free=free: free)
        assert_same(Decoder(model, processor, SHORT, paths=3, static=True).decode_tasks(TASKS, ITEMS), plain)
        assert bool(made) == stores


def test_several_threads_may_ask_one_decoder(loaded):
    model, processor = loaded
    decoder = Decoder(model, processor, SHORT, paths=3, static=True)
    alone = [decoder.decode_tasks(TASKS, [item]) for item in ITEMS]
    with ThreadPoolExecutor(len(ITEMS)) as threads:
        for found, expected in zip(
            threads.map(lambda item: decoder.decode_tasks(TASKS, [item]), ITEMS), alone, strict=True
        ):
            assert_same(found, expected)


def test_a_model_is_let_go_with_its_decoder():
    model, processor = tiny_base(), Phi4Processor(tokenizer())
    decoder = Decoder(model, processor, SHORT, static=True)
    decoder.decode_tasks(TASKS, ITEMS[:3])
    left = [weakref.ref(one) for one in (model, model.language_model)]
    gc.collect()
    gc.disable()
    try:
        decoder = decoder.of_model(tiny_base())
        del model
        assert [one() for one in left] == [None, None], (
            "at once: a copy of a large model takes the memory of the next step"
        )
    finally:
        gc.enable()


def test_a_gpu_is_what_it_pays_on():
    assert pays_on(torch.device("cuda", 1)) and not pays_on(torch.device("cpu"))


class Parrot:
    """A model whose output layer says one answer, whatever was fed, from a place in it on."""

    def __init__(self, processor, answer):
        config = small_config(
            vocab_size=MIN_VOCABULARY,
            audio_token_id=processor.audio_token_id,
            pad_token_id=processor.pad_token_id,
            end_token_id=processor.end_token_id,
        )
        self.model, self.answer, self.asked, self.n_fed = random_base(config).eval(), list(answer), 0, 0
        self.model.lm_head.register_forward_hook(self.say)
        self.model.model.embed_tokens.register_forward_hook(self.hear)

    def hear(self, module, inputs, output):
        """Count what was fed of the answer."""
        (ids,) = inputs[0].tolist()
        ids = [token for token in ids if token != PAD]
        if self.n_fed:
            assert ids == self.answer[self.n_fed : self.n_fed + len(ids)]
            self.n_fed += len(ids)
        else:
            lengths = [n for n in range(len(self.answer)) if ids[-n:] == self.answer[:n]]
            self.n_fed = max(lengths)

    def say(self, module, inputs, output):
        logits = torch.full_like(output, -50.0)
        logits[..., self.answer[self.n_fed]] = 50.0
        self.asked += 1
        return logits


@pytest.mark.parametrize("static", [False, True])
def test_what_must_follow_is_appended_and_a_complete_answer_ends(static):
    processor = Phi4Processor(bytes_only())
    answer = MddAnswer(word_transcript="good day", phoneme_transcript="G UH D D EY")
    tokens = processor.answer_ids(render(answer))
    opening = len(processor.text_ids('{"word_transcript": "'))
    masks, choices = grammar_of(processor, MIN_VOCABULARY).start([0.5]), 0
    for place, token in enumerate(tokens):
        choices += place >= opening and masks.allowed()[0].sum() > 1
        masks.accept([token])
    parrot = Parrot(processor, tokens)

    (decoded,) = Decoder(parrot.model, processor, SHORT, static=static).decode("mdd", [ITEMS[1]])

    assert decoded.answer == answer
    assert parrot.asked == choices < len(tokens) - opening - 20


@pytest.mark.parametrize("prompt", [SHORT, BEFORE], ids=["short", "instruction before"])
def test_compiled_layers_answer_the_same_with_one_code_for_all_layers(loaded, prompt):
    model, processor = loaded
    plain = Decoder(model, processor, prompt, paths=3).decode_tasks(TASKS, ITEMS[:2])
    compiled = []

    def backend(graph, _):
        compiled.append(graph)
        return graph.forward

    torch._dynamo.reset()
    decoder = model.language_model
    compile_layers(decoder, backend)
    try:
        static = Decoder(model, processor, prompt, paths=3, static=True, max_batch=1)
        assert_same(static.decode_tasks(TASKS, ITEMS[:2]), plain)
        assert 0 < len(compiled) <= 6, "less than one for each layer, length and number of rows"
    finally:
        torch._dynamo.reset()
        for layer in decoder.layers:
            layer._compiled_call_impl = None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("prompt", [SHORT, BEFORE], ids=["short", "instruction before"])
@pytest.mark.parametrize("size", [1, 3])
def test_graphs_answer_as_the_plain_loop_when_captured_and_when_replayed(size, prompt):
    model, processor = tiny_base().to("cuda"), Phi4Processor(tokenizer())
    plain = Decoder(model, processor, prompt, paths=5).decode_tasks(TASKS, ITEMS)
    static = Decoder(model, processor, prompt, paths=5, static=True, max_batch=size)
    for _ in range(3):
        assert_same(static.decode_tasks(TASKS, ITEMS), plain, relative=GPU_ROUNDING)
