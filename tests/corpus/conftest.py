"""A small corpus folder, new for each test."""

import pytest
from support.small_corpus import make_small_corpus


@pytest.fixture
def corpus(tmp_path):
    return make_small_corpus(tmp_path)
