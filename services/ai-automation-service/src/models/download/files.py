"""Hashes of files, and writing that survives a crash."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path, PurePosixPath

from src.domain.patterns import Json

_CHUNK = 1 << 20


def sha256(path: Path) -> str:
    """In hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob_hash(path: Path) -> str:
    """The hash git names a file's content by, in hex; hubs state it for files that are not in large-file storage."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def describe(path: Path) -> Json:
    """``sha256`` and ``bytes`` of a file, as manifests keep them."""
    return {"sha256": sha256(path), "bytes": path.stat().st_size}


def write_json(path: Path, value: Json) -> None:
    """Write and flush to disk."""
    with path.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def safe_path(text: str) -> PurePosixPath:
    """A path with forward slashes that stays inside the folder it is put in.

    Raises:
        ValueError: it is absolute, climbs, is empty, or means something else on another system.
    """
    parts = text.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(character in text for character in "\\\0:"):
        raise ValueError(f"{text!r} is no path inside a folder")
    return PurePosixPath(*parts)
