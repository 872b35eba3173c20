"""The steps of an epoch: every example once, in an order of its own, whatever the number of processes."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.batch_plan import BatchPlan, joined
from enunciate.speech_lm.training.data import AdapterExample, MeasuredClip
from enunciate.speech_lm.training.memory import LargestBatch
from enunciate.speech_lm.training.shared_instruction import pass_tokens
from enunciate.training.samplers import LengthBatchSampler


def example(clip, task):
    recording = MeasuredClip(f"clip{clip}", b"", 100 + 7 * (clip * 5 % 17), AudioGeometry())
    return AdapterExample(recording.id, task, recording, [1] * (3 + clip % 5), [2] * (2 + clip % 3), None)


EXAMPLES = [example(clip, task) for clip in range(17) for task in ("apa", "mdd")]


INSTRUCTED = [
    replace(e, instruction=(n,) * 40, prompt_ids=[n] * 40 + e.prompt_ids)
    for e in EXAMPLES
    for n in (7 if e.task == "apa" else 8,)
]
"""The same with an instruction of each task before the audio."""


def plan(process=0, processes=1, examples=EXAMPLES, **values):
    recipe = AdapterRecipe(kind="phi4", corpus=Path("c"), out=Path("o"), **({"batch_size": 2} | values))
    return BatchPlan(examples, recipe, process, processes)


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


def test_without_an_instruction_before_the_audio_the_order_is_that_of_lengths_alone():
    sampler = LengthBatchSampler([e.length for e in EXAMPLES], 2, AdapterRecipe.model_fields["seed"].default)
    sampler.set_epoch(3)
    batches = [batch for step in plan().epoch(3) for batch in step.batches]

    assert batches[: len(sampler)] == [[EXAMPLES[index] for index in batch] for batch in sampler]


def tasks_of(batches):
    return [{e.task for e in batch} for batch in batches]


def test_examples_of_different_instructions_are_kept_apart():
    epochs = []
    for epoch in (0, 1):
        batches = [
            batch for step in plan(examples=INSTRUCTED, accumulation=1).epoch(epoch) for batch in step.batches
        ]
        assert all(len(tasks) == 1 for tasks in tasks_of(batches))
        assert sorted(chain(*named(batches))) == sorted((e.id, e.task) for e in INSTRUCTED)
        epochs.append(named(batches))
    assert epochs[0] != epochs[1]
    turns = tasks_of([[e for e in INSTRUCTED if (e.id, e.task) == batch[0]] for batch in epochs[0]])
    assert turns != sorted(turns, key=min) and turns != sorted(turns, key=min, reverse=True), (
        "they take turns"
    )


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_processes_share_those_batches_too(processes):
    whole = [
        batch for step in plan(examples=INSTRUCTED, accumulation=1).epoch(2) for batch in named(step.batches)
    ]
    plans = [plan(p, processes, INSTRUCTED, accumulation=1).epoch(2) for p in range(processes)]
    dealt = [named(part.batches)[0] for parts in zip(*plans, strict=True) for part in parts]

    assert dealt[: len(whole)] == whole


@pytest.mark.parametrize("most", [70, 100, 10_000])
def test_only_batches_of_one_instruction_are_joined_which_then_counts_once(most):
    for step in plan(examples=INSTRUCTED, accumulation=6).epoch(0):
        found = joined(step.batches, most)

        assert sorted(chain(*named(found))) == sorted(chain(*named(step.batches)))
        assert all(len(tasks) == 1 for tasks in tasks_of(found))
        for examples in found:
            assert pass_tokens(examples) <= most or examples in step.batches
            assert len(examples) == 1 or pass_tokens(examples) < len(examples) * 40
        if most == 10_000:
            assert len(found) == len({e.task for batch in step.batches for e in batch})
            assert any(len(examples) > 2 for examples in found) or len(step.batches) < 3


def test_the_estimate_of_memory_counts_what_is_joined():
    recipe = AdapterRecipe(kind="phi4", corpus=Path("c"), out=Path("o"), batch_size=2)
    apart, few, many = (
        LargestBatch.of(recipe.model_copy(update={"join_to": n}), EXAMPLES, AudioGeometry())
        for n in (0, 5, 500)
    )
    assert apart == few
    assert many.tokens == 500
    assert many.answer_tokens > apart.answer_tokens and many.audio_tokens > apart.audio_tokens


def test_in_it_an_instruction_counts_once():
    recipe = AdapterRecipe(kind="phi4", corpus=Path("c"), out=Path("o"), batch_size=2)
    both, geometry = (EXAMPLES, INSTRUCTED), AudioGeometry()
    apart, shared = (LargestBatch.of(recipe, examples, geometry) for examples in both)

    assert shared.tokens == apart.tokens + 40
    assert shared.answer_tokens == apart.answer_tokens
    recipe = recipe.model_copy(update={"join_to": 500})
    few, many = (LargestBatch.of(recipe, examples, geometry) for examples in both)
    assert few == many, "it is joined up to as many tokens, whose answers are as dense"


def test_by_clip_all_tasks_of_a_clip_are_in_one_batch():
    steps = list(plan(batch_size=6, by_clip=True).epoch(0))
    batches = [batch for step in steps for batch in named(step.batches)]

    assert max(map(len, batches)) == 6
    for batch in batches:
        assert {(clip, task) for clip, _ in batch for task in ("apa", "mdd")} == set(batch)
