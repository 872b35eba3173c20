"""A folder of clips, each with its text beside it, as corpora and aligners keep them.

    ada/1.wav  ada/1.txt
    bob/1.wav  bob/1.lab
    bob/2.wav               without a text

The id of a clip is its path below the folder. Files whose names begin with a dot are no clips.
"""

from __future__ import annotations

from pathlib import Path

from enunciate.clip_lists.entry import read_text_file
from enunciate.errors import ManifestError
from enunciate.schema import Utterance

AUDIO_SUFFIXES = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .aiff .aif .au .caf .webm .weba .m4a .mp4 .aac .3gp".split()
)
TEXT_SUFFIXES = (".txt", ".lab")


def read_folder(folder: Path, text: str | None = None) -> list[Utterance]:
    """Return the clips of a folder and the folders in it, in the order of their paths.

    Args:
        folder: The folder.
        text: The text of clips that have none beside them.

    Raises:
        ManifestError: There are no clips, or a text cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if _is_clip(path))
    if not paths:
        raise ManifestError(f"{folder} has no clips: their names end in {' '.join(sorted(AUDIO_SUFFIXES))}")
    return [
        Utterance(id=path.relative_to(folder).as_posix(), audio=path, text=text_beside(path) or text)
        for path in paths
    ]


def text_beside(clip: Path) -> str | None:
    """Return the text in the .txt or .lab file beside a clip, its lines joined; None where there is none.

    Raises:
        ManifestError: The file cannot be read, or is not UTF-8.
    """
    for suffix in TEXT_SUFFIXES:
        beside = clip.with_suffix(suffix)
        if beside.is_file():
            return " ".join(read_text_file(beside).split()) or None
    return None


def _is_clip(path: Path) -> bool:
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".") and path.is_file()
