"""Answers without torch are those that the same model gives in torch, and they always parse."""

import copy
import itertools

import numpy as np
import pytest
import torch
from support.speech_lm_cases import clip
from support.whisper_folders import save_adapter, save_base, whisper_tokenizer
from torch.nn.functional import gelu

from enunciate.errors import AudioTooLongError, TextTooLongError
from enunciate.pocket.log_mel import log_mel
from enunciate.schema import ASPECTS
from enunciate.speech_lm.decoding.decoded_answer import expectation
from enunciate.speech_lm.decoding.decoder import Decoder as TorchDecoder
from enunciate.speech_lm.decoding.scores import decode_scores
from enunciate.speech_lm.decoding.slots import find_slots
from enunciate.speech_lm.families.whisper.model import prepare
from enunciate.speech_lm.families.whisper.processor import WhisperProcessor
from enunciate.speech_lm.families.whisper.turn import SCORE_PATHS
from enunciate.speech_lm.options import AdapterDescription, PromptConfig, TargetConfig
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, parse
from enunciate.speech_lm.whisper_onnx import answer_decoder
from enunciate.speech_lm.whisper_onnx.answer_decoder import OnnxAnswerDecoder
from enunciate.speech_lm.whisper_onnx.dimensions import dimensions_of
from enunciate.speech_lm.whisper_onnx.lora import merge_adapter
from enunciate.speech_lm.whisper_onnx.model import OnnxDecoder, OnnxEncoder, OutputLayer, TokenSequences
from enunciate.speech_lm.whisper_onnx.tokens import WhisperTokens
from enunciate.whisper_weights.base import WhisperFolder

CLOSE = 0.25
"""What int8 may change in logits whose standard deviation is about 1."""
SHORT = 0.6
"""Seconds of a clip whose answer fits into the tiny model's positions."""


class Case:
    """One model twice: merged in torch, and by numpy under ONNX Runtime."""

    def __init__(self, folder):
        base, adapter = WhisperFolder(save_base(folder / "base")), folder / "adapter"
        self.in_torch = save_adapter(adapter)
        weights = merge_adapter(base.read(), adapter)
        self.dims = dimensions_of(weights, base.heads)
        self.tokens = WhisperTokens(base.tokenizer, self.dims.vocabulary)
        self.encoder = OnnxEncoder(weights, self.dims, 1)
        self.network = OnnxDecoder(weights, self.dims, OutputLayer(weights, self.dims, 1), 1)
        self.description = AdapterDescription(model="tiny", prompt=PromptConfig(rubric=False))
        self.decoder = OnnxAnswerDecoder(self.encoder, self.network, self.tokens, self.description)

    def sequences(self, samples):
        return TokenSequences(self.network, self.network.hear(self.encoder(log_mel(samples))))

    def prompt(self, task):
        return self.tokens.task_ids(task, self.description.prompt, None)

    @torch.no_grad()
    def logits(self, samples, rows):
        """The logits at every place of sequences of one length, (B, T, V), by transformers."""
        encoder = self.in_torch.model.encoder
        x = torch.from_numpy(log_mel(samples))[None]
        x = gelu(encoder.conv2(gelu(encoder.conv1(x)))).transpose(1, 2)
        x = x + encoder.embed_positions.weight[: x.shape[1]]
        for layer in encoder.layers:
            x = layer(x, None)
        states = encoder.layer_norm(x).expand(len(rows), -1, -1)
        return self.in_torch(encoder_outputs=(states,), decoder_input_ids=torch.tensor(rows)).logits


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("whisper"))


def test_every_choice_of_a_transcript_is_the_best_in_torch_too(case, monkeypatch):
    decoded = []
    monkeypatch.setattr(answer_decoder, "read_decoded", lambda *given: decoded.append(given[2]))
    samples, prompt = clip(SHORT), case.prompt("mdd")

    case.decoder.decode_tasks(["mdd"], [(samples, None)])

    (answer,) = decoded
    logits = case.logits(samples, [[*prompt, *answer.tokens]])[0, len(prompt) - 1 :].numpy()
    masks = case.decoder._grammar.start([SHORT], case.dims.text_positions - len(prompt))
    chosen = 0
    for here, token, probability in zip(logits, answer.tokens, answer.probabilities, strict=False):
        allowed = np.flatnonzero(masks.allowed()[0])
        if probability < 1:  # what is forced is not chosen
            chances = np.exp(here[allowed] - here[allowed].max())
            assert here[token] >= here[allowed].max() - CLOSE
            assert probability == pytest.approx(chances.max() / chances.sum(), abs=0.1)
            chosen += 1
        masks.accept([token])
    assert chosen > 10 and masks.complete == [True]


def test_distributions_of_scores_are_sums_over_all_numbers_before_them(case):
    samples, slots = clip(SHORT), find_slots(case.tokens)[0]
    sequences = case.sequences(samples)
    prompt = case.prompt("apa")

    (found,) = decode_scores(sequences, [prompt], slots, paths=11**3)

    # All beginnings, weighed by torch.
    expected = {aspect: np.zeros(11) for aspect in ASPECTS}
    weights, rows = np.ones(1), [[*prompt]]
    for index, slot in enumerate(slots):
        rows = [[*row, *slot.before] for row in rows]
        joint = weights[:, None] * _numbers(case, samples, rows, slot)
        expected[slot.aspect] = joint.sum(axis=0)
        if index < 3:
            weights = joint.reshape(-1)
            rows = [[*row, *value] for row, value in itertools.product(rows, slot.values)]
    for aspect in ASPECTS:
        np.testing.assert_allclose(found.distributions[aspect], expected[aspect], atol=0.05)
        assert found.distributions[aspect].sum() == pytest.approx(1)


def _numbers(case, samples, rows, slot):
    """(B, 11) probabilities of the numbers after sequences of any length."""
    logits = {}
    for prefix, choices in slot.choices.items():
        values = np.zeros((len(rows), len(choices)))
        for length in {len(row) for row in rows}:
            chosen = [index for index, row in enumerate(rows) if len(row) == length]
            whole = case.logits(samples, [[*rows[index], *prefix] for index in chosen])
            values[chosen] = whole[:, -1, list(choices)].numpy()
        logits[prefix] = values
    return slot.distributions(logits)


def test_few_paths_keep_nearly_all_of_the_probability(case):
    samples, slots = clip(SHORT), find_slots(case.tokens)[0]

    (few,) = decode_scores(case.sequences(samples), [case.prompt("apa")], slots, paths=16)
    (every,) = decode_scores(case.sequences(samples), [case.prompt("apa")], slots, paths=11**3)

    for aspect in ASPECTS[:2]:  # the first needs no path, the second eleven
        np.testing.assert_allclose(few.distributions[aspect], every.distributions[aspect], atol=1e-4)


@pytest.mark.parametrize("total_weights", [None, (0.7, 0.1, 0.2, -0.5)])
@pytest.mark.parametrize("scores", ["chained", "apart"])
def test_scores_are_those_of_the_engine_in_torch(case, scores, total_weights):
    target = TargetConfig(scores=scores, total_weights=total_weights)
    description = case.description.model_copy(update={"target": target})
    items = [(clip(SHORT), None), (clip(1.5, seed=3), None)]
    in_torch = TorchDecoder(
        prepare(copy.deepcopy(case.in_torch)),
        WhisperProcessor(whisper_tokenizer()),
        description.prompt,
        target=target,
        paths=SCORE_PATHS,
    )

    without = OnnxAnswerDecoder(case.encoder, case.network, case.tokens, description)

    pairs = zip(without.decode_tasks(["apa"], items)["apa"], in_torch.decode("apa", items), strict=True)
    for found, expected in pairs:
        for aspect in ASPECTS:
            np.testing.assert_allclose(found.distributions[aspect], expected.distributions[aspect], atol=0.06)
        if total_weights is not None:
            for answer in (found, expected):
                parts = [expectation(answer.distributions[aspect]) for aspect in ASPECTS[:3]]
                total = np.dot(total_weights, [*parts, 1])
                assert expectation(answer.distributions["total"]) == pytest.approx(total, abs=1e-6)


def test_both_tasks_have_the_answers_that_each_has_alone(case):
    items = [(clip(SHORT), None), (clip(0.4, seed=1), None)]

    both = case.decoder.decode_tasks(["apa", "mdd"], items)

    for index, item in enumerate(items):
        for task in ("apa", "mdd"):
            (alone,) = case.decoder.decode_tasks([task], [item])[task]
            assert both[task][index].raw == alone.raw
            assert parse(task, alone.raw) == alone.answer
    assert isinstance(both["apa"][0].answer, ApaAnswer)
    assert both["mdd"][0].raw != both["mdd"][1].raw


def test_an_answer_ends_before_the_positions_do(case):
    samples = clip(29.0)  # the grammar alone would allow some 700 letters, as many tokens here

    (decoded,) = case.decoder.decode_tasks(["mdd"], [(samples, None)])["mdd"]

    assert isinstance(decoded.answer, MddAnswer)


def test_clip_longer_than_whisper_takes_is_refused_before_any_is_decoded(case):
    with pytest.raises(AudioTooLongError, match=r"clip 2 of 2 lasts 30\.5 s"):
        case.decoder.decode_tasks(["apa"], [(clip(0.4), None), (clip(30.5), None)])


@pytest.mark.parametrize("task", ["apa", "mdd"])
def test_text_that_leaves_no_room_for_an_answer_is_refused(case, task):
    reads_text = AdapterDescription(model="tiny", prompt=PromptConfig(rubric=False, reference_text=True))
    decoder = OnnxAnswerDecoder(case.encoder, case.network, case.tokens, reads_text)

    assert decoder.decode_tasks(["apa"], [(clip(SHORT), "DH")])
    with pytest.raises(TextTooLongError, match="1,200 characters"):
        decoder.decode_tasks([task], [(clip(SHORT), "word" * 300)])


def test_the_tokenizer_of_the_case_is_the_one_in_torch(case):
    assert case.tokens.end_id == whisper_tokenizer().eos_token_id
