"""What a file of a hub must be: the catalog's word for it, else the hub's own."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from src.models.catalog.model_card import SourceFile
from src.models.download.files import git_blob_hash, sha256
from src.models.download.hub import SourceFailed
from src.models.download.web import Statement

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


def is_commit(revision: str | None) -> bool:
    """Whether a revision is the full hash of a commit: what it names never changes."""
    return revision is not None and _SHA1.fullmatch(revision) is not None


def sized(file: SourceFile, statement: Statement) -> Statement:
    """The statement, with the catalog's size where the hub gives none.

    Raises:
        SourceFailed: they differ.
    """
    if file.size is None or statement.size == file.size:
        return statement
    if statement.size is None:
        return replace(statement, size=file.size)
    raise SourceFailed(f"{file.path} has {statement.size} bytes on the hub, not {file.size}")


def tag_of(file: SourceFile, statement: Statement) -> str:
    """What the file's content is named by.

    Raises:
        SourceFailed: the hub has other content than the catalog, or there is no hash to check it by.
    """
    tag = statement.tag or ""
    if file.sha256 and _SHA256.fullmatch(tag) and tag != file.sha256:
        raise SourceFailed(f"{file.path} has hash {tag} on the hub, not {file.sha256}")
    if _SHA256.fullmatch(tag) or _SHA1.fullmatch(tag):
        return tag
    if file.sha256:
        return file.sha256
    raise SourceFailed(f"{file.path}: the hub states no hash for it, and the catalog has none")


def stated_hash(file: SourceFile, tag: str) -> str:
    """The catalog's sha256, else the entity tag."""
    return file.sha256 or tag


def mismatch(path: Path, stated: str) -> str | None:
    """None when a file has the stated hash; otherwise what it has, completing "<file> ..."."""
    if _SHA256.fullmatch(stated):
        found = sha256(path)
    elif _SHA1.fullmatch(stated):
        found = git_blob_hash(path)
    else:
        return "has no hash to be checked by"
    return None if found == stated else f"has hash {found}, not {stated}"
