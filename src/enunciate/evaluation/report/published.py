"""Published results on Speechocean762, each with its source; none of them was measured here.

All are for the official test split (2,500 clips of 125 speakers). Reports show them as marked rows; a system
that was evaluated on other clips cannot be compared with them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedSystem:
    """A row of a published table; None where it has no such metric."""

    name: str
    source: str
    accuracy: float | None = None
    fluency: float | None = None
    prosodic: float | None = None
    total: float | None = None
    phone: float | None = None
    f1: float | None = None
    """F1 of mispronunciation detection in the usual sense, not of matching phones."""
    per: float | None = None
    wer: float | None = None
    note: str = ""


PUBLISHED = (
    PublishedSystem("GOPT", "Gong et al., 2022", 0.714, 0.753, 0.760, 0.742, phone=0.612),
    PublishedSystem(
        "Joint-CAPT-L1",
        "Ryu et al., 2023",
        0.719,
        0.775,
        0.773,
        0.743,
        per=0.099,
    ),
    PublishedSystem("data2vec2 + 7B LLM", "Fu et al., 2024", 0.713, 0.777),
    PublishedSystem(
        "Azure Pronunciation Assessment", "commercial service, as published", 0.700, 0.715, 0.842, 0.782
    ),
    PublishedSystem("Qwen2-Audio LoRA", "one model for each aspect", 0.74, 0.79, 0.77, 0.77),
    PublishedSystem("GPT-4o, zero-shot", "as published", 0.47, 0.46, 0.44, 0.50),
    PublishedSystem(
        "Phi-4-multimodal, LoRA, epoch 3",
        "Ahn and Nam, 2025, arXiv 2509.02915",
        0.656,
        0.727,
        0.711,
        0.675,
        per=0.114,
        wer=0.140,
    ),
    PublishedSystem(
        "Phi-4-multimodal, unfrozen, epoch 4",
        "Ahn and Nam, 2025, arXiv 2509.02915",
        0.743,
        0.717,
        0.704,
        0.666,
        per=0.142,
        wer=0.142,
    ),
    PublishedSystem(
        "HMamba",
        "2025",
        0.807,
        0.848,
        0.843,
        0.829,
        phone=0.739,
        f1=0.639,
        note="its PER of 0.027 is with the text given",
    ),
    PublishedSystem("MuFFIN", "2025", 0.807, 0.841, 0.832, 0.830, phone=0.742, f1=0.680),
    PublishedSystem(
        "one human expert",
        "derived: against the mean of the other four",
        0.73,
        0.77,
        0.76,
        0.78,
    ),
)
