"""The shape of the package: data reads straight down, and the core runs without the optional extras."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.paths import ASSETS, PACKAGE, REPOSITORY


def floors() -> tuple[str, ...]:
    """The order of the folders, one per line: each imports only from the lines above its own."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^## Floors$.*?^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return tuple(block.split())


ORDER = floors()
EXTRAS = (
    "torch",
    "onnx",
    "scipy",
    "kaldialign",
    "jiwer",
    "matplotlib",
    "praatio",
    "pyarrow",
    "datasets",
    "transformers",
    "peft",
    "accelerate",
    "llguidance",
    "sklearn",
    "fastapi",
    "starlette",
    "uvicorn",
    "python_multipart",
    "prometheus_client",
    "pocketsphinx",
    "av",
    "openai",
    "ray",
    "fsspec",
    "duckdb",
)
# What a user of the core imports; everything that these import with themselves must do without extras.
CORE = (
    "errors",
    "schema",
    "storage",
    "training.recipe_file",
    "audio",
    "phones",
    "corpus",
    "pocket.assessor",
    "baselines.loading",
    "trainers",
    "engines",
    "manifest",
    "cli.app",
)
MAX_LINES = 320
"""About 300, and room for a last docstring."""


def modules() -> dict[str, Path]:
    """Every module by its dotted name below `enunciate`; a package is named like its folder."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def nodes(tree: ast.AST, at_import_only: bool) -> Iterator[ast.AST]:
    """All nodes, or those that run when the module is imported (no function bodies, no TYPE_CHECKING)."""
    for child in ast.iter_child_nodes(tree):
        if at_import_only and (
            isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(child)
        ):
            continue
        yield child
        yield from nodes(child, at_import_only)


@cache
def imports(name: str, at_import_only: bool = False) -> frozenset[str]:
    """Absolute names of the modules that a module imports; `from enunciate.x import y` may be both."""
    path = MODULES[name]
    found = set()
    for node in nodes(ast.parse(path.read_text(encoding="utf-8")), at_import_only):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found.add(str(node.module))
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def own(names: frozenset[str]) -> set[str]:
    """Those that are modules of the package, without the leading `enunciate.`."""
    return {name.removeprefix("enunciate.") for name in names} & set(MODULES) - {""}


def floor(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


# One test for all modules each: a test for each of five hundred would cost seconds.


def test_every_module_has_a_floor():
    assert {floor(name) for name in MODULES if name} <= set(ORDER)


def test_imports_point_up():
    rank = {name: place for place, name in enumerate(ORDER)}
    wrong = [
        f"{name} imports {imported}"
        for name in MODULES
        if name
        for imported in own(imports(name))
        if floor(imported) != floor(name) and rank[floor(imported)] > rank[floor(name)]
    ]
    assert wrong == []


def reached_at_import(name: str) -> dict[str, str]:
    """Everything that importing a module imports, each with the module of ours that does it."""
    reached: dict[str, str] = {}
    waiting, seen = [name], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for imported in imports(current, at_import_only=True):
            reached.setdefault(imported, current)
        for module in own(imports(current, at_import_only=True)):
            parts = module.split(".")
            waiting += [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return reached


@pytest.mark.parametrize("name", [name for name in CORE if name in MODULES])
def test_core_needs_no_extra(name):
    for imported, by in reached_at_import(name).items():
        assert floor(imported) not in EXTRAS, f"{by} imports {imported}"


def is_training(module: str) -> bool:
    return module == "trainers" or not {"training", "train"}.isdisjoint(module.split("."))


def training_reached_from(root: str) -> set[str]:
    """Imports of training modules, function bodies included, in all modules that a root leads to."""
    reached, waiting, found = set(), [root], set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        imported = own(imports(name))
        found |= {f"{name} imports {module}" for module in imported if is_training(module)}
        waiting += [module for module in imported if not is_training(module)]
    return found


@pytest.mark.parametrize("root", ["manifest", "evaluation.run", "serve.workers.worker"])
def test_running_never_imports_training(root):
    assert training_reached_from(root) == set()


def test_assessing_loads_no_training():
    code = (
        "import sys, enunciate\n"
        "for text in ('I think the weather is nice today.', None):\n"
        f"    enunciate.assess({str(ASSETS / 'correct.flac')!r}, text)\n"
        "names = [name for name in sys.modules if name.startswith('enunciate.')]\n"
        "print('enunciate.pocket.results' in names, [n for n in names if 'train' in n])"
    )
    assert run_python(code) == "True []\n"


def test_files_are_short():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def run_python(code: str) -> str:
    """Run in a fresh interpreter, because this one has imported everything already."""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_alone_is_light():
    heavy = ("onnxruntime", "torch", "scipy", "numpy", "pydantic", "soundfile", "rich", "typer")
    loaded = run_python(
        f"import sys, enunciate; enunciate.__version__; print([m for m in {heavy} if m in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_core_imports_where_no_extra_is_installed():
    present = [f"enunciate.{name}" for name in CORE if name in MODULES]
    run_python(
        f"import sys\nfor extra in {EXTRAS}: sys.modules[extra] = None\n"
        f"import importlib\nfor name in {present}: importlib.import_module(name)"
    )


def test_public_names_come_from_public_modules():
    output = run_python(
        "import enunciate\n"
        "print(dir(enunciate) == sorted(enunciate.__all__), hasattr(enunciate, 'nothing'))\n"
        "print({getattr(enunciate, name).__module__ for name in enunciate.__all__ if name != '__version__'}"
        " == {'enunciate.engines', 'enunciate.errors', 'enunciate.schema'})"
    )
    assert output == "True False\nTrue\n"


def test_every_model_of_the_schema_is_public():
    import enunciate
    from enunciate import schema

    models = {
        name for name, kind in vars(schema).items() if getattr(kind, "__module__", "") == schema.__name__
    }
    assert {name for name in models if name[0].isupper()} - {"FrozenModel"} <= set(enunciate.__all__)
