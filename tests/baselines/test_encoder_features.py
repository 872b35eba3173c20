"""The encoder of a baseline: where it comes from, what it may have learnt, and how the folder names it."""

import hashlib
import json

import pytest
from support.baseline_runs import ENCODER_BYTES, make_encoder, recipe_of

from enunciate.baselines.folder import read_description
from enunciate.errors import RecipeError
from enunciate.pocket.assessor import packaged_weights
from enunciate.trainers import run


def test_the_folder_names_its_encoder_by_its_hash(trained):
    assert read_description(trained).encoder == hashlib.sha256(ENCODER_BYTES).hexdigest()


def test_a_folder_without_an_encoder_is_an_error_of_the_recipe(chord_corpus, tmp_path):
    with pytest.raises(RecipeError, match=r"encoder: lacks encoder\.onnx, phones\.npz, held_out\.json"):
        run(recipe_of("gop", chord_corpus, tmp_path / "out", encoder=tmp_path / "none"))


def test_an_encoder_that_has_learnt_from_the_test_split_is_refused(chord_corpus, tmp_path):
    encoder = make_encoder(tmp_path / "encoder", chord_corpus)
    held_out = json.loads((encoder / "held_out.json").read_text())
    (encoder / "held_out.json").write_text(json.dumps(held_out[2:]))

    with pytest.raises(RecipeError, match=f"may have learnt {held_out[0]} and 1 more .* split=official"):
        run(recipe_of("gop", chord_corpus, tmp_path / "out", encoder=encoder))
    assert not (tmp_path / "out").exists()


def test_the_packaged_weights_learnt_from_everybody_and_are_refused(chord_corpus, tmp_path):
    with pytest.raises(RecipeError, match="split=official"):
        run(recipe_of("gop", chord_corpus, tmp_path / "out", encoder=packaged_weights()))
