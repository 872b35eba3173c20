"""Made-up folders of exactly the form of L2-ARCTIC and EpaDB."""

from __future__ import annotations

from pathlib import Path

from support.fake_assessor import write_clip

Intervals = list[tuple[float, float, str]]


def textgrid(duration_s: float, tiers: dict[str, Intervals]) -> str:
    """A TextGrid in Praat's long format, its intervals as they are given."""
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0.0",
        f"xmax = {duration_s}",
    ]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, intervals) in enumerate(tiers.items(), start=1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        lines += ["        xmin = 0.0", f"        xmax = {duration_s}"]
        lines += [f"        intervals: size = {len(intervals)}"]
        for index, (start_s, end_s, label) in enumerate(intervals, start=1):
            lines += [f"            intervals [{index}]:", f"                xmin = {start_s}"]
            lines += [f"                xmax = {end_s}", f'                text = "{label}"']
    return "\n".join(lines)


def spread(words: list[tuple[str, list[str]]], silence: str = "") -> tuple[Intervals, Intervals]:
    """Word and phone tiers of phones of 0.1 s each, with 0.1 s of silence before them."""
    word_tier: Intervals = [(0.0, 0.1, "")]
    phone_tier: Intervals = [(0.0, 0.1, silence)]
    now = 1
    for text, phones in words:
        word_tier.append((now / 10, (now + len(phones)) / 10, text))
        for phone in phones:
            phone_tier.append((now / 10, (now + 1) / 10, phone))
            now += 1
    return word_tier, phone_tier


def write_l2arctic(
    root: Path, speaker: str, name: str, text: str, words: list[tuple[str, list[str]]]
) -> Path:
    """Write an annotated utterance; the path of its annotation."""
    folder = root / speaker
    for part in ("wav", "transcript", "annotation"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_clip(folder / "wav" / f"{name}.wav", duration_s=2, rate_hz=44_100)
    (folder / "transcript" / f"{name}.txt").write_text(text)
    word_tier, phone_tier = spread(words, "sil")
    annotation = folder / "annotation" / f"{name}.TextGrid"
    annotation.write_text(
        textgrid(2.0, {"words": word_tier, "phones": phone_tier, "IPA": [], "comments": []})
    )
    return annotation


def write_epadb(
    root: Path,
    split: str,
    name: str,
    words: list[tuple[str, list[str]]],
    labels: str | None,
    score: str = "4/5",
) -> Path:
    """Write an annotated utterance, with a label file or without; the path of its annotation."""
    folder = root / split / name.partition("_")[0]
    for part in ("waveforms", "annotations_1", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_clip(folder / "waveforms" / f"{name}.wav", duration_s=2)
    word_tier, phone_tier = spread(words, "sil")
    annotation = folder / "annotations_1" / f"{name}.TextGrid"
    tiers = {"words": word_tier, "annotation": [*phone_tier, (1.9, 2.0, "sp")], "score": [(0.0, 2.0, score)]}
    content = textgrid(2.0, tiers)
    for number in (2, 3):  # in the files of EpaDB, all tiers are the first
        content = content.replace(f"    item [{number}]:", "    item [1]:")
    annotation.write_text(content)
    if labels is not None:
        lines = [f"{name}_{index} {line}" for index, line in enumerate(labels.splitlines())]
        (folder / "labels" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return annotation
