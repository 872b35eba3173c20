"""Train `gop-hmm`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache

from enunciate import audio
from enunciate.baselines.baseline_recipes import HmmGopRecipe
from enunciate.baselines.fit_and_measure import fit_and_measure, labelled_splits
from enunciate.baselines.folder import BaselineDescription
from enunciate.baselines.gop.fit import fit_gop
from enunciate.baselines.gop.goodness import Goodness
from enunciate.baselines.labelled_clip import LabelledClip, phone_labels, utterance_labels, word_labels
from enunciate.baselines.pocketsphinx.acoustics import HmmAcoustics
from enunciate.baselines.pocketsphinx.goodness import encoder_outputs, hmm_goodness
from enunciate.baselines.pocketsphinx.hmm_alignment import align_phones_heard, align_words, spread_evenly
from enunciate.pocket.forced_alignment import AlignmentError, LogProbs
from enunciate.pocket.symbols import SILENCE, classes_of
from enunciate.schema import Utterance
from enunciate.training.run_folder import Metrics


def train(recipe: HmmGopRecipe) -> Metrics:
    """Run a recipe.

    Returns:
        The metrics on the test split, and `unaligned_clips`; see `fit_and_measure` and `listen_to_clips`.

    Raises:
        MissingExtraError: pocketsphinx is not installed.
        CorpusError: The corpus lacks a file or labelled utterances.
    """
    acoustics = HmmAcoustics()  # first of all, because it needs an extra
    recipe.out.mkdir(parents=True, exist_ok=True)
    description = BaselineDescription(kind=recipe.kind, version=recipe.version, encoder=acoustics.digest)
    splits = labelled_splits(recipe.corpus)
    clips, unaligned = listen_to_clips([*splits.learn, *splits.test], recipe.workers)
    metrics = fit_and_measure(
        recipe, splits, clips, description, lambda chosen, who, seed: fit_gop(chosen, who, recipe, seed)
    )
    return metrics | {"unaligned_clips": float(unaligned)}


def listen_to_clips(
    utterances: Sequence[Utterance], workers: int
) -> tuple[list[LabelledClip[Goodness]], int]:
    """Compute the goodness of labelled utterances.

    Returns:
        The clips, and how many of them have a text that no alignment can hold. Those are learnt from as well,
        each phone with the lowest goodness (`spread_evenly`).
    """
    if workers == 1:
        listened = list(map(_listen_to_clip, utterances))
    else:
        with ProcessPoolExecutor(workers) as pool:
            listened = list(pool.map(_listen_to_clip, utterances, chunksize=16))
    return [clip for clip, _ in listened], sum(unaligned for _, unaligned in listened)


@lru_cache(maxsize=1)
def _acoustics() -> HmmAcoustics:
    return HmmAcoustics()


def _listen_to_clip(utterance: Utterance) -> tuple[LabelledClip[Goodness], bool]:
    samples = audio.load(utterance.audio).samples
    scores = _acoustics()(samples)
    out = encoder_outputs(scores, samples)
    words = [[classes_of(word.phones)] for word in utterance.words or ()]
    unaligned = False
    try:
        text = align_words(scores.states, words)
    except AlignmentError:
        unaligned, text = True, spread_evenly(len(out.frame), words)
    heard = align_phones_heard(scores) or spread_evenly(len(out.frame), [[[_likeliest(out.frame)]]])
    clip = LabelledClip(
        hmm_goodness(out, text),
        hmm_goodness(out, heard),
        phone_labels(utterance),
        utterance_labels(utterance),
        text.alignment.word,
        word_labels(utterance),
        mismatched=False,
    )
    return clip, unaligned


def _likeliest(log_probs: LogProbs) -> int:
    """The phone that fits some frame best: the features without reference need at least one phone."""
    return int(log_probs[:, SILENCE + 1 :].max(axis=0).argmax()) + SILENCE + 1
