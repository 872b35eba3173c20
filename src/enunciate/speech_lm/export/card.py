"""The card of an exported folder: what it is, and the commands that start it."""

from __future__ import annotations

from pathlib import Path

import enunciate
from enunciate.speech_lm.families.names import FamilyName
from enunciate.speech_lm.families.phi4.hub import HUB_NAME
from enunciate.speech_lm.options import AdapterDescription
from enunciate.storage import write_whole

CARD = "README.md"
_HERE = """\
enunciate assess clip.wav --text "I think so." --model {folder}
enunciate serve --model {folder}
"""
_ASK = """\
enunciate assess clip.wav --text "I think so." --model openai:{name} \\
    --base-url http://localhost:8000/v1 --served-adapter {folder}
"""
SERVERS: dict[FamilyName, str] = {
    "phi4": _HERE,
    "whisper": _HERE,
    "voxtral": _HERE,
    "granite_speech": _HERE,
    "qwen2_audio": f"{_HERE}\n# or by vLLM\nvllm serve {{folder}} --served-model-name {{name}}\n{_ASK}",
}
"""The commands for a merged model of each family."""


def vllm_commands(rank: int) -> str:
    """Return the commands for an adapter of Phi-4-multimodal.

    Args:
        rank: The value of `--max-lora-rank`.
    """
    return f"""\
# The order of control token, audio and instruction is kept by --interleave-mm-strings.
vllm serve {HUB_NAME} --trust-remote-code --dtype bfloat16 --max-model-len 8192 \\
    --enable-lora --max-lora-rank {rank} --lora-modules {{name}}={{folder}} \\
    --chat-template-content-format string --interleave-mm-strings --limit-mm-per-prompt '{{{{"audio": 1}}}}'
{_ASK}"""


def write_export_card(folder: Path, out: Path, trained: AdapterDescription, commands: str) -> None:
    """Write the card.

    Args:
        folder: Where the files are written now.
        out: Where they will be.
        trained: The adapter's description.
        commands: With `{folder}` and `{name}` in them.
    """
    name = out.resolve().name
    tasks = {"apa": "scores (APA)", "mdd": "words and phones heard (MDD)"}
    write_whole(
        folder / CARD,
        f"# {name}\n\nAn adapter of `{trained.model}` for read aloud English, which gives "
        f"{' and '.join(tasks[task] for task in trained.tasks)}, exported by enunciate "
        f"{enunciate.__version__}. `recipe.json` says how it was trained and how it is asked.\n\n"
        f"```sh\n{commands.format(folder=out, name=name)}```\n",
    )
