"""What a person may have done to the cache: remove a model's entries, or have one made anew.

A process that has an entry loaded keeps it: its files are mapped, and the system keeps them until it lets go.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from src.box.disk import flush
from src.errors import ModelLocked
from src.models.prepare.cache import MANIFEST, ModelCache

_REPLACED = ".replaced-"


def kept(cache: ModelCache, name: str) -> list[Path]:
    """The folders of a model's entries, of every precision."""
    return sorted(manifest.parent for manifest in (cache.root / name).glob(f"[!.]*/{MANIFEST}"))


def size_of(folder: Path) -> int:
    """Bytes of the files below a folder; links count nothing."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def remove_entries(cache: ModelCache, name: str) -> list[Path]:
    """Remove a model's entries; each is gone at once or not at all.

    Returns:
        the folders that were there.

    Raises:
        ModelLocked: another process is preparing it.
        OSError: a folder cannot be changed.
    """
    with _locked(cache, name):
        folders = kept(cache, name)
        for folder in folders:
            # Under a staging name it is no entry any more, and whoever prepares the model next clears what is left.
            gone = cache.stage(name)
            folder.replace(gone)
            flush(gone.parent)
            shutil.rmtree(gone)
    return folders


@contextmanager
def replacing(cache: ModelCache, name: str, key: str) -> Iterator[None]:
    """Have an entry out of the way while a new one is made; it comes back when there is none in the end.

    Raises:
        ModelLocked: another process is preparing the model.
        OSError: a folder cannot be changed.
    """
    folder = cache.root / name / key
    aside = folder.with_name(f"{_REPLACED}{key}")
    with _locked(cache, name), suppress(FileNotFoundError):
        if folder.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    try:
        yield
    finally:
        if aside.is_dir():
            if not folder.is_dir():
                aside.rename(folder)
            shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _locked(cache: ModelCache, name: str) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(cache.lock(name, 0.0))
        except TimeoutError:
            raise ModelLocked(name) from None
        yield
