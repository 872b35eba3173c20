"""LoRA in one matrix product has the loss, the gradients and the dropout of PEFT's."""

import copy

import pytest
import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from support.speech_lm_cases import batch_of, randomize, tiny_base

from enunciate.speech_lm.adapter import add_adapter, merged
from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.options import AdapterConfig
from enunciate.speech_lm.training.fused_lora import FusedLinear, fuse_lora
from enunciate.speech_lm.training.working_copies import WorkingCopies

FRAMES, ANSWERS = [90, 333, 64], [4, 12, 9]


def adapted(dropout=0.0, strategy="lora"):
    config = AdapterConfig(strategy=strategy, start="fresh", rank=4, alpha=12, dropout=dropout)
    model = add_adapter(tiny_base(), config).train()
    randomize(model)
    return model


def fused(dtype=torch.float32, **values):
    model = adapted(**values)
    return model, WorkingCopies(model, dtype, fuse_lora(model))


def masters_gradients(model, copies, *batches):
    loss = 0
    for batch in batches:
        part = answer_loss(model, batch, 10)
        part.backward()
        loss += part.detach()
        copies.collect()
    return loss, {name: master.grad for name, master in copies.masters.items()}


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("strategy", ["lora", "unfreeze"])
def test_loss_and_gradients_are_those_of_two_products(strategy, dropout):
    batches = batch_of(FRAMES, ANSWERS), batch_of([90], [4], seed=5)
    plain = adapted(dropout, strategy)
    (model, copies), found = fused(dropout=dropout, strategy=strategy), []
    for one, kept in ((plain, WorkingCopies(plain, torch.float32)), (model, copies)):
        torch.manual_seed(3)  # the same values are dropped
        found.append(masters_gradients(one, kept, *batches))

    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-5, atol=1e-5)
    assert found[0][1].keys() == found[1][1].keys()
    for name, value in found[0][1].items():
        assert (found[1][1][name] - value).norm() <= 1e-5 * value.norm() + 1e-7, name
    assert sum(isinstance(module, FusedLinear) for module in model.modules()) == 8


def test_a_step_of_the_optimiser_is_what_the_next_pass_computes_with():
    (model, copies), batch = fused(), batch_of(FRAMES, ANSWERS)
    before, _ = masters_gradients(model, copies, batch)
    with torch.no_grad():
        for master in copies.masters.values():
            master.mul_(1.5)
    copies.publish()
    after, _ = masters_gradients(model, copies, batch)
    model.eval()
    with copies.exactly(), torch.no_grad():
        measured = answer_loss(model, batch, 10)

    assert abs(before - after) > 1e-3
    torch.testing.assert_close(after, measured, rtol=1e-5, atol=1e-5)


def test_weight_and_matrix_share_their_memory_and_a_copy_is_what_peft_makes():
    model, copies = fused()
    layers = [module for module in model.modules() if isinstance(module, FusedLinear)]
    for layer in layers:
        for part in (layer.get_base_layer().weight, layer.lora_B["default"].weight):
            assert part.untyped_storage().data_ptr() == layer.joined.untyped_storage().data_ptr()
    with copies.exactly(), torch.no_grad():
        other = copy.deepcopy(model).eval()
        assert not [name for name, _ in other.named_buffers() if "joined" in name]
        assert sum(type(module) is LoraLinear for module in other.modules()) == len(layers)
        batch = batch_of(FRAMES, ANSWERS)
        expected = answer_loss(model.eval(), batch, 10)
        torch.testing.assert_close(answer_loss(merged(other), batch, 10), expected, rtol=1e-4, atol=1e-5)
    assert "joined" not in "".join(model.state_dict())


def test_in_bfloat16_the_sum_is_rounded_once():
    torch.manual_seed(0)
    x = torch.randn(50, 32)
    found = {}
    for name in ("plain", "fused"):
        model = adapted()
        layer = next(module for module in model.modules() if type(module) is LoraLinear)
        exact = layer(x).detach()
        model.to(torch.bfloat16)
        if name == "fused":
            WorkingCopies(model, torch.bfloat16, fuse_lora(model))
        found[name] = (layer(x.bfloat16()).float() - exact).norm() / exact.norm()

    assert found["fused"] <= found["plain"] < 0.02
