"""Tokenizer and features of Granite-speech: log-mel spectra of its own (power, HTK's scale), in pairs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from transformers.audio_utils import mel_filter_bank

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.speech_lm.audio_geometry import HOP, AudioGeometry
from enunciate.speech_lm.families.folder_processor import FolderProcessor
from enunciate.speech_lm.prompts import TurnFormat
from enunciate.storage import write_whole

N_MELS = 80
WINDOW_FRAMES, WINDOW_TOKENS = 15, 3
"""The projector makes three tokens of each 15 frames of 20 ms, and fills up the last window with zeros."""
_WINDOW, _FFT = 400, 512
_LEAST, _RANGE = 1e-10, 8.0
"""The least power, and the range in powers of ten below the loudest."""
_END = "<|end_of_text|>"
_ROLE = "<|start_of_role|>{}<|end_of_role|>"


@dataclass(frozen=True)
class GraniteGeometry(AudioGeometry):
    """Frames of 20 ms, and tokens by windows."""

    def n_frames(self, n_samples: int) -> int:
        """See `AudioGeometry`; a frame has two spectra, of which an odd one at the end is left out."""
        return (n_samples // HOP + 1) // 2

    def n_tokens(self, n_frames: int) -> int:
        """See `AudioGeometry`."""
        return -(-n_frames // WINDOW_FRAMES) * WINDOW_TOKENS


class GraniteSpeechProcessor(FolderProcessor):
    """Tokenizer and features, in the format of its instructed models, without a system turn."""

    geometry = GraniteGeometry("Granite-speech", max_s=40.0)
    format = TurnFormat(
        before=_ROLE.format("user"),
        audio="<|audio|>",
        after=f"{_END}\n{_ROLE.format('assistant')}",
        end=_END,
        pad=_END,
    )
    source = "ibm-granite/granite-speech-3.3-2b or a model of its kind"

    def save(self, folder: Path | str) -> None:
        """Write the tokenizer, and the class of features for transformers, with its usual values."""
        super().save(folder)
        settings = {"feature_extractor_type": "GraniteSpeechFeatureExtractor"}
        write_whole(Path(folder) / "preprocessor_config.json", json.dumps(settings) + "\n")

    def features(self, samples: Samples, name: str = "the clip") -> Tensor:
        """Return pairs of log-mel spectra of shape (T, 160), float32; see `Processor.features`."""
        self.geometry.check_length(len(samples), name)
        spectra = torch.stft(
            torch.from_numpy(samples),
            _FFT,
            HOP,
            _WINDOW,
            window=torch.hann_window(_WINDOW),
            pad_mode="reflect",
            return_complex=True,
        )
        log_mel = (spectra.abs().square().T @ _mel_filters()).clamp(min=_LEAST).log10()
        log_mel = torch.maximum(log_mel, log_mel.max() - _RANGE) / 4 + 1
        return log_mel[: len(log_mel) // 2 * 2].reshape(-1, 2 * N_MELS)


@cache
def _mel_filters() -> Tensor:
    """Return the filters (frequencies, bands)."""
    filters = mel_filter_bank(
        num_frequency_bins=_FFT // 2 + 1,
        num_mel_filters=N_MELS,
        min_frequency=0.0,
        max_frequency=SAMPLE_RATE_HZ / 2,
        sampling_rate=SAMPLE_RATE_HZ,
        norm=None,
        mel_scale="htk",
    )
    return torch.from_numpy(filters).float()
