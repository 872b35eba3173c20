"""A corpus of chords with all labels of the full Speechocean762, in both splits and for words."""

from __future__ import annotations

import json
from pathlib import Path

from support.tone_corpus import SLIP, make_corpus


def make_complete_corpus(root: Path, speakers: dict[str, int], clips_each: int) -> Path:
    """Write the tone corpus with word scores and with the diagnosis of each mispronounced phone."""
    make_corpus(root, speakers, clips_each)
    path = root / "resource" / "scores.json"
    labels = json.loads(path.read_text())
    for row in labels.values():
        for word in row["words"]:
            scores = word["phones-accuracy"]
            accuracy = round(5 * sum(scores) / len(scores))
            word |= {"accuracy": accuracy, "stress": 10, "total": accuracy}
            word["mispronunciations"] = [
                {"canonical-phone": phone, "index": index, "pronounced-phone": SLIP[phone]}
                for index, (phone, score) in enumerate(zip(word["phones"], scores, strict=True))
                if score < 0.5
            ]
    path.write_text(json.dumps(labels))
    return root


def without_train_scores(root: Path) -> Path:
    """Remove the utterance scores of the train split, which some copies of the corpus lack."""
    path = root / "resource" / "scores.json"
    rows = json.loads(path.read_text()).items()
    kept = ("text", "words")
    labels = {
        key: {k: v for k, v in row.items() if k in kept} if key.startswith("train") else row
        for key, row in rows
    }
    path.write_text(json.dumps(labels))
    return root
