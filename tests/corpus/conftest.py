"""A small corpus folder, new for each test, and the splits of the real corpus, read once."""

import pytest
from support.small_corpus import make_small_corpus

from enunciate.corpus.speechocean762 import load_corpus


@pytest.fixture
def corpus(tmp_path):
    return make_small_corpus(tmp_path)


@pytest.fixture(scope="session")
def real_train(corpus_folder):
    return load_corpus(corpus_folder, "train")


@pytest.fixture(scope="session")
def real_test(corpus_folder):
    return load_corpus(corpus_folder, "test")
