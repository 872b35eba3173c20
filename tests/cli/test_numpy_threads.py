"""Commands that assess clip by clip let NumPy use one thread."""

import os
import subprocess
import sys

import pytest

from enunciate.cli.numpy_threads import VARIABLE, one_numpy_thread


def test_the_number_of_a_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "4")
    one_numpy_thread()
    assert os.environ[VARIABLE] == "4"
    monkeypatch.delenv(VARIABLE)
    one_numpy_thread()
    assert os.environ[VARIABLE] == "1"


def test_numpy_is_imported_after_the_number_is_set() -> None:
    imported = "import sys, enunciate.cli.app; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", imported], check=True)
