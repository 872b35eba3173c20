"""Draw the terminal of the README: run the command on the example clip and write docs/images/terminal.svg.

python examples/make_terminal_image.py
"""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

from enunciate import Utterance, load_assessor
from enunciate.cli.assessment_table import assessment_table

REPOSITORY = Path(__file__).resolve().parents[1]
CLIP = REPOSITORY / "examples" / "i_think_the_weather_is_nice.flac"
TEXT = "I think the weather is nice today."
IMAGE = REPOSITORY / "docs" / "images" / "terminal.svg"
WIDTH = 84


def main() -> None:
    console = Console(record=True, width=WIDTH, highlight=False, force_terminal=True, file=StringIO())
    console.print(f"$ enunciate assess {CLIP.name} \\\n    --text {TEXT!r}")
    (assessment,) = load_assessor("pocket").assess([Utterance(id=CLIP.name, audio=CLIP, text=TEXT)])
    console.print(assessment_table(assessment))
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title="enunciate", theme=SVG_EXPORT_THEME, unique_id="terminal")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # no fonts from other servers
    IMAGE.write_text(svg, encoding="utf-8")
    print(f"{IMAGE.relative_to(REPOSITORY)}: {len(svg)} characters")


if __name__ == "__main__":
    main()
