"""The folders that the service writes to: whether it may, and how much room is left."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from src.box.disk import LEAST_FREE, existing, free_bytes, is_there
from src.box.mounts import mount_of
from src.doctor.finding import Finding, failed, note, ok, warning
from src.doctor.situation import Situation

ENOUGH_FREE = 2 * 10**9  # bytes; what the three models take while they are fetched and made
_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "fuse.rclone", "afs", "ceph", "glusterfs")


def look_at_storage(situation: Situation) -> Iterator[Finding]:
    """DATA_DIR, MODELS_DIR, and where the downloads go."""
    settings = situation.settings
    folders = {"data": settings.data_dir.absolute(), "models": settings.models_dir.absolute()}
    for name, folder in folders.items():
        yield _writable(name, folder)
        yield _room(f"{name} disk", folder)
        share = network_share(folder, situation.root)
        if share and name == "data" and settings.store_url.startswith("sqlite"):
            yield warning(
                f"{name} share",
                f"{folder} is on a network share ({share}), where SQLite's locks and log do not work safely",
                "Keep DATA_DIR on a disk of this machine, or use PostgreSQL (DATABASE_URL).",
            )


def _writable(name: str, folder: Path) -> Finding:
    """Tried with a file that is gone again at once; a folder that is not there yet is not made."""
    setting = f"{name.upper()}_DIR"
    if is_there(folder) and not folder.is_dir():
        return failed(name, f"{folder} is no folder", f"Set {setting} to a folder.")
    if not is_there(folder):
        there = existing(folder)
        if os.access(there, os.W_OK | os.X_OK):
            return note(name, f"{folder} is not there yet; it is made by the first use")
        return failed(
            name, f"{folder} is not there and cannot be made in {there} ({whose(there)})", _may_write(folder, setting)
        )
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        if error.errno == errno.EROFS:
            remedy = (
                f"Mount a volume at {folder} that can be written: the container's own root file system is read-only."
            )
            return failed(name, f"{folder} is on a read-only file system", remedy)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return failed(name, f"no room is left for a file in {folder}", "Free or enlarge the disk it is on.")
        return failed(name, f"{folder} cannot be written ({whose(folder)})", _may_write(folder, setting))
    return ok(name, f"{folder} can be written ({whose(folder)})")


def _may_write(folder: Path, setting: str) -> str:
    user = f"{os.getuid()}:{os.getgid()}" if hasattr(os, "getuid") else "this user"
    return (
        f"Give the folder or volume to the user that runs this: as root, `chown -R {user} {folder}` (of a folder"
        f" that is mounted from the machine, there); or set {setting} to another."
    )


def _room(name: str, folder: Path) -> Finding:
    free = free_bytes(folder)
    fact = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE:  # the service says that it is not ready
        remedy = "Free or enlarge the disk: a run cannot keep what it finds, and no model can be fetched."
        return failed(name, f"only {free // 2**20} MB free", remedy)
    if free < ENOUGH_FREE:
        return warning(name, fact, "Free some space: fetching the models needs up to 2 GB for a while.")
    return ok(name, fact)


def whose(path: Path) -> str:
    """Who owns it, and who asks; numbers, because a container has no names for them."""
    try:
        state = path.stat()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    me = os.getuid() if hasattr(os, "getuid") else "?"
    return f"owned by {state.st_uid}:{state.st_gid}, mode {state.st_mode & 0o7777:o}, this is user {me}"


def network_share(path: Path, root: Path) -> str:
    """The type of the network file system that a path is on; empty for a disk of this machine."""
    mount = mount_of(path, root)
    return mount.kind if mount is not None and mount.kind.startswith(_NETWORK) else ""
