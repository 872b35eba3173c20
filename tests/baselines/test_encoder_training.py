"""The encoder of a baseline: where it comes from, and how its folder names it."""

import hashlib

import pytest
from support.baseline_runs import ENCODER_BYTES, recipe_of

from enunciate.baselines.folder import read_description
from enunciate.errors import RecipeError
from enunciate.trainers import run


def test_the_folder_names_its_encoder_by_its_hash(trained):
    assert read_description(trained).encoder == hashlib.sha256(ENCODER_BYTES).hexdigest()


def test_an_encoder_that_is_not_there_is_an_error_of_the_recipe(chord_corpus, tmp_path):
    with pytest.raises(RecipeError, match=r"encoder: .*none\.onnx is no file"):
        run(recipe_of("gop", chord_corpus, tmp_path / "out", encoder=tmp_path / "none.onnx"))
