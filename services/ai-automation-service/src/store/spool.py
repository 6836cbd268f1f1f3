"""Folders for half-made files, which never outlive their maker for long."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from src.box.disk import flush
from src.errors import NoRoom

_UNFINISHED = ".part"
_SPARE = 16 << 20  # bytes that are left to whoever else writes to the disk


@contextmanager
def spool(folder: Path, name: str) -> Iterator[Path]:
    """A folder of one's own inside ``folder``, for files that are to be renamed into it or thrown away.

    It goes at the end, whatever happens; one whose maker was killed goes when the next of that name is made. Only
    this user can look into it.

    Args:
        name: what it is for; the folder's own name is hidden and begins with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder, name)
    made, held = _made(folder, name)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


def _made(folder: Path, name: str) -> tuple[Path, int]:
    """A new folder and its lock, which goes with the process."""
    while True:
        made = folder / f".{name}.{uuid4().hex}{_UNFINISHED}"
        made.mkdir(mode=0o700)
        held = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX)
        if made.exists():
            return made, held
        os.close(held)  # somebody swept it before it was locked


def _sweep(folder: Path, name: str) -> None:
    """Remove what killed processes left; the lock of a process that died is free."""
    for left in folder.glob(f".{_literal(name)}.*{_UNFINISHED}"):
        with suppress(OSError):
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(held)


def _literal(name: str) -> str:
    """The name with nothing in it that a glob would take for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def check_room(folder: Path, needed: int, what: str) -> None:
    """Raises NoRoom: fewer than ``needed`` bytes, and some to spare, are free on the folder's disk."""
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        ours = folder.name.startswith(".") and folder.suffix == _UNFINISHED
        raise NoRoom(what, folder.parent if ours else folder, needed + _SPARE, free)


def put_in_place(made: Path, target: Path) -> None:
    """Give a finished file its name in one step, after its bytes are on the disk: there is the old one or the new."""
    for path in (made, made.parent):
        flush(path)
    made.replace(target)
    flush(target.parent)
