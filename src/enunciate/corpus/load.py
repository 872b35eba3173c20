"""Any corpus, recognised by what is in its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from enunciate.corpus import speechocean762
from enunciate.corpus.epadb import load_epadb
from enunciate.corpus.huggingface import load_huggingface_folder
from enunciate.corpus.kinds import CorpusKind
from enunciate.corpus.l2arctic import load_l2arctic
from enunciate.corpus.label_rows import LABEL_SUFFIXES
from enunciate.corpus.label_table import load_label_table
from enunciate.corpus.speechocean762 import Split
from enunciate.errors import CorpusError
from enunciate.schema import Utterance

_LOADERS: dict[CorpusKind, Callable[[Path, Split], list[Utterance]]] = {
    CorpusKind.SPEECHOCEAN762: speechocean762.load_corpus,
    CorpusKind.L2ARCTIC: load_l2arctic,
    CorpusKind.EPADB: load_epadb,
    CorpusKind.HUGGINGFACE: load_huggingface_folder,
    CorpusKind.TABLE: load_label_table,
}
_GIVE = f"give the folder of a corpus, or a table of labels, whose name ends in {', '.join(LABEL_SUFFIXES)}"


def load_any_corpus(path: Path, split: Split, kind: CorpusKind | None = None) -> list[Utterance]:
    """Read a split of a corpus, or all of it.

    Args:
        path: Its folder, or the file of a table.
        split: The split.
        kind: Which corpus it is; by default the one that its content shows.

    Raises:
        CorpusError: It is none of the corpora, or broken; see the loader.
    """
    return _LOADERS[kind or kind_of(path)](path, split)


def kind_of(path: Path) -> CorpusKind:
    """Tell the corpora apart by their files.

    Raises:
        CorpusError: It is none of them.
    """
    if path.is_file() and path.suffix.lower() in LABEL_SUFFIXES:
        return CorpusKind.TABLE
    if not path.exists():
        raise CorpusError(f"there is no {path}: {_GIVE}")
    if not path.is_dir():
        raise CorpusError(f"{path} is not a folder: {_GIVE}")
    if (path / "resource").is_dir() or (path / "WAVE").is_dir():
        return CorpusKind.SPEECHOCEAN762
    if _any(path.glob("*/annotation/*.TextGrid")):
        return CorpusKind.L2ARCTIC
    if _any(path.glob("spkr*/annotations_1")) or _any(path.glob("*/spkr*/annotations_1")):
        return CorpusKind.EPADB
    if _any(path.glob("*.parquet")) or _any(path.glob("data/*.parquet")):
        return CorpusKind.HUGGINGFACE
    corpora = ", ".join(kind for kind in CorpusKind if kind is not CorpusKind.TABLE)
    raise CorpusError(
        f"{path} holds none of the corpora {corpora}: give the folder just above its speakers or splits"
    )


def _any(paths: Iterable[Path]) -> bool:
    return next(iter(paths), None) is not None
