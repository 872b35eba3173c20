"""Where things are in the repository, for tests."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src"
PACKAGE = SOURCE / "enunciate"
RECIPES = PACKAGE / "recipes"
WEIGHTS = PACKAGE / "pocket" / "weights"
ASSETS = REPOSITORY / "tests" / "assets"
EXAMPLES = REPOSITORY / "examples"
