import pytest
import torch

from enunciate.errors import DeviceError
from enunciate.torch_device import pick_device


def test_the_device_that_is_named_is_taken():
    assert pick_device("cpu") == torch.device("cpu")


def test_without_a_gpu_auto_is_the_processor_and_cuda_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")
    with pytest.raises(DeviceError, match=r"sees no GPU.*device=cpu"):
        pick_device("cuda")


def test_where_there_is_a_gpu_auto_takes_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device().type == "cuda"
