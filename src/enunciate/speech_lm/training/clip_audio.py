"""The audio of training clips as a batch on the training device: features, augmented features, or encodings.

Without augmentation a clip's features are computed once. If the encoder is frozen too, so are its encodings,
and a step costs the decoder only. With augmentation the waveforms stay on the device, and a batch of them is
disturbed, turned into features, stretched and masked there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from enunciate.pocket.training.torch_features import LogMel
from enunciate.pocket.training.waveform_augment import disturb, stretch
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.audio_geometry import HOP
from enunciate.speech_lm.families.speech_model import SpeechModel
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.adapter_recipe import AudioAugment
from enunciate.speech_lm.training.data import MeasuredClip

_ENCODED_TOGETHER = 32


def in_parallel(function: Callable[[MeasuredClip], Tensor], clips: Sequence[MeasuredClip]) -> list[Tensor]:
    """Apply a function to clips in threads: reading, decoding and transforms leave Python to the others."""
    with ThreadPoolExecutor(min(32, 2 * (os.cpu_count() or 1))) as threads:
        return list(threads.map(function, clips))


def _half_samples(clip: MeasuredClip) -> Tensor:
    return torch.from_numpy(clip.samples()).half()


class ClipAudio:
    """The features of clips, computed when they are first asked for, and kept if there is room."""

    def __init__(
        self,
        processor: Processor,
        device: torch.device | str = "cpu",
        *,
        keep: bool = False,
        precomputed: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Prepare for clips.

        Args:
            processor: Computes the features.
            device: Where batches are wanted.
            keep: Whether to keep features on the device, 32 kB per second of audio.
            precomputed: Features (T, M) that are there already, by the id of the clip.
        """
        self.processor, self.device = processor, torch.device(device)
        self._precomputed = precomputed or {}
        self._kept: dict[MeasuredClip, Tensor] | None = {} if keep else None

    def prepare(self, clips: Sequence[MeasuredClip]) -> None:
        """Compute the features of clips in parallel, if they are kept.

        Raises:
            AudioError: A clip can no longer be read.
        """
        if self._kept is None:
            return
        missing = [clip for clip in clips if clip.id not in self._precomputed and clip not in self._kept]
        for clip, features in zip(missing, in_parallel(self._computed, missing), strict=True):
            self._kept[clip] = features.to(self.device)

    def batch(self, clips: Sequence[MeasuredClip]) -> dict[str, Tensor]:
        """Return the audio of clips, as `audio_batch.audio_batch` does.

        Raises:
            AudioError: A clip can no longer be read.
        """
        batch = audio_batch([self.features(clip) for clip in clips], self.processor.geometry)
        return {name: value.to(self.device, non_blocking=True) for name, value in batch.items()}

    def features(self, clip: MeasuredClip) -> Tensor:
        """Return the features of one clip, (T, M)."""
        if clip.id in self._precomputed:
            return self._precomputed[clip.id]
        if self._kept is None:
            return self._computed(clip)
        if clip not in self._kept:
            self._kept[clip] = self._computed(clip).to(self.device)
        return self._kept[clip]

    def _computed(self, clip: MeasuredClip) -> Tensor:
        return self.processor.features(clip.samples(), f"clip {clip.id}")


class EncodedClips:
    """The encodings of clips by an encoder that is frozen, each computed once."""

    def __init__(self, audio: ClipAudio, model: SpeechModel, clips: Sequence[MeasuredClip]) -> None:
        """Encode all clips now, in batches of like length."""
        audio.prepare(clips)
        ordered = sorted(clips, key=lambda clip: clip.n_frames)
        self._states: dict[MeasuredClip, Tensor] = {}
        device = model.device
        kind = torch.bfloat16 if torch.is_autocast_enabled(device.type) else None
        with torch.no_grad():
            for start in range(0, len(ordered), _ENCODED_TOGETHER):
                chosen = ordered[start : start + _ENCODED_TOGETHER]
                heard = model.encode(audio.batch(chosen))
                for clip, states in zip(chosen, heard.states, strict=True):
                    tokens = clip.geometry.n_tokens(clip.n_frames)
                    self._states[clip] = states[:tokens].to(kind or states.dtype, copy=True)

    def batch(self, clips: Sequence[MeasuredClip]) -> dict[str, Tensor]:
        """Return the encodings of clips, padded, and the numbers of their tokens."""
        states = [self._states[clip] for clip in clips]
        padded = pad_sequence(states, batch_first=True)
        sizes = torch.tensor([len(one) for one in states]).to(padded.device, non_blocking=True)
        return {"heard_states": padded, "heard_tokens": sizes}


class AugmentedClips:
    """Clips augmented differently in every batch; only for models that take pocket's log-mel features."""

    def __init__(
        self,
        processor: Processor,
        clips: Sequence[MeasuredClip],
        device: torch.device,
        options: AudioAugment,
    ) -> None:
        """Put the waveforms of all clips on the device."""
        assert processor.n_mels is not None, "the recipe was checked"
        self.geometry, self.options, self.device = processor.geometry, options, device
        self.log_mel = LogMel(processor.n_mels).to(device)
        samples = in_parallel(_half_samples, clips)
        self._samples = {clip: wave.to(device) for clip, wave in zip(clips, samples, strict=True)}

    @torch.no_grad()
    def batch(self, clips: Sequence[MeasuredClip]) -> dict[str, Tensor]:
        """Return the features of changed clips, as `audio_batch.audio_batch` does."""
        lengths = torch.tensor([len(self._samples[clip]) // HOP for clip in clips])
        # The longest clip at the slowest tempo still has to fit the model.
        slowest = lengths / (self.geometry.max_s * 100)
        tempo = 1 + (2 * torch.rand(len(clips)) - 1) * self.options.tempo
        tempo = torch.maximum(tempo, slowest)
        frames = (lengths / tempo).long().clamp_min(1)
        longest = int(frames.max())
        waves = pad_sequence([self._samples[clip] for clip in clips], batch_first=True).float()
        with torch.autocast(self.device.type, enabled=False):
            features = self.log_mel(disturb(waves, self.options), self._put(lengths))
            features = stretch(features, self._put(tempo), self._put(frames), self.options, longest)
        sizes = torch.tensor([self.geometry.n_tokens(n) for n in cast("list[Any]", frames.tolist())])
        return {
            "audio_input_features": features.transpose(1, 2),
            "audio_embed_sizes": self._put(sizes),
            "audio_attention_mask": torch.arange(longest, device=self.device) < self._put(frames)[:, None],
        }

    def _put(self, values: Tensor) -> Tensor:
        return values.to(self.device, non_blocking=True)


TrainingAudio = ClipAudio | EncodedClips | AugmentedClips
"""Whatever gives the audio of a batch."""
