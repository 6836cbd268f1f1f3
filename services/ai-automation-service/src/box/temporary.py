"""Where large temporary files go: to a disk, not to a folder that is memory."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from pathlib import Path

from src.box.mounts import mount_of

logger = logging.getLogger(__name__)

_IN_MEMORY = ("tmpfs", "ramfs")
_FORGOTTEN = 86_400.0  # seconds after which nobody comes back for what a killed process left


def temporary_files_below(folder: Path, root: Path = Path("/")) -> Path:
    """Have temporary files of Python and of child processes made in ``folder/tmp``, where the usual place is
    memory: in a container ``/tmp`` often is, and a copied database there counts against the container's limit.

    What a killed process left in it is removed. Where ``folder`` is no better, or may not be written to, the usual
    place stays.

    Args:
        root: where ``proc`` is found.

    Returns:
        the folder for temporary files.
    """
    usual, chosen = Path(tempfile.gettempdir()), (folder / "tmp").absolute()
    if not in_memory(usual, root) or in_memory(chosen, root):
        return usual
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        for left in chosen.iterdir():
            if time.time() - left.lstat().st_mtime > _FORGOTTEN:
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("temporary_files_in_memory", extra={"folder": str(usual), "why": str(error)})
        return usual
    tempfile.tempdir = os.environ["TMPDIR"] = os.environ["SQLITE_TMPDIR"] = str(chosen)
    return chosen


def in_memory(folder: Path, root: Path = Path("/")) -> bool:
    """Whether what is written there stays in memory.

    Args:
        root: where ``proc`` is found.
    """
    mount = mount_of(folder, root)
    return mount is not None and mount.kind in _IN_MEMORY
