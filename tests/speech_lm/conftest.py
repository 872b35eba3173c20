"""What many tests of the speech language model share: a tiny checkpoint, a tiny corpus, an adapter."""

from pathlib import Path

import pytest
import torch
from support.speech_lm_cases import save_checkpoint
from support.speech_lm_runs import make_material

from enunciate.speech_lm.adapter import add_adapter, save_adapter
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.options import AdapterConfig, PromptConfig
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """The folder of a tiny checkpoint; nobody may write to it."""
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="session")
def material(tmp_path_factory) -> Path:
    """A folder with a tiny `corpus` and a tiny `base`; nobody may write to it."""
    return make_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="session")
def make_adapter(checkpoint):
    """Make the folder that training an adapter leaves, without the training."""

    def make(folder: Path, **values) -> Path:
        values = {"adapter": AdapterConfig(start="fresh", rank=4, alpha=8)} | values
        recipe = AdapterRecipe(
            kind="phi4", model=str(checkpoint), corpus=Path("corpus"), out=folder, **values
        )
        processor = Processor.load(str(checkpoint), None, recipe.prompt.control)
        base = load_base(checkpoint, dtype=torch.float32)
        save_adapter(add_adapter(base, recipe.adapter, list(processor.control_token_ids.values())), folder)
        processor.save(folder)
        (folder / "recipe.json").write_text(recipe.model_dump_json())
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_adapter(make_adapter, tmp_path_factory) -> Path:
    """The folder of an adapter with control tokens of their own."""
    prompt = PromptConfig(control="special", rubric=False)
    return make_adapter(tmp_path_factory.mktemp("adapter"), prompt=prompt)
