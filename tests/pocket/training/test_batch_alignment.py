from itertools import combinations_with_replacement

import pytest
import torch

from enunciate.pocket.training.batch_alignment import ANY_SOUND, FLOOR, align_batch, emissions


def log_probs(frames, batch=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(batch, frames, 40, generator=generator)).log_softmax(2)


def exhaustive(frame, classes, word):
    """The best spans and their mean log-score among all spans that the rules allow."""
    n_frames = len(frame)
    phone, silence = (values[0] for values in emissions(frame[None], torch.tensor([classes])))
    best, spans = -float("inf"), None
    for cuts in combinations_with_replacement(range(n_frames + 1), 2 * len(classes)):
        starts, ends = cuts[::2], cuts[1::2]
        if any(end - start < 2 for start, end in zip(starts, ends, strict=True)):
            continue
        if any(ends[u - 1] != starts[u] and word[u - 1] == word[u] for u in range(1, len(classes))):
            continue
        inside = torch.zeros(n_frames, dtype=torch.bool)
        score = 0.0
        for u, (start, end) in enumerate(zip(starts, ends, strict=True)):
            inside[start:end] = True
            score += float(phone[start:end, u].sum())
        score += float(silence[~inside].sum())
        if score > best:
            best, spans = score, (list(starts), list(ends))
    return spans, best / n_frames


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("word", [[0, 0, 0], [0, 0, 1], [0, 1, 2]])
def test_alignment_is_the_best_of_all(seed, word):
    frame = log_probs(9, seed=seed)
    classes = [3, 7, 7]

    found = align_batch(
        frame, torch.tensor([9]), torch.tensor([classes]), torch.tensor([3]), torch.tensor([word])
    )

    spans, fit = exhaustive(frame[0], classes, word)
    assert (found.start[0].tolist(), found.end[0].tolist()) == spans
    assert float(found.fit) == pytest.approx(fit, rel=1e-5)


def test_a_clip_alone_is_aligned_as_in_a_batch():
    frame = log_probs(30, batch=2)
    classes = torch.tensor([[3, 9, 5, 20], [8, 1, 0, 0]])
    word = torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]])

    both = align_batch(frame, torch.tensor([30, 17]), classes, torch.tensor([4, 2]), word)
    alone = align_batch(frame[1:, :17], torch.tensor([17]), classes[1:, :2], torch.tensor([2]), word[1:, :2])

    assert both.start[1, :2].tolist() == alone.start[0].tolist()
    assert both.end[1, :2].tolist() == alone.end[0].tolist()
    torch.testing.assert_close(both.fit[1:], alone.fit)


def test_a_wrong_phone_keeps_its_place():
    heard = torch.tensor([0] * 4 + [3] * 5 + [20] * 6 + [12] * 5 + [0] * 4)
    probs = torch.nn.functional.one_hot(heard, 40).float().mul(0.94).add(0.001)
    probs[9:15, 9] += 0.02  # the wrong phone resembles the right one a little
    frame = probs.log()[None]

    found = align_batch(
        frame, torch.tensor([24]), torch.tensor([[3, 9, 12]]), torch.tensor([3]), torch.tensor([[0, 0, 0]])
    )

    assert found.start[0].tolist() == [4, 9, 15]
    assert found.end[0].tolist() == [9, 15, 20]


def test_emissions_count_other_sounds_but_not_silence():
    probs = torch.zeros(1, 1, 40)
    probs[0, 0, 0], probs[0, 0, 5], probs[0, 0, 9] = 0.5, 0.2, 0.3

    phone, silence = emissions(probs.log(), torch.tensor([[5, 1]]))

    assert phone.exp()[0, 0].tolist() == pytest.approx(
        [0.2 + ANY_SOUND * 0.5 + FLOOR, ANY_SOUND * 0.5 + FLOOR]
    )
    assert silence.exp()[0].tolist() == pytest.approx([0.5 + FLOOR])
