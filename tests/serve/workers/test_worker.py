"""The command of a worker says which engine it loads, and how."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from enunciate.serve.http.app import worker_command
from enunciate.serve.settings import ServiceSettings
from enunciate.serve.workers import worker


@pytest.mark.parametrize(
    ("settings", "options", "batches"),
    [
        ({}, {"weights": "full", "compile_layers": False}, [1]),
        ({"weights": "int8"}, {"weights": "int8", "compile_layers": False}, [1]),
        ({"compile_layers": True}, {"weights": "full", "compile_layers": True}, [1, 3]),
        ({"model": "-a-folder"}, {"weights": "full", "compile_layers": False}, [1]),
    ],
)
def test_the_options_of_the_service_reach_the_engine(
    settings: dict[str, Any], options: dict[str, Any], batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ServiceSettings(max_clip_s=7.5, **settings)
    asked: list[Any] = []
    monkeypatch.setattr(worker, "load_assessor", lambda name, **how: asked.append((name, how)))
    monkeypatch.setattr(worker, "run", lambda load, *rest: (load(), asked.extend(rest)))
    command = worker_command(given)
    monkeypatch.setattr(sys, "argv", command[command.index(worker.__name__) :])
    worker.main()

    engine, longest_s, first = asked
    assert engine == (given.model, options)
    assert (longest_s, [*first]) == (7.5, batches)
