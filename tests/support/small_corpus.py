"""A made-up corpus folder with few labels in its train split and all of them in its test split."""

import json
from pathlib import Path

import numpy as np
import soundfile as sf

WORD = {"text": "WE", "phones": ["W", "IY0"], "phones-accuracy": [2.0, 0.4]}
FULL_WORD = WORD | {
    "accuracy": 7,
    "stress": 10,
    "total": 8,
    "mispronunciations": [{"canonical-phone": "IY0", "index": 1, "pronounced-phone": "IH"}],
}
SCORES = {"accuracy": 8, "completeness": 10.0, "fluency": 9, "prosodic": 9, "total": 8}


def make_small_corpus(root: Path) -> Path:
    """Write `a1` and `a2` in train without utterance scores, and `b1` in test with all labels."""
    tables = {
        "train": {
            "wav.scp": "a1\tWAVE/A/a1.WAV\na2\tWAVE/A/a2.WAV\n",
            "text": "a1\tWE\na2 WE WE\n",
            "utt2spk": "a1\tA\na2\tA\n",
            "spk2age": "A\t6\n",
            "spk2gender": "A\tf\n",
        },
        "test": {
            "wav.scp": "b1\tWAVE/B/b1.WAV\n",
            "text": "b1\tWE\n",
            "utt2spk": "b1\tB\n",
            "spk2age": "B\t40\n",
            "spk2gender": "B\tm\n",
        },
    }
    for split, files in tables.items():
        (root / split).mkdir()
        for name, content in files.items():
            (root / split / name).write_text(content)
    for name in ("A/a1", "A/a2", "B/b1"):
        path = root / "WAVE" / f"{name}.WAV"
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, np.zeros(100), 16_000)
    labels = {
        "a1": {"text": "WE", "words": [WORD]},
        "a2": {
            "text": "WE WE",
            "words": [WORD | {"phones": "W IY0"}, {"text": "WE", "phones": ["W", "IY0"]}],
        },
        "b1": {"text": "WE", "words": [FULL_WORD]} | SCORES,
    }
    (root / "resource").mkdir()
    (root / "resource" / "scores.json").write_text(json.dumps(labels))
    return root


def edit_labels(corpus: Path, change) -> None:
    """Change the content of `scores.json` in place."""
    path = corpus / "resource" / "scores.json"
    labels = json.loads(path.read_text())
    change(labels)
    path.write_text(json.dumps(labels))
