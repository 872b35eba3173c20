"""Measuring an adapter on utterances while it is trained: loss of answers, and figures of decoded ones."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import cast

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from peft import PeftModel
from torch import Tensor, nn

from enunciate.audio import load
from enunciate.schema import Utterance
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.phi4.causal_lm import answer_loss, count_items
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.speech_lm.training.answer_metrics import Answered, Figures, figures
from enunciate.speech_lm.training.data import Collator, Example, LengthBatches, examples_of


class Measured:
    """Utterances to measure on; with several processes each decodes its share, and all get all figures."""

    def __init__(
        self, recipe: Phi4Recipe, utterances: Sequence[Utterance], processor: Processor, collator: Collator
    ) -> None:
        self.recipe, self.processor, self.collator = recipe, processor, collator
        self.utterances = {utterance.id: utterance for utterance in utterances}
        self.examples = examples_of(utterances, recipe.tasks, recipe.prompt, recipe.target, processor)

    def __call__(self, model: PeftModel, accelerator: Accelerator) -> Figures:
        """Loss and figures of a model in evaluation mode."""
        with _whole(model) as sharded:
            process, processes = (0, 1) if sharded else (accelerator.process_index, accelerator.num_processes)
            batches = LengthBatches(
                [e.length for e in self.examples], self.recipe.batch_size, 0, shuffle=False
            )
            mine = [[self.examples[i] for i in batch] for batch in list(batches)[process::processes]]
            sums = self._loss(model, mine, accelerator.device)
            answers = [answer for task in self.recipe.tasks for answer in self._decode(model, task, mine)]
        if processes > 1:
            sums = cast("Tensor", accelerator.reduce(sums, "sum"))
            answers = cast("list[Answered]", gather_object(answers))
        total, items = cast("list[float]", sums.tolist())  # pyright: ignore[reportUnknownMemberType]
        answers.sort(key=lambda answer: (answer.task, answer.utterance.id))
        return {"loss": total / max(items, 1)} | figures(answers, self.recipe.target)

    def _loss(self, model: nn.Module, batches: Sequence[Sequence[Example]], device: torch.device) -> Tensor:
        """Sum of the losses and number of answer tokens, (2,)."""
        sums = torch.zeros(2, dtype=torch.float64, device=device)
        for examples in batches:
            batch = {name: value.to(device) for name, value in self.collator(examples).items()}
            loss, items = answer_loss(model, batch, 1), count_items(batch["labels"])
            sums += torch.stack([loss.double(), items.double()])
        return sums

    def _decode(self, model: PeftModel, task: Task, batches: Sequence[Sequence[Example]]) -> list[Answered]:
        decoder = Decoder(
            model,
            self.processor,
            self.recipe.prompt,
            max_batch=self.recipe.decode_batch,
            target=self.recipe.target,
        )
        asked = [self.utterances[e.id] for batch in batches for e in batch if e.task == task]
        items = [(load(utterance.audio).samples, utterance.text) for utterance in asked]
        decoded = decoder.decode(task, items)
        return [Answered(u, task, found) for u, found in zip(asked, decoded, strict=True)]


@contextmanager
def _whole(model: nn.Module) -> Generator[bool, None, None]:
    """Gather what FSDP shards at the root; says whether it does.

    Decoding calls parts of the model, not the root whose hooks would do this. Every process must then run
    every forward pass, since the layers gather themselves in each.
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
