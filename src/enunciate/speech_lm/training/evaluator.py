"""Evaluation of an adapter during training: the loss of the answers, and metrics of decoded answers."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object, send_to_device
from peft import PeftModel
from torch import Tensor, nn

from enunciate.schema import Utterance
from enunciate.speech_lm.adapter import merged
from enunciate.speech_lm.answer_loss import answer_loss, count_items
from enunciate.speech_lm.decoding.decoder import ClipFeatures, Decoder
from enunciate.speech_lm.decoding.static_decoding import pays_on
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.answer_metrics import TaskAnswer, answer_metrics
from enunciate.speech_lm.training.clip_audio import ClipAudio
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.data import AdapterExample, MeasuredClip, examples_of
from enunciate.speech_lm.training.saved_answers import save_answers
from enunciate.training.run_folder import Metrics
from enunciate.training.samplers import LengthBatchSampler

FRAMES_PER_S = 100
WITHOUT_TEXT = "without_text_"
"""Prefix of the metrics and the files of answers to prompts without the text, beside those with it."""
_COPIED_ON_A_CPU = 2_000_000_000
"""Models of up to this many parameters are copied to be measured where the memory is the computer's."""
_LEFT_FREE = 0.25
"""The share of a model's own size that has to stay free on a GPU beside its copy, for the decoding."""


class AdapterEvaluator:
    """Evaluates on given utterances; each of several processes decodes its share, and all get all metrics."""

    def __init__(
        self,
        recipe: AdapterRecipe,
        utterances: Sequence[Utterance],
        processor: Processor,
        audio: ClipAudio,
    ) -> None:
        self.recipe, self.processor, self.audio = recipe, processor, audio
        self.collator = Collator(processor, audio)
        self.utterances = {utterance.id: utterance for utterance in utterances}
        self.examples = examples_of(utterances, recipe.tasks, recipe.prompts, recipe.target, processor)
        self.paths = family_named(recipe.kind).score_paths
        self._decoder: Decoder | None = None

    def __call__(self, model: PeftModel, accelerator: Accelerator) -> Metrics:
        """Return loss and metrics of a model, which must be in evaluation mode, and write its answers."""
        with _unsharded(model) as is_sharded:
            process, processes = (
                (0, 1) if is_sharded else (accelerator.process_index, accelerator.num_processes)
            )
            batches = LengthBatchSampler(
                [e.length for e in self.examples], self.recipe.decode_batch, 0, shuffle=False
            )
            mine = [[self.examples[i] for i in batch] for batch in list(batches)[process::processes]]
            self.audio.prepare([e.recording for batch in mine for e in batch])
            measured = model if is_sharded else _merged_copy(model)
            # The model that is trained may be sharded, compiled or short of memory; its copy is not.
            static = measured is not model and pays_on(accelerator.device)
            if static and self.recipe.compile_layers:  # once: later copies have the code of the first
                compile_layers(cast("Any", measured).language_model)
            sums = self._loss(measured, mine, accelerator.device)
            self._decoder = self._decoder_of(measured, static=static)
            answers = {
                way: self._decode(self._decoder, mine, with_text=way != WITHOUT_TEXT) for way in self._ways
            }
            self._decoder = self._decoder_of(model)  # lets go of the copy
        if processes > 1:
            sums = cast("Tensor", accelerator.reduce(sums, "sum"))
        total, items = cast("list[float]", sums.tolist())
        metrics: Metrics = {"loss": total / max(items, 1)}
        for way, given in answers.items():
            metrics |= self._measured(way, given, accelerator, processes)
        return metrics

    @property
    def _ways(self) -> tuple[str, ...]:
        """The prefixes of the metrics: none, and `WITHOUT_TEXT` if prompts without it are learnt as well."""
        return ("", WITHOUT_TEXT) if self.recipe.also_without_text else ("",)

    def _measured(
        self, way: str, answers: list[TaskAnswer], accelerator: Accelerator, processes: int
    ) -> Metrics:
        """Return the metrics of all processes' answers, and write these."""
        if processes > 1:
            answers = cast("list[TaskAnswer]", gather_object(answers))
        answers.sort(key=lambda answer: (answer.task, answer.utterance.id))
        if accelerator.is_main_process:
            save_answers(answers, self.recipe.model, self.recipe.out, way)
        measured = answer_metrics(answers, self.recipe.target)
        return {way + name: value for name, value in measured.items()}

    def _loss(
        self, model: nn.Module, batches: Sequence[Sequence[AdapterExample]], device: torch.device
    ) -> Tensor:
        """Return the summed loss and the number of answer tokens, shape (2,)."""
        sums = torch.zeros(2, dtype=torch.float64, device=device)
        for examples in batches:
            batch = send_to_device(self.collator(examples), device)
            loss, items = answer_loss(model, batch, 1), count_items(batch["labels"])
            sums += torch.stack([loss.double(), items.double()])
        return sums

    def _decode(
        self, decoder: Decoder, batches: Sequence[Sequence[AdapterExample]], *, with_text: bool
    ) -> list[TaskAnswer]:
        """Return the answers about all clips of the batches; each clip is encoded once for its tasks."""
        tasks_of: dict[MeasuredClip, tuple[Task, ...]] = {}
        for example in (e for batch in batches for e in batch):
            tasks_of[example.recording] = (*tasks_of.get(example.recording, ()), example.task)
        answers: list[TaskAnswer] = []
        groups: dict[tuple[Task, ...], list[MeasuredClip]] = {}
        for recording, tasks in tasks_of.items():
            groups.setdefault(tuple(t for t in self.recipe.tasks if t in tasks), []).append(recording)
        for tasks, recordings in groups.items():
            utterances = [self.utterances[recording.id] for recording in recordings]
            clips = [
                ClipFeatures(self.audio.features(r), r.n_frames / FRAMES_PER_S, u.text if with_text else None)
                for r, u in zip(recordings, utterances, strict=True)
            ]
            for task, decoded in decoder.decode_features(tasks, clips).items():
                answers += [
                    TaskAnswer(u, task, answer) for u, answer in zip(utterances, decoded, strict=True)
                ]
        return answers

    def _decoder_of(self, model: nn.Module, *, static: bool = False) -> Decoder:
        """Return the decoder of a model; what it knows of the vocabulary is computed once."""
        if self._decoder is not None:
            return self._decoder.of_model(model, static=static)
        recipe = self.recipe
        return Decoder(
            model,
            self.processor,
            recipe.prompt,
            max_batch=recipe.decode_batch,
            target=recipe.target,
            paths=self.paths,
            static=static,
        )


def _merged_copy(model: PeftModel) -> nn.Module:
    """Return a copy with the adapter merged, which decodes faster; one too large to copy stays as it is."""
    if not _has_room_for_copy(model):
        return model
    with torch.autocast(cast("torch.device", model.device).type, enabled=False):
        return cast("nn.Module", merged(copy.deepcopy(model)))


def _has_room_for_copy(model: PeftModel) -> bool:
    device = cast("torch.device", model.device)
    if device.type != "cuda":
        return sum(parameter.numel() for parameter in model.parameters()) <= _COPIED_ON_A_CPU
    torch.cuda.empty_cache()  # what a step of training has left to be used again
    size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    return torch.cuda.mem_get_info(device)[0] > (1 + _LEFT_FREE) * size


@contextmanager
def _unsharded(model: nn.Module) -> Generator[bool, None, None]:
    """Gather the parameters that FSDP shards at the root; yields whether the model is sharded.

    Decoding calls parts of the model, and not the root whose hooks would do this. Every process must then
    run every forward pass, because the layers gather their parameters in each.
    """
    from torch.distributed.fsdp import FSDPModule

    if not isinstance(model, FSDPModule):
        yield False
        return
    model.unshard()
    try:
        yield True
    finally:
        model.reshard()
