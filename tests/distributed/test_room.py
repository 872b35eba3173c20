"""How many workers a cluster has room for, without a cluster."""

from __future__ import annotations

import pytest

from enunciate.distributed.run import ClusterSettings, n_workers
from enunciate.errors import DeviceError


class FakeRay:
    """A cluster of which only the resources are known."""

    def __init__(self, **resources: float) -> None:
        self.resources = resources

    def cluster_resources(self) -> dict[str, float]:
        return self.resources


@pytest.mark.parametrize(
    ("cpus", "cores", "gpus", "per_worker", "expected"),
    [
        (5.0, 1, 0.0, 0.0, 4),
        (6.0, 2, 0.0, 0.0, 2),
        (33.0, 1, 2.0, 1.0, 2),
        (33.0, 16, 2.0, 1.0, 2),
        (33.0, 17, 2.0, 1.0, 1),
        (33.0, 1, 2.0, 2.0, 1),
        (33.0, 1, 2.0, 0.1, 20),
        (33.0, 1, 2.0, 1 / 14, 28),
        (
            33.0,
            1,
            2.0,
            0.4,
            4,
        ),  # two on each GPU; that two fifths are left on two GPUs is no room for a fifth
        (3.0, 1, 2.0, 0.1, 2),
    ],
)
def test_there_are_as_many_workers_as_find_room(
    cpus: float, cores: int, gpus: float, per_worker: float, expected: int
):
    ray = FakeRay(CPU=cpus, GPU=gpus)
    assert n_workers(ray, ClusterSettings(gpus_per_worker=per_worker), cores) == expected
    assert n_workers(ray, ClusterSettings(workers=1, gpus_per_worker=per_worker), cores) == 1
    with pytest.raises(DeviceError, match=f"room for {expected} workers"):
        n_workers(ray, ClusterSettings(workers=expected + 1, gpus_per_worker=per_worker), cores)


def test_a_cluster_without_a_gpu_has_no_room_for_workers_with_one():
    with pytest.raises(DeviceError, match="0 GPUs"):
        n_workers(FakeRay(CPU=8.0), ClusterSettings(gpus_per_worker=0.5), 1)
