"""From trained weights to the ONNX files that ship: an encoder with int8 matrices, and two scorers."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from onnxruntime import quantization  # pyright: ignore[reportMissingTypeStubs]
from torch import Tensor, nn

from enunciate.pocket.log_mel import N_MELS
from enunciate.pocket.symbols import N_CLASSES
from enunciate.pocket.training.encoder import PhoneEncoder
from enunciate.pocket.training.encoder_config import EncoderConfig
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.onnx_traces import drop_traces
from enunciate.pocket.training.scorer import EncodedPhrases, Ensemble, mean_scores
from enunciate.pocket.training.scorer_inputs import PhraseBatch
from enunciate.pocket.training.scorer_without_reference import ScorerWithoutReference
from enunciate.pocket.weights_folder import ENCODER, SCORER, SCORER_WITHOUT_REFERENCE

FRAME_INPUTS = ("ctc", "frame", "sound", "melody", "tone", "voiced", "level")
PHRASE_INPUTS = ("classes", "stress", "word", "start", "end")
Dims = tuple[Any, ...]


def export_pocket(model: PocketModel, folder: Path) -> None:
    """Write the three files that ship: an int8 encoder and the scorers with and without reference."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        full = Path(temporary) / ENCODER
        export_encoder(model.encoder, full)
        quantise(full, folder / ENCODER)
    export_scorer(model, folder / SCORER)
    export_scorer_without_reference(model, folder / SCORER_WITHOUT_REFERENCE)


def export_encoder(encoder: PhoneEncoder, path: Path) -> None:
    """Write the encoder in single precision.

    It maps `mel` (1, 80, T), T even, to `ctc` and `frame` (1, F, 40), which are log-probabilities, `sound`
    (1, F, S) and `melody` (1, F, M), with F = T / 2 frames of 20 ms.
    """
    half = torch.export.Dim("half", min=20, max=encoder.config.positions - 50)
    example = (torch.randn(1, N_MELS, 100),)
    export_module(_RunningEncoder(encoder), example, path, ["mel"], [*FRAME_INPUTS[:4]], ({2: 2 * half},))


def quantise(path: Path, quantised: Path) -> None:
    """Write a copy whose matrices are int8, with one scale per output channel; products use integers."""
    with _quiet():
        quantization.quantize_dynamic(
            path,
            quantised,
            op_types_to_quantize=["MatMul", "Gemm"],
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            extra_options={"MatMulConstBOnly": True},
        )


def export_scorer(model: PocketModel, path: Path) -> None:
    """Write the scorer with reference for one phrase of F frames, U phones and W words.

    Its inputs are those of `EncodedPhrases` and `PhraseBatch` and `word_index`, 0 to W - 1. Its outputs are
    `phone` (1, U) from 0 to 2, `wrong` (1, U) probabilities, and `word_score` (1, W) and `whole` (1, 4) from
    0 to 10.
    """
    n_phones, n_words = 17, 5
    start = torch.arange(n_phones)[None] * 5.0
    phrase = (
        torch.ones(1, n_phones, dtype=torch.int64),
        torch.zeros(1, n_phones),
        torch.arange(n_phones)[None] // 4,
        start,
        start + 4,
    )
    frames = _frame_dim(model.config)
    phones = torch.export.Dim("phones", min=2, max=1000)
    words = torch.export.Dim("words", min=2, max=500)
    dims = (*({1: frames} for _ in FRAME_INPUTS), *({1: phones} for _ in PHRASE_INPUTS), {0: words})
    example = (*_frame_examples(model.config), *phrase, torch.arange(n_words))
    names = [*FRAME_INPUTS, *PHRASE_INPUTS, "word_index"]
    outputs = ["phone", "wrong", "word_score", "whole"]
    export_module(_RunningScorer(model.scorers), example, path, names, outputs, (dims,))


def export_scorer_without_reference(model: PocketModel, path: Path) -> None:
    """Write the scorer without reference.

    It maps the inputs of `EncodedPhrases` and `inside` (1, F) to `whole` (1, 4) from 0 to 10.
    """
    examples = _frame_examples(model.config)
    inside = torch.ones_like(examples[-1])
    frames = _frame_dim(model.config)
    dims = tuple({1: frames} for _ in (*FRAME_INPUTS, "inside"))
    module = _RunningScorerWithoutReference(model.free)
    export_module(module, (*examples, inside), path, [*FRAME_INPUTS, "inside"], ["whole"], (dims,))


class _RunningEncoder(nn.Module):
    def __init__(self, encoder: PhoneEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        ctc, frame, sound, melody = self.encoder(mel)
        return ctc.log_softmax(2), frame.log_softmax(2), sound, melody


class _RunningScorer(nn.Module):
    """The mean of the ensemble, on the scales of the labels; see `export_scorer` for its inputs."""

    def __init__(self, scorers: Ensemble) -> None:
        super().__init__()
        self.scorers = scorers

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        n = len(FRAME_INPUTS)
        heard, phrase, word_index = EncodedPhrases(*inputs[:n]), PhraseBatch(*inputs[n:-1]), inputs[-1]
        scores = mean_scores(self.scorers(heard, phrase, word_index))
        return scores.phone * 2, scores.wrong.sigmoid(), scores.word * 10, scores.whole * 10


class _RunningScorerWithoutReference(nn.Module):
    def __init__(self, scorer: ScorerWithoutReference) -> None:
        super().__init__()
        self.scorer = scorer

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.scorer(EncodedPhrases(*inputs[:-1]), inputs[-1]) * 10


def _frame_dim(config: EncoderConfig) -> Any:
    return torch.export.Dim("frames", min=10, max=config.positions - 50)


def _frame_examples(config: EncoderConfig) -> tuple[Tensor, ...]:
    """Inputs of the scorers for 100 frames, in the order of `FRAME_INPUTS`."""
    n_frames = 100
    # Two tensors: the exporter reads one that is given twice as one input, and ignores the other.
    ctc, frame = (torch.randn(1, n_frames, N_CLASSES).log_softmax(2) for _ in range(2))
    streams = (torch.randn(1, n_frames, config.sound_width), torch.randn(1, n_frames, config.melody_width))
    return ctc, frame, *streams, *(torch.randn(1, n_frames) for _ in range(3))


def export_module(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    dims: Dims,
) -> None:
    """Write a module in evaluation mode.

    Args:
        module: Takes and gives tensors by place.
        example: Inputs of any length.
        path: The file.
        inputs: Their names.
        outputs: The names of what it gives.
        dims: The open dimensions of each parameter of its `forward`; a tuple of those for `*inputs`.
    """
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            module.eval(),
            example,
            path,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=dims,
            dynamo=True,
            external_data=False,
            verbose=False,
            optimize=True,
        )
    drop_traces(path)


@contextmanager
def _quiet() -> Generator[None]:
    """Hide what the exporters say about their own insides."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
