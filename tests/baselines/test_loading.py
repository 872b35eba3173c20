"""Loading a baseline for use imports nothing that only training needs."""

import os
import subprocess
import sys

import pytest
from support.paths import SOURCE

TRAINING_ONLY = {
    "train",
    "trainers",
    "training",
    "fit",
    "grow",
    "fit_and_measure",
    "encoder_features",
    "training_data",
    "member_training",
}


def imported_by(module):
    """The modules that a fresh interpreter has after importing one."""
    code = f"import sys, {module}; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.split()


def training_modules(names):
    return [name for name in names if name.startswith("enunciate.") and set(name.split(".")) & TRAINING_ONLY]


def test_loading_imports_neither_training_nor_its_libraries():
    names = imported_by("enunciate.baselines.loading")

    assert training_modules(names) == []
    assert not {"torch", "sklearn", "transformers", "pocketsphinx"} & set(names)


@pytest.mark.slow
def test_the_joint_model_runs_without_training():
    pytest.importorskip("transformers")

    assert training_modules(imported_by("enunciate.baselines.ssl.assessor")) == []
