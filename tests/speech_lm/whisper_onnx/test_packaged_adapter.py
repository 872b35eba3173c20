"""The adapters that ship: what is in their folders, and what they say about the clips of the tests."""

import pytest
from support.paths import ASSETS

from enunciate.engines import load_assessor
from enunciate.errors import ModelNotFoundError
from enunciate.schema import ASPECTS, Utterance
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.whisper_onnx.loading import packaged_adapter, packaged_reading_adapter
from enunciate.whisper_weights.base import find_whisper
from enunciate.whisper_weights.files import read_weights

TOLERANCE = 0.06
"""How far int8 may be from float32."""


ADAPTERS = [packaged_adapter(), packaged_reading_adapter()]


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda folder: folder.name)
def test_each_has_what_running_needs_and_no_more(adapter):
    names = {"README.md", "adapter_config.json", "adapter_model.safetensors", "recipe.json"}

    assert {path.name for path in adapter.iterdir()} == names


def test_together_they_are_small():
    assert sum((adapter / "adapter_model.safetensors").stat().st_size for adapter in ADAPTERS) < 25_000_000


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda folder: folder.name)
def test_the_base_is_a_name_and_no_folder_of_the_machine_that_trained_is_named(adapter):
    description = read_description(adapter)

    assert (description.kind, description.model) == ("whisper", "openai/whisper-base")
    for path in adapter.glob("*.json"):
        assert '"/' not in path.read_text()


def test_one_of_them_reads_the_text():
    assert [read_description(adapter).prompt.reference_text for adapter in ADAPTERS] == [False, True]


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda folder: folder.name)
def test_the_weights_are_matrices_of_encoder_and_decoder_in_half_precision(adapter):
    weights = read_weights(adapter / "adapter_model.safetensors")

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


TEXTS = {
    "correct": "I think the weather is nice today.",
    "mispronounced": "The friend has three red balloons.",
}
GOLDEN = {  # scores in torch, in float32; without a text, and with it
    "correct": ((8.95, 9.14, 8.85, 8.59), (9.09, 9.42, 8.96, 8.76)),
    "mispronounced": ((8.17, 8.26, 7.91, 7.74), (8.30, 8.50, 7.95, 7.87)),
}
HEARD = {  # without a text
    "correct": ("i think the weather is nice today", "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY"),
    "mispronounced": (
        "the friend has three red balloons",
        "DH AH F R EH N D HH AE Z TH R IY R EH D P AH L Y UW N Z",
    ),
}


@pytest.mark.parametrize("with_text", [False, True])
@pytest.mark.parametrize("name", GOLDEN)
def test_scores_are_those_in_float32(assessor, name, with_text):
    text = TEXTS[name] if with_text else None

    (result,) = assessor.assess([Utterance(id=name, audio=ASSETS / f"{name}.flac", text=text)])

    expected = GOLDEN[name][with_text]
    assert [getattr(result, aspect).value for aspect in ASPECTS] == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("name", HEARD)
def test_transcripts_without_a_text_stay_what_they_were(assessor, name):
    words, phones = HEARD[name]
    clip = ASSETS / f"{name}.flac"

    (result,) = assessor.assess([Utterance(id=name, audio=clip, text=None)])

    assert result.transcript == words
    (heard,) = assessor.recognise([Utterance(id=name, audio=clip, text=TEXTS[name])])
    assert " ".join(heard) == phones


def test_how_the_text_is_typed_changes_no_score(assessor):
    typed = [TEXTS["correct"], TEXTS["correct"].upper().rstrip("."), TEXTS["correct"].lower() + "!"]

    results = assessor.assess([Utterance(id="a", audio=ASSETS / "correct.flac", text=text) for text in typed])

    assert len({tuple(getattr(result, aspect).value for aspect in ASPECTS) for result in results}) == 1


def test_its_name_tells_its_weights(assessor):
    assert assessor.name == "whisper 081d9f2a"


def test_it_scores_what_is_read_badly_lower(assessor):
    good, bad = assessor.assess(
        [Utterance(id=name, audio=ASSETS / f"{name}.flac") for name in ("correct", "mispronounced")]
    )

    assert bad.accuracy.value < good.accuracy.value
