"""Evaluation of an adapter during training: the loss of the answers, and metrics of decoded answers."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import cast

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from peft import PeftModel
from torch import Tensor, nn

from enunciate.schema import Utterance
from enunciate.speech_lm.adapter import merged
from enunciate.speech_lm.answer_loss import answer_loss, count_items
from enunciate.speech_lm.decoding.decoder import ClipFeatures, Decoder
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.answer_metrics import TaskAnswer, answer_metrics
from enunciate.speech_lm.training.clip_audio import ClipAudio
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.data import AdapterExample, examples_of
from enunciate.training.run_folder import Metrics
from enunciate.training.samplers import LengthBatchSampler

FRAMES_PER_S = 100
_COPIED = 2_000_000_000
"""Models of up to so many parameters are copied to be measured."""


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
        self.examples = examples_of(utterances, recipe.tasks, recipe.prompt, recipe.target, processor)
        self.paths = family_named(recipe.kind).score_paths

    def __call__(self, model: PeftModel, accelerator: Accelerator) -> Metrics:
        """Return loss and metrics of a model, which must be in evaluation mode."""
        with _unsharded(model) as is_sharded:
            process, processes = (
                (0, 1) if is_sharded else (accelerator.process_index, accelerator.num_processes)
            )
            batches = LengthBatchSampler(
                [e.length for e in self.examples], self.recipe.batch_size, 0, shuffle=False
            )
            mine = [[self.examples[i] for i in batch] for batch in list(batches)[process::processes]]
            measured = model if is_sharded else _merged_copy(model)
            sums = self._loss(measured, mine, accelerator.device)
            answers = [a for task in self.recipe.tasks for a in self._decode(measured, task, mine)]
        if processes > 1:
            sums = cast("Tensor", accelerator.reduce(sums, "sum"))
            answers = cast("list[TaskAnswer]", gather_object(answers))
        total, items = cast("list[float]", sums.tolist())
        answers.sort(key=lambda answer: (answer.task, answer.utterance.id))
        return {"loss": total / max(items, 1)} | answer_metrics(answers, self.recipe.target)

    def _loss(
        self, model: nn.Module, batches: Sequence[Sequence[AdapterExample]], device: torch.device
    ) -> Tensor:
        """Return the summed loss and the number of answer tokens, shape (2,)."""
        sums = torch.zeros(2, dtype=torch.float64, device=device)
        for examples in batches:
            batch = {name: value.to(device) for name, value in self.collator(examples).items()}
            loss, items = answer_loss(model, batch, 1), count_items(batch["labels"])
            sums += torch.stack([loss.double(), items.double()])
        return sums

    def _decode(
        self, model: nn.Module, task: Task, batches: Sequence[Sequence[AdapterExample]]
    ) -> list[TaskAnswer]:
        decoder = Decoder(
            model,
            self.processor,
            self.recipe.prompt,
            max_batch=self.recipe.decode_batch,
            target=self.recipe.target,
            paths=self.paths,
        )
        examples = [e for batch in batches for e in batch if e.task == task]
        utterances = [self.utterances[e.id] for e in examples]
        clips = [
            ClipFeatures(
                self.audio.features(e.recording), e.n_frames / FRAMES_PER_S, self.utterances[e.id].text
            )
            for e in examples
        ]
        decoded = decoder.decode_features([task], clips)[task]
        return [TaskAnswer(u, task, answer) for u, answer in zip(utterances, decoded, strict=True)]


def _merged_copy(model: PeftModel) -> nn.Module:
    """Return a copy with the adapter merged, which decodes faster; one too large to copy stays as it is."""
    if sum(parameter.numel() for parameter in model.parameters()) > _COPIED:
        return model
    return cast("nn.Module", merged(copy.deepcopy(model)))


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
