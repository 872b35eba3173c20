import torch
from torch import nn

from enunciate.pocket.training.conformer import Conformer, Convolution, rotated
from enunciate.pocket.training.encoder_config import CONFORMER


def test_a_turned_query_and_key_agree_by_their_distance_alone():
    torch.manual_seed(0)
    query, key = torch.randn(2, 8)
    queries, keys = rotated(query.expand(1, 1, 30, 8))[0, 0], rotated(key.expand(1, 1, 30, 8))[0, 0]
    agreement = queries @ keys.T

    torch.testing.assert_close(agreement[:-7, :-7], agreement[7:, 7:])
    assert not torch.allclose(agreement[0], agreement[0, 0].expand(30), atol=0.1)


def test_the_convolution_sees_frames_within_its_kernel_alone():
    torch.manual_seed(0)
    module = Convolution(8, kernel=5).eval()
    x = torch.randn(1, 20, 8)
    changed = x.clone()
    changed[0, 10] += nn.functional.one_hot(torch.tensor(3), 8)

    differs = (module(x, None) - module(changed, None)).abs().amax(2)[0] > 1e-6

    assert differs.nonzero().flatten().tolist() == [8, 9, 10, 11, 12]


def test_the_recipe_s_conformer_has_as_many_parameters_as_it_says():
    parameters = sum(parameter.numel() for parameter in Conformer(CONFORMER).parameters())

    assert round(parameters / 1e6, 1) == 12.5
