"""The transformer on goodness of pronunciation: its inputs by hand, its padding, its masks, its words."""

import json

import numpy as np
import pytest
from support.baseline_runs import alignment, listen_to_chords, still
from support.tone_corpus import RATE_HZ, WORDS, make_corpus, render

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from enunciate.baselines import train as training  # noqa: E402
from enunciate.baselines.baseline_recipes import GoptConfig, GoptRecipe  # noqa: E402
from enunciate.baselines.gopt.assessor import mean_by_word  # noqa: E402
from enunciate.baselines.gopt.features import N_GOP, GopVectors, gop_vectors  # noqa: E402
from enunciate.baselines.gopt.fit import Example, _batches, _export, collate, fit_gopt, loss_of  # noqa: E402
from enunciate.baselines.gopt.model import Gopt, GoptEnsemble, sinusoids  # noqa: E402
from enunciate.baselines.listening import LabelledClip, _listen_clip  # noqa: E402
from enunciate.engines import load_assessor  # noqa: E402
from enunciate.pocket.features import Outputs  # noqa: E402
from enunciate.pocket.onnx_session import Session  # noqa: E402
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES  # noqa: E402
from enunciate.schema import Clip, Utterance  # noqa: E402
from enunciate.trainers import run  # noqa: E402

S, IY = CLASS_OF_PHONE["S"], CLASS_OF_PHONE["IY"]
SMALL = GoptConfig(width=8, layers=2, dropout=0.0)


def seen(n, seed=0):
    chance = np.random.default_rng(seed)
    gop = chance.standard_normal((n, N_GOP)).astype(np.float32)
    return GopVectors(chance.integers(1, N_CLASSES, n), gop)


def unlabelled(n, seed=0):
    nothing = -np.ones((n, 3), dtype=np.float32)
    return Example(seen(n, seed), nothing[:, 0], nothing, -np.ones(4, dtype=np.float32))


def ensemble(members=1, words=False):
    torch.manual_seed(0)
    return GoptEnsemble(SMALL, members, words=words).eval()


def test_log_posteriors_and_their_ratio_to_the_canonical_phone():
    frame = np.full((3, N_CLASSES), -5.0, dtype=np.float32)
    frame[:, S] = (-1.0, -2.0, -4.0)
    out = Outputs(frame, frame, np.zeros((3, 1), np.float32), still(3))

    found = gop_vectors(out, alignment([S, IY], [(0, 2), (2, 3)], [0, 0]))

    assert found.gop.shape == (2, N_GOP) == (2, 2 * N_CLASSES)
    assert found.gop[0, S] == pytest.approx(-1.5) and found.gop[1, S] == pytest.approx(-4)
    assert found.gop[0, N_CLASSES + S] == 0 and found.gop[0, N_CLASSES + IY] == pytest.approx(-3.5)
    assert found.gop[1, N_CLASSES + IY] == 0 and found.gop[1, N_CLASSES + S] == pytest.approx(1)


def test_padding_changes_nothing():
    torch.manual_seed(0)
    member, both = Gopt(SMALL).eval(), ensemble()
    examples = [unlabelled(3), unlabelled(9, 1)]
    batch = collate(examples, both)

    with torch.no_grad():
        together = member(batch.classes, batch.gop, batch.classes > 0)
        for row, one in enumerate(examples):
            alone = collate([one], both)
            found = member(alone.classes, alone.gop, None)
            n = len(one.seen.classes)
            torch.testing.assert_close(found.phone[0], together.phone[row, :n], atol=1e-5, rtol=0)
            torch.testing.assert_close(found.utterance[0], together.utterance[row], atol=1e-5, rtol=0)


def test_places_matter():
    """The same phones in another order are another utterance."""
    torch.manual_seed(0)
    member, one = Gopt(SMALL).eval(), seen(5)
    classes, gop = torch.full((1, 5), 3), torch.from_numpy(one.gop)[None]

    with torch.no_grad():
        assert not torch.allclose(
            member(classes, gop, None).utterance, member(classes, gop.flip(1), None).utterance, atol=1e-4
        )
    assert sinusoids(4, 6).shape == (1, 4, 6) and float(sinusoids(4, 6)[0, 0, 0]) == 0


def test_only_what_is_known_is_learnt():
    torch.manual_seed(0)
    member, both = Gopt(SMALL), ensemble()
    nothing = loss_of(member, collate([unlabelled(4)], both)).detach()
    phone = np.array([-1, 2, -1, 0], dtype=np.float32)
    example = Example(seen(4), phone, -np.ones((4, 3), np.float32), np.array([-1, 1, -1, -1], np.float32))
    loss_of(member, collate([example], both)).backward()

    assert float(nothing) == 0
    assert member.word_out[1].weight.grad.abs().sum() == 0
    moved = [bool(out[1].weight.grad.abs().sum() > 0) for out in member.utterance_out]
    assert moved == [False, True, False, False] and member.phone_out[1].weight.grad.abs().sum() > 0


def test_labels_go_to_their_phones_on_one_scale():
    read, heard = seen(3), seen(2, 1)
    words = np.array([[8, 10, 9], [np.nan, 5, np.nan]], dtype=np.float32)
    scores = np.array([5, 10, np.nan, 0], dtype=np.float32)
    phone = np.array([2, 0, -1], np.float32)
    clip = LabelledClip(read, heard, phone, scores, np.array([0, 0, 1]), words, False)

    example, free = Example.read(clip), Example.heard(clip)

    assert example.word.tolist() == [pytest.approx([1.6, 2, 1.8])] * 2 + [[-1, 1, -1]]
    assert example.scores.tolist() == [1, 2, -1, 0] and free.scores.tolist() == [1, 2, -1, 0]
    assert (free.phone == -1).all() and (free.word == -1).all() and len(free.phone) == 2


def labelled(n, seed):
    chance = np.random.default_rng(seed)
    phone = chance.integers(0, 3, n).astype(np.float32)
    scores = chance.integers(0, 11, 4).astype(np.float32)
    words = np.full((n, 3), np.nan, dtype=np.float32)
    return LabelledClip(seen(n, seed), seen(n, seed + 1), phone, scores, np.arange(n), words, False)


def test_a_fit_repeats_and_follows_its_seed():
    clips = [labelled(3 + k % 4, k) for k in range(12)]
    people = [Utterance(id=str(k), audio=b"", speaker=str(k // 2)) for k in range(12)]
    network = GoptConfig(width=8, layers=1, epochs=2, batch=4)
    recipe = GoptRecipe(kind="gopt", corpus="c", out="o", members=2, workers=1, network=network)

    first, again, other = (fit_gopt(clips, people, recipe, seed).predict(clips[0]) for seed in (1, 1, 2))

    assert (first.utterance == again.utterance).all() and (first.phone == again.phone).all()
    assert (first.free == again.free).all() and (first.utterance != other.utterance).any()


def test_heads_that_do_not_fit_are_an_error_of_the_recipe():
    with pytest.raises(ValueError, match="5 heads do not divide a width of 24"):
        GoptConfig(heads=5)


def test_every_clip_is_in_one_batch():
    lengths = torch.tensor([5, 3, 9, 1, 7, 7, 2])

    batches = _batches(lengths, 2, torch.Generator().manual_seed(0))

    assert sorted(int(i) for batch in batches for i in batch) == list(range(7)) and len(batches) == 4


def test_a_word_is_the_mean_of_what_its_phones_say():
    found = mean_by_word(np.array([4.0, 6.0, 12.0]), np.array([0, 0, 1]))

    assert found.tolist() == [5, 10]


def test_exported_it_says_the_same_of_texts_of_any_length(tmp_path):
    both = ensemble(members=2, words=True)
    _export(both, tmp_path / "gopt.onnx")
    session = Session(tmp_path / "gopt.onnx", 1)

    for n in (1, 2, 31):
        one = seen(n)
        with torch.no_grad():
            expected = both(torch.from_numpy(one.classes)[None], torch.from_numpy(one.gop)[None])
        found = session.run({"classes": one.classes[None], "gop": one.gop[None]})

        assert [array.shape for array in found] == [(1, n), (1, 4), (1, n, 3)]
        for array, tensor in zip(found, expected, strict=True):
            np.testing.assert_allclose(array, tensor.numpy(), atol=0.02)  # large weights are stored halved


def test_where_words_have_scores_theirs_are_learnt(tmp_path, monkeypatch):
    """Words that people scored in a way that does not follow from their phones: the second of each is bad."""
    corpus = make_corpus(tmp_path / "corpus", {"train": 1, "test": 6}, clips_each=6)
    path = corpus / "resource" / "scores.json"
    rows = json.loads(path.read_text())
    for row in rows.values():
        for index, word in enumerate(row["words"]):
            word |= {"accuracy": 2 if index == 1 else 9, "stress": 10, "total": 5}
    path.write_text(json.dumps(rows))
    listen_to_chords(monkeypatch)
    monkeypatch.setattr(training, "listen_clips", lambda u, f, e, w: [_listen_clip(one, f, e) for one in u])
    (tmp_path / "encoder.onnx").write_bytes(b"chords")
    network = GoptConfig(width=32, layers=1, epochs=50, batch=8, learning_rate=1e-2, dropout=0.0)
    run(
        GoptRecipe(
            kind="gopt", corpus=corpus, out=tmp_path / "out", encoder=tmp_path / "encoder.onnx", workers=1,
            cross_validate=False, members=2, network=network,
        )
    )  # fmt: skip
    spoken = ("SEE", "ME", "SOCK", "MOO")
    samples = render([list(WORDS[word]) for word in spoken], np.random.default_rng(0))
    clip = Utterance(
        id="a", audio=Clip(samples=samples, sample_rate_hz=RATE_HZ), text=" ".join(spoken).lower()
    )

    (found,) = load_assessor(tmp_path / "out").assess([clip])

    values = [word.score.value for word in found.words]
    assert int(np.argmin(values)) == 1 and values[1] < 5 < values[0]
    assert all(word.score.low <= word.score.value <= word.score.high for word in found.words)
