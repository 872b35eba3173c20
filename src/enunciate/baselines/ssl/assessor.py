"""`ssl-joint`: an engine that recognises phones and predicts scores jointly, without use of the text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from enunciate import audio
from enunciate.assembly.clip import LoadedClip, load_clip
from enunciate.assembly.diagnosis import HeardSymbol
from enunciate.assembly.heard import assess_heard
from enunciate.assembly.score_distribution import score_from_distribution
from enunciate.assembly.timing import Aligner
from enunciate.baselines.folder import read_description
from enunciate.baselines.ssl.ctc_decoding import decode_ctc
from enunciate.baselines.ssl.model import WEIGHTS, JointModel, prepare_samples, rebuild
from enunciate.baselines.ssl.preprocessor import expects_normalised
from enunciate.huggingface import quiet_loading
from enunciate.phones import Lexicon
from enunciate.pocket.packaged_aligner import packaged_aligner
from enunciate.schema import ASPECTS, Aspect, Assessment, Score, Utterance
from enunciate.torch_device import pick_device

ScoresAndPhones = tuple[dict[Aspect, Score | None], tuple[HeardSymbol, ...]]


class JointAssessor:
    """The engine of `ssl-joint`; see `enunciate.engines.Assessor`."""

    def __init__(
        self, model: JointModel, name: str, *, normalise: bool, aligner: Aligner | None, lexicon: Lexicon
    ) -> None:
        self._model, self._name, self._normalise = model.eval(), name, normalise
        self._aligner, self._lexicon = aligner, lexicon
        self._device = next(model.parameters()).device

    @property
    def name(self) -> str:
        """Engine and version of the weights."""
        return self._name

    @property
    def batch_size(self) -> int:
        """The preferred number of utterances in one call."""
        return 16 if self._device.type == "cuda" else 4

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            AudioError: A clip cannot be used, or is shorter than one frame of the encoder.
            TextError: A text cannot be turned into phones, or has too many for its clip.
            MissingExtraError: kaldialign is not installed.
        """
        return [assessment for assessment, _ in self.assess_and_recognise(utterances)]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard in each utterance.

        Raises:
            AudioError: As `assess`.
        """
        clips = [LoadedClip(utterance, audio.load(utterance.audio), None) for utterance in utterances]
        return [_symbols(heard) for _, heard in self._listen(clips)]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Return the results of `assess` and `recognise` for one run of the encoder."""
        clips = [load_clip(utterance, self._lexicon) for utterance in utterances]
        return [
            (assess_heard(clip, self._name, scores, heard, self._aligner), _symbols(heard))
            for clip, (scores, heard) in zip(clips, self._listen(clips), strict=True)
        ]

    @torch.no_grad()
    def _listen(self, clips: Sequence[LoadedClip]) -> list[ScoresAndPhones]:
        results: list[ScoresAndPhones] = []
        for start in range(0, len(clips), self.batch_size):
            batch = clips[start : start + self.batch_size]
            out = self._model([self._prepare(clip).to(self._device) for clip in batch])
            shares = out.scores.softmax(dim=2).cpu()
            for row in range(len(batch)):
                scores: dict[Aspect, Score | None] = {
                    aspect: score_from_distribution(shares[row, k].tolist())
                    for k, aspect in enumerate(ASPECTS)
                }
                results.append((scores, decode_ctc(out.log_probs[row, : int(out.frames[row])].cpu())))
        return results

    def _prepare(self, clip: LoadedClip) -> torch.Tensor:
        return prepare_samples(clip.speech.samples, self._normalise, f"clip {clip.utterance.id}", self._model)


def load_joint(folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> JointAssessor:
    """Load the engine of a folder that training wrote.

    Raises:
        ModelNotFoundError: A file is missing, or does not match.
        PronunciationError: The lexicon is broken.
    """
    torch.set_num_threads(threads)
    with quiet_loading():
        model = rebuild(folder, folder / WEIGHTS).to(pick_device())
        normalise = expects_normalised(str(folder), None)
    return JointAssessor(
        model,
        read_description(folder).name,
        normalise=normalise,
        aligner=packaged_aligner(),
        lexicon=Lexicon.default(lexicon),
    )


def _symbols(heard: Sequence[HeardSymbol]) -> tuple[str, ...]:
    return tuple(item.symbol for item in heard)
