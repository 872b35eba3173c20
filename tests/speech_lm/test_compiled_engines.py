"""An engine whose layers are compiled answers the same; it is refused where there is nothing to compile.

The compiler is replaced by one that runs what it is given, and the CPU is taken for a GPU.
"""

from functools import partial

import pytest
import torch
from support.speech_lm_cases import spoken_clip
from support.whisper_folders import save_base

from enunciate.engines import load_assessor
from enunciate.errors import DeviceError, ModelNotFoundError
from enunciate.schema import Clip, Utterance
from enunciate.speech_lm import loading
from enunciate.speech_lm.decoding import static_rows
from enunciate.speech_lm.families.decoder_layers import compile_layers

pytestmark = pytest.mark.slow


@pytest.fixture
def compiled(monkeypatch):
    """The graphs that were compiled."""
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(loading, "pays_on", lambda _: True)
    monkeypatch.setattr(loading, "compile_layers", partial(compile_layers, backend=backend))
    torch._dynamo.reset()
    yield graphs
    torch._dynamo.reset()


def utterances(n_clips):
    return [
        Utterance(
            id=str(i), audio=Clip(samples=spoken_clip(0.6 + 0.1 * i), sample_rate_hz=16_000), text="Yes"
        )
        for i in range(n_clips)
    ]


def values(assessments):
    """The totals; a random checkpoint that nothing constrains gives none."""
    return [one.total.value for one in assessments if one.total is not None]


@pytest.mark.parametrize("folder", ["tiny_adapter", "checkpoint"])
def test_it_answers_the_same_whatever_the_number_of_clips(folder, compiled, request):
    folder = request.getfixturevalue(folder)
    plain = load_assessor(folder)
    expected = [plain.assess(utterances(n_clips)) for n_clips in (1, 3)]
    assert not compiled
    engine = load_assessor(folder, compile_layers=True)

    found = [engine.assess(utterances(n_clips)) for n_clips in (1, 3)]
    assert compiled
    assert engine.name == plain.name
    for some, others in zip(found, expected, strict=True):
        assert [one.transcript for one in some] == [one.transcript for one in others]
        assert values(some) == pytest.approx(values(others), abs=0.01)


def test_it_answers_the_same_where_memory_is_short_and_the_plain_loop_decodes(
    tiny_adapter, compiled, monkeypatch
):
    expected = load_assessor(tiny_adapter).assess(utterances(3))
    monkeypatch.setattr(static_rows, "free_bytes", lambda _: 0)
    found = load_assessor(tiny_adapter, compile_layers=True).assess(utterances(3))
    assert 0 < len(compiled) <= 6
    assert [one.transcript for one in found] == [one.transcript for one in expected]
    assert values(found) == pytest.approx(values(expected), abs=0.01)


def test_batches_of_one_and_of_three_leave_nothing_to_compile(tiny_adapter, compiled):
    from enunciate.serve.workers.warm_up import warm_up
    from enunciate.serve.workers.worker import COMPILED

    engine = load_assessor(tiny_adapter, compile_layers=True)
    warm_up(engine, COMPILED)
    known = len(compiled)
    assert known
    for n_clips in (1, 2, 3, 5, 4):
        engine.assess(utterances(n_clips))
    assert len(compiled) == known


def test_it_is_refused_where_there_is_no_gpu(tiny_adapter, checkpoint, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for folder in (tiny_adapter, checkpoint):
        with pytest.raises(DeviceError, match=r"compile_layers needs an NVIDIA GPU"):
            load_assessor(folder, compile_layers=True)


def test_it_is_refused_with_weights_in_8_bits(tiny_adapter, compiled):
    with pytest.raises(DeviceError, match="8 bits take minutes to compile"):
        load_assessor(tiny_adapter, weights="int8", compile_layers=True)


def test_it_is_refused_where_torch_does_not_call_the_layers(tmp_path, compiled):
    with pytest.raises(DeviceError, match=r"compile_layers.*family whisper"):
        load_assessor(save_base(tmp_path / "base"), compile_layers=True)
    for name in ("pocket", "whisper", "openai:a-model", tmp_path / "nothing"):
        with pytest.raises(ModelNotFoundError, match="compile_layers=True is for folders with an adapter"):
            load_assessor(name, compile_layers=True)
