"""Steps of LoRA on a tiny Phi-4-multimodal on one thread of a CPU, for a comparison with ms-swift.

    PYTHONPATH=src python benchmarks/beside_ms_swift.py FOLDER

Writes the model and two clips of 1.5 s to the folder, trains with our loss in a bare loop, and prints the
command with which ms-swift makes as many steps from the same weights, tokens and targets of LoRA; its log has
the seconds. The first losses must be equal. At this size the steps are all overhead: they say nothing about a
GPU and the real size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

import soundfile
import torch
from phi4_sizes import Clock, Report
from torch import Tensor

from enunciate.speech_lm.adapter import add_adapter
from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.families.phi4.adapter_layout import LORA_TARGETS
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.options import AdapterConfig

STEPS = 40
QUESTION, ANSWER = "how well does he read it", "we call it bear"
COMMAND = (
    "OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 swift sft "
    "--model {0} --external_plugins benchmarks/ms_swift_plugin.py "
    "--tuner_type lora --target_regex '{1}' --lora_rank 4 --lora_alpha 8 --lora_dropout 0 "
    "--dataset {0}/clips.jsonl#80 --max_steps {2} --per_device_train_batch_size 2 "
    "--gradient_accumulation_steps 1 --gradient_checkpointing false --learning_rate 2e-5 "
    "--torch_dtype float32 --logging_steps 10 --save_strategy no --output_dir {0}/swift"
)


def write(folder: Path) -> None:
    """Write the checkpoint, the clips and their list."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support.speech_lm_cases import save_checkpoint, spoken_clip

    save_checkpoint(folder)
    with (folder / "clips.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(2):
            file = (folder / f"{number}.wav").resolve()
            soundfile.write(file, spoken_clip(1.5, number), 16_000)
            asked = {"role": "user", "content": f"<audio>{QUESTION}"}
            said = {"role": "assistant", "content": ANSWER}
            lines.write(json.dumps({"messages": [asked, said], "audios": [str(file)]}) + "\n")


def read(folder: Path, processor: Phi4Processor) -> dict[str, Tensor]:
    """Return both clips as a batch, with the tokens that ms-swift's template of Phi-3 gives."""
    clips = [soundfile.read(folder / f"{number}.wav", dtype="float32")[0] for number in range(2)]
    features = torch.stack([processor.features(clip) for clip in clips])
    n_audio = processor.geometry.n_tokens(features.shape[1])
    turn = f"<|user|>\n{'<|audio|>' * n_audio}{QUESTION}<|end|>\n<|assistant|>\n"
    answer = processor.tokenizer.encode(f"{ANSWER}<|end|>")
    ids = torch.tensor([processor.tokenizer.encode(turn) + answer] * 2)
    labels = torch.full_like(ids, IGNORE_INDEX)
    labels[:, -len(answer) :] = ids[:, -len(answer) :]
    last = ids.shape[1] - 1
    places = torch.arange(last - len(answer), last) + last * torch.arange(2)[:, None]
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "labels": labels,
        "answer_places": places.flatten(),
        "audio_input_features": features,
        "audio_embed_sizes": torch.tensor([n_audio] * 2),
        "audio_attention_mask": torch.ones(features.shape[:2], dtype=torch.bool),
    }


def train(folder: Path, report: Report, *, encode_once: bool) -> None:
    """Make the steps, and print their seconds."""
    base = load_base(folder, dtype=torch.float32)
    model = add_adapter(base, AdapterConfig(start="fresh", rank=4, alpha=8, dropout=0)).train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-5)
    processor = Phi4Processor.load(str(folder), None, "text")
    clock, times, losses = Clock(torch.device("cpu")), [], []
    encoded: dict[str, Tensor] = {}
    for _ in range(STEPS):
        batch = read(folder, processor)
        if encode_once and not encoded:
            with torch.no_grad():
                heard = base.encode(batch)
            encoded = {"heard_states": heard.states, "heard_tokens": heard.n_tokens}
        kept = {k: v for k, v in batch.items() if not (encoded and k.startswith("audio_"))}
        loss = answer_loss(model, kept | encoded, int((batch["labels"] != IGNORE_INDEX).sum()))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        times.append(clock.read())
    report.line(event="row", encode_once=encode_once, trained=sum(p.numel() for p in trained),
        first_loss=losses[0], total_s=sum(times), median_s=statistics.median(times))  # fmt: skip


def main() -> None:
    """Write, train, and print ms-swift's command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    write(folder)
    for encode_once in (False, True):
        train(folder, Report(None), encode_once=encode_once)
    print(COMMAND.format(folder, LORA_TARGETS, STEPS))


if __name__ == "__main__":
    main()
