"""The adapter that ships: what is in its folder, and what it says about the clips of the tests."""

import pytest
from support.paths import ASSETS

from enunciate.engines import load_assessor
from enunciate.errors import ModelNotFoundError
from enunciate.schema import ASPECTS, Utterance
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.whisper_onnx.loading import packaged_adapter
from enunciate.whisper_weights.base import find_whisper
from enunciate.whisper_weights.files import read_weights

TOLERANCE = 0.06
"""How far int8 may be from float32."""


def test_it_has_what_running_needs_and_no_more():
    names = {"README.md", "adapter_config.json", "adapter_model.safetensors", "recipe.json"}

    assert {path.name for path in packaged_adapter().iterdir()} == names
    assert (packaged_adapter() / "adapter_model.safetensors").stat().st_size < 25_000_000


def test_its_base_is_a_name_and_it_names_no_folder_of_the_machine_that_trained_it():
    description = read_description(packaged_adapter())

    assert (description.kind, description.model) == ("whisper", "openai/whisper-base")
    for path in packaged_adapter().glob("*.json"):
        assert '"/' not in path.read_text()


def test_its_weights_are_matrices_of_encoder_and_decoder_in_half_precision():
    weights = read_weights(packaged_adapter() / "adapter_model.safetensors")

    assert {values.dtype.name for values in weights.values()} == {"float16"}
    assert any(".encoder.layers." in name for name in weights)
    assert any(".decoder.layers." in name for name in weights)


@pytest.fixture(scope="module")
def assessor():
    try:
        find_whisper()
    except ModelNotFoundError as error:
        pytest.skip(str(error))
    return load_assessor("whisper")


GOLDEN = {  # scores in torch, in float32
    "correct": (
        (8.98, 9.22, 8.90, 8.64),
        "i think the weather is nice today",
        "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY",
    ),
    "mispronounced": (
        (8.15, 8.27, 7.88, 7.72),
        "the friend has three red balloons",
        "DH AH F R EH N D HH AE Z TH R IY R EH D P AH L Y UW N Z",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_its_scores_are_those_in_float32_and_its_answers_stay_what_they_were(assessor, name):
    scores, words, phones = GOLDEN[name]
    clip = ASSETS / f"{name}.flac"

    (result,) = assessor.assess([Utterance(id=name, audio=clip, text=None)])

    assert [getattr(result, aspect).value for aspect in ASPECTS] == pytest.approx(scores, abs=TOLERANCE)
    assert result.transcript == words
    (heard,) = assessor.recognise([Utterance(id=name, audio=clip)])
    assert " ".join(heard) == phones


def test_its_name_tells_its_weights(assessor):
    assert assessor.name == "whisper 95293e5b"


def test_it_scores_what_is_read_badly_lower(assessor):
    good, bad = assessor.assess(
        [Utterance(id=name, audio=ASSETS / f"{name}.flac") for name in ("correct", "mispronounced")]
    )

    assert bad.accuracy.value < good.accuracy.value
