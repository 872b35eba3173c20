"""The steps of an epoch: every example once, in an order of its own, whatever the number of processes."""

from itertools import chain
from pathlib import Path

import pytest

from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.batch_plan import BatchPlan, joined
from enunciate.speech_lm.training.data import AdapterExample, MeasuredClip
from enunciate.speech_lm.training.memory import LargestBatch


def example(clip, task):
    recording = MeasuredClip(f"clip{clip}", b"", 100 + 7 * (clip * 5 % 17), AudioGeometry())
    return AdapterExample(recording.id, task, recording, [1] * (3 + clip % 5), [2] * (2 + clip % 3), None)


EXAMPLES = [example(clip, task) for clip in range(17) for task in ("apa", "mdd")]


def plan(process=0, processes=1, **values):
    recipe = AdapterRecipe(kind="phi4", corpus=Path("c"), out=Path("o"), **({"batch_size": 2} | values))
    return BatchPlan(EXAMPLES, recipe, process, processes)


def named(batches):
    return [[(e.id, e.task) for e in batch] for batch in batches]


@pytest.mark.parametrize("accumulation", [1, 2, 3])
@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_processes_share_the_batches_of_one(processes, accumulation):
    plans = [plan(p, processes, accumulation=accumulation) for p in range(processes)]
    one = [*chain.from_iterable(named(s.batches) for s in plan(accumulation=1).epoch(4))]
    steps = [list(p.epoch(4)) for p in plans]
    together = [
        batch
        for parts in zip(*steps, strict=True)
        for dealt in zip(*(named(part.batches) for part in parts), strict=True)
        for batch in dealt
    ]

    assert together[: len(one)] == one
    assert together[len(one) :] == one[: len(together) - len(one)], "the first come again"
    assert len(together) < len(one) + processes
    assert {len(part) for part in steps} == {plans[0].steps_per_epoch}


def test_the_divisor_counts_the_answers_of_all_processes():
    parts = [next(plan(p, 2, accumulation=2).epoch(0)) for p in range(2)]
    tokens = sum(len(e.answer_ids) for part in parts for batch in part.batches for e in batch)

    assert [part.n_items for part in parts] == [tokens, tokens]


def test_an_epoch_can_be_entered_at_any_step():
    whole = [named(step.batches) for step in plan(accumulation=2).epoch(1)]

    assert [named(step.batches) for step in plan(accumulation=2).epoch(1, 3)] == whole[3:]


@pytest.mark.parametrize("most", [0, 10, 40, 10_000])
def test_micro_batches_of_few_tokens_are_joined(most):
    steps = [step.batches for step in plan(accumulation=5).epoch(0)]
    found = [joined(batches, most) for batches in steps]

    for apart, batches in zip(steps, found, strict=True):
        assert sorted(chain(*named(batches))) == sorted(chain(*named(apart)))
        for examples in batches:
            tokens = len(examples) * max(e.length for e in examples)
            assert tokens <= most or examples in apart, "one that is larger stays as it is"
    counts = {0: 5, 10: 5, 40: 3, 10_000: 1}
    assert len(found[0]) == counts[most]


def test_the_estimate_of_memory_counts_what_is_joined():
    recipe = AdapterRecipe(kind="phi4", corpus=Path("c"), out=Path("o"), batch_size=2)
    apart, few, many = (
        LargestBatch.of(recipe.model_copy(update={"join_to": n}), EXAMPLES, AudioGeometry())
        for n in (0, 5, 500)
    )
    assert apart == few
    assert many.tokens == 500
    assert many.answer_tokens > apart.answer_tokens and many.audio_tokens > apart.audio_tokens


def test_by_clip_all_tasks_of_a_clip_are_in_one_batch():
    steps = list(plan(batch_size=6, by_clip=True).epoch(0))
    batches = [batch for step in steps for batch in named(step.batches)]

    assert max(map(len, batches)) == 6
    for batch in batches:
        assert {(clip, task) for clip, _ in batch for task in ("apa", "mdd")} == set(batch)
