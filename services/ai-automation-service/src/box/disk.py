"""The disk under a folder: how much room there is, and whether what was written is on it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LEAST_FREE = 256 * 1024**2
"""Bytes. A run writes its findings and a model's fetch its files; below this either may be cut off in the middle."""


def existing(folder: Path) -> Path:
    """The folder or, while it was not made yet, the first above it that is there for this user."""
    there = folder.absolute()
    while not is_there(there) and there != there.parent:
        there = there.parent
    return there


def is_there(path: Path) -> bool:
    """Whether it is there for this user: what lies in a folder that may not be entered is not."""
    try:
        return path.exists()
    except OSError:
        return False


def free_bytes(folder: Path) -> int:
    """Free where a folder is or, while it was not made yet, where it will be. Raises OSError."""
    return shutil.disk_usage(existing(folder)).free


def flush(path: Path) -> None:
    """Have a file's content, or a folder's list of names, on disk before the next step. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
