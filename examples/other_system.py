"""A system of another kind, as `enunciate evaluate --system` and `enunciate benchmark --system` run it.

It reads the list of clips and writes an answer for each. It does not listen: who reads fast is called fluent,
and every phone is called right. Put a real system in place of `answer`.

    enunciate evaluate --corpus DIR --out fast --system 'python examples/other_system.py {manifest} {out}'
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import soundfile as sf

PHONES_PER_S_OF_A_GOOD_READER = 12


def answer(clip: dict[str, str]) -> dict[str, object]:
    try:
        duration_s = sf.info(clip["audio"]).duration
    except sf.LibsndfileError as error:
        return {"id": clip["id"], "model": "fast is good 1", "error": str(error)}
    phones = clip.get("phones", "").replace("|", " ").split()
    score = min(10.0, 10 * len(phones) / duration_s / PHONES_PER_S_OF_A_GOOD_READER)
    return {
        "id": clip["id"],
        "model": "fast is good 1",
        "total": score,
        "fluency": score,
        "phones": [{"phone": phone, "score": 2} for phone in phones],
    }


def main() -> None:
    clips, answers = map(Path, sys.argv[1:])
    rows = [answer(json.loads(line)) for line in clips.read_text(encoding="utf-8").splitlines()]
    answers.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


main()
