"""The running mean of a model's weights."""

import torch
from support.phrase_cases import TINY

from enunciate.pocket.training.averaged import AveragedModel
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.options import ModelOptions


def test_parameters_are_moved_back_by_a_share_of_their_way_and_others_stay():
    model = PocketModel(ModelOptions(members=1, layers=1), TINY)
    averaged = AveragedModel(model)
    start = {"free." + name: value.detach().clone() for name, value in model.free.named_parameters()}
    with torch.no_grad():
        for parameter in averaged.model.parameters():
            parameter.add_(1.0)
    encoder = {name: value.clone() for name, value in averaged.model.encoder.named_parameters()}

    averaged.take_back(start, 0.25)

    moved = dict(averaged.model.named_parameters())
    for name, value in start.items():
        torch.testing.assert_close(moved[name], value + 0.75)
    for name, value in averaged.model.encoder.named_parameters():
        assert torch.equal(value, encoder[name])
