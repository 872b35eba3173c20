"""The transformer of `gopt`: its inputs, its padding, its losses, its export."""

import numpy as np
import pytest
from support.baseline_runs import alignment, outputs_of

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from enunciate.baselines.baseline_recipes import GoptConfig, GoptRecipe  # noqa: E402
from enunciate.baselines.gopt.assessor import mean_by_word  # noqa: E402
from enunciate.baselines.gopt.features import N_GOP, GopVectors, gop_vectors  # noqa: E402
from enunciate.baselines.gopt.fit import _export, fit_gopt  # noqa: E402
from enunciate.baselines.gopt.member_training import _batches, loss_of  # noqa: E402
from enunciate.baselines.gopt.model import Gopt, GoptEnsemble, sinusoids  # noqa: E402
from enunciate.baselines.gopt.training_data import GoptExample, collate  # noqa: E402
from enunciate.baselines.labelled_clip import LabelledClip  # noqa: E402
from enunciate.onnx_session import Session  # noqa: E402
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES  # noqa: E402
from enunciate.schema import Utterance  # noqa: E402

S, IY = CLASS_OF_PHONE["S"], CLASS_OF_PHONE["IY"]
SMALL = GoptConfig(width=8, layers=2, dropout=0.0)


def vectors(n, seed=0):
    chance = np.random.default_rng(seed)
    gop = chance.standard_normal((n, N_GOP)).astype(np.float32)
    return GopVectors(chance.integers(1, N_CLASSES, n), gop)


def unlabelled(n, seed=0):
    nothing = -np.ones((n, 3), dtype=np.float32)
    return GoptExample(vectors(n, seed), nothing[:, 0], nothing, -np.ones(4, dtype=np.float32))


def ensemble(members=1, words=False):
    torch.manual_seed(0)
    return GoptEnsemble(SMALL, members, words=words).eval()


def test_log_posteriors_and_their_ratio_to_the_canonical_phone():
    frame = np.full((3, N_CLASSES), -5.0, dtype=np.float32)
    frame[:, S] = (-1.0, -2.0, -4.0)

    inputs = gop_vectors(outputs_of(frame), alignment([S, IY], [(0, 2), (2, 3)], [0, 0]))

    assert inputs.gop.shape == (2, N_GOP) == (2, 2 * N_CLASSES)
    assert inputs.gop[0, S] == pytest.approx(-1.5) and inputs.gop[1, S] == pytest.approx(-4)
    assert inputs.gop[0, N_CLASSES + S] == 0 and inputs.gop[0, N_CLASSES + IY] == pytest.approx(-3.5)
    assert inputs.gop[1, N_CLASSES + IY] == 0 and inputs.gop[1, N_CLASSES + S] == pytest.approx(1)


def test_padding_changes_no_score():
    torch.manual_seed(0)
    member, both = Gopt(SMALL).eval(), ensemble()
    examples = [unlabelled(3), unlabelled(9, 1)]
    batch = collate(examples, both)

    with torch.no_grad():
        together = member(batch.classes, batch.gop, batch.classes > 0)
        for row, one in enumerate(examples):
            alone = collate([one], both)
            outputs = member(alone.classes, alone.gop, None)
            n = len(one.vectors.classes)
            torch.testing.assert_close(outputs.phone[0], together.phone[row, :n], atol=1e-5, rtol=0)
            torch.testing.assert_close(outputs.utterance[0], together.utterance[row], atol=1e-5, rtol=0)


def test_the_order_of_phones_matters():
    torch.manual_seed(0)
    member, one = Gopt(SMALL).eval(), vectors(5)
    classes, gop = torch.full((1, 5), 3), torch.from_numpy(one.gop)[None]

    with torch.no_grad():
        assert not torch.allclose(
            member(classes, gop, None).utterance, member(classes, gop.flip(1), None).utterance, atol=1e-4
        )
    assert sinusoids(4, 6).shape == (1, 4, 6) and float(sinusoids(4, 6)[0, 0, 0]) == 0


def test_unknown_labels_give_no_gradient():
    torch.manual_seed(0)
    member, both = Gopt(SMALL), ensemble()
    nothing = loss_of(member, collate([unlabelled(4)], both)).detach()
    phone, scores = np.array([-1, 2, -1, 0], np.float32), np.array([-1, 1, -1, -1], np.float32)
    example = GoptExample(vectors(4), phone, -np.ones((4, 3), np.float32), scores)
    loss_of(member, collate([example], both)).backward()

    assert float(nothing) == 0
    assert member.word_out[1].weight.grad.abs().sum() == 0
    moved = [bool(out[1].weight.grad.abs().sum() > 0) for out in member.utterance_out]
    assert moved == [False, True, False, False] and member.phone_out[1].weight.grad.abs().sum() > 0


def test_all_labels_are_on_the_scale_of_phones():
    canonical, heard = vectors(3), vectors(2, 1)
    words = np.array([[8, 10, 9], [np.nan, 5, np.nan]], dtype=np.float32)
    scores = np.array([5, 10, np.nan, 0], dtype=np.float32)
    phone = np.array([2, 0, -1], np.float32)
    clip = LabelledClip(canonical, heard, phone, scores, np.array([0, 0, 1]), words, False)

    example, other = GoptExample.with_reference(clip), GoptExample.without_reference(clip)

    assert example.word.tolist() == [pytest.approx([1.6, 2, 1.8])] * 2 + [[-1, 1, -1]]
    assert example.scores.tolist() == [1, 2, -1, 0] and other.scores.tolist() == [1, 2, -1, 0]
    assert (other.phone == -1).all() and (other.word == -1).all() and len(other.phone) == 2


def labelled(n, seed):
    chance = np.random.default_rng(seed)
    phone = chance.integers(0, 3, n).astype(np.float32)
    scores = chance.integers(0, 11, 4).astype(np.float32)
    words = np.full((n, 3), np.nan, dtype=np.float32)
    return LabelledClip(vectors(n, seed), vectors(n, seed + 1), phone, scores, np.arange(n), words, False)


def test_a_fit_depends_on_its_seed_alone():
    clips = [labelled(3 + k % 4, k) for k in range(12)]
    people = [Utterance(id=str(k), audio=b"", speaker=str(k // 2)) for k in range(12)]
    network = GoptConfig(width=8, layers=1, epochs=2, batch=4)
    recipe = GoptRecipe(kind="gopt", corpus="c", out="o", encoder="e", members=2, workers=1, network=network)

    first, again, other = (fit_gopt(clips, people, recipe, seed).predict(clips[0]) for seed in (1, 1, 2))

    assert (first.utterance == again.utterance).all() and (first.phone == again.phone).all()
    assert (first.without_reference == again.without_reference).all() and (
        first.utterance != other.utterance
    ).any()


def test_heads_that_do_not_fit_are_an_error_of_the_recipe():
    with pytest.raises(ValueError, match="5 heads do not divide a width of 24"):
        GoptConfig(heads=5)


def test_every_clip_is_in_exactly_one_batch():
    lengths = torch.tensor([5, 3, 9, 1, 7, 7, 2])

    batches = _batches(lengths, 2, torch.Generator().manual_seed(0))

    assert sorted(int(i) for batch in batches for i in batch) == list(range(7)) and len(batches) == 4


def test_a_word_score_is_the_mean_over_its_phones():
    words = mean_by_word(np.array([4.0, 6.0, 12.0]), np.array([0, 0, 1]))

    assert words.tolist() == [5, 10]


@pytest.mark.slow
def test_the_exported_model_gives_the_same_scores_for_any_length(tmp_path):
    model = ensemble(members=2, words=True)
    _export(model, tmp_path / "gopt.onnx")
    session = Session(tmp_path / "gopt.onnx", 1)

    for n in (1, 2, 31):
        one = vectors(n)
        with torch.no_grad():
            expected = model(torch.from_numpy(one.classes)[None], torch.from_numpy(one.gop)[None])
        outputs = session.run({"classes": one.classes[None], "gop": one.gop[None]})

        assert [array.shape for array in outputs] == [(1, n), (1, 4), (1, n, 3)]
        for array, tensor in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(array, tensor.numpy(), atol=1e-4)
