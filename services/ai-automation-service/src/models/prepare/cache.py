"""The folder of ready models. An entry is whole and verified, or it is not there.

    MODELS_DIR/
    ├── embedding/int8-1110a243fdf4-graph1/    model.xml, model.bin, tokenizer.json, manifest.json
    ├── embedding/.staging-…                   being written; renamed when its last byte is on disk
    ├── embedding/.lock                        held by the one process that prepares this model
    ├── quarantine/embedding-int8-…            the last entry of that name that failed its check
    └── hub/                                   downloads, in the hub's own layout

Files of an entry are never written again: a running process has them mapped.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from src.box.disk import flush
from src.domain.patterns import Json
from src.errors import ModelCorrupt
from src.models.download.files import describe, write_json

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_STAGING = ".staging-"
_POLL = 0.1  # seconds between looks at a lock that another process holds


@dataclass(frozen=True, slots=True)
class Entry:
    """A ready model.

    Attributes:
        folder: its files; do not write there.
        manifest: where it came from and what it is, as :mod:`src.models.prepare.preparation` wrote it.
    """

    folder: Path
    manifest: Json

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(int(output["bytes"]) for output in self.manifest["outputs"].values())


class ModelCache:
    """Finds, publishes and sets aside entries."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def peek(self, name: str, key: str) -> Json | None:
        """The manifest of an entry, unverified; None when there is no readable one."""
        try:
            return _read_manifest(self.root / name / key)
        except (OSError, ValueError):
            return None

    def find(self, name: str, key: str) -> Entry | None:
        """The entry, every file checked against its sha256; None when there is none.

        Raises:
            ModelCorrupt: there is one, and it is not what was written; see :meth:`quarantine`.
        """
        folder = self.root / name / key
        if not folder.is_dir():
            return None
        try:
            manifest = _read_manifest(folder)
            for file, stated in manifest["outputs"].items():
                found = describe(folder / file)
                if found != stated:
                    raise ModelCorrupt(name, f"{file} has sha256 {found['sha256']}, not {stated['sha256']}")
        except (OSError, ValueError) as error:
            raise ModelCorrupt(name, f"{folder.name} cannot be read ({error})") from error
        return Entry(folder, manifest)

    @contextmanager
    def lock(self, name: str, timeout: float, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
        """Only one process at a time may stage, publish or quarantine entries of a model.

        Args:
            waiting: called once, with what is waited for, when another has it.

        Raises:
            TimeoutError: another process held it for ``timeout`` seconds.
            OSError: the folder cannot be written.
        """
        (self.root / name).mkdir(parents=True, exist_ok=True)
        past = time.monotonic() + timeout
        with (self.root / name / ".lock").open("a+") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= past:
                        raise TimeoutError(f"another process has been preparing it for {timeout:.0f} s") from None
                    if waiting:
                        waiting(f"{_holder(file)} is preparing it")
                        waiting = None
                    time.sleep(_POLL)
            file.truncate(0)
            file.write(f"{os.getpid()} {socket.gethostname()}\n")
            file.flush()
            yield  # closing the file lets the lock go, and so does the death of the process

    def stage(self, name: str) -> Path:
        """An empty folder to prepare an entry in; what killed processes left is cleared. Call it inside the lock."""
        for left in (self.root / name).glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        staged = self.root / name / f"{_STAGING}{os.getpid()}"
        staged.mkdir()
        return staged

    def publish(self, staged: Path, key: str) -> Entry:
        """Make a staged folder an entry, in one rename. Its manifest was written last, with :func:`seal`."""
        folder = staged.parent / key
        staged.rename(folder)
        flush(folder.parent)
        return Entry(folder, _read_manifest(folder))

    def quarantine(self, name: str, key: str) -> Path | None:
        """Move an entry aside, over an older one of its name; None when another process already has."""
        aside = self.root / "quarantine" / f"{name}-{key}"
        aside.parent.mkdir(exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        try:
            (self.root / name / key).rename(aside)
        except FileNotFoundError:
            return None
        logger.warning("model_quarantined name=%s entry=%s moved_to=%s", name, key, aside)
        return aside


def _holder(file: IO[str]) -> str:
    """Who wrote the lock's file last, for people."""
    file.seek(0)
    number, _, host = file.read(256).strip().partition(" ")
    return f"process {number} on {host}" if host else "another process"


def seal(staged: Path, manifest: Json) -> None:
    """Flush a staged folder's files, then write the manifest with their hashes."""
    outputs = {}
    for path in sorted(staged.iterdir()):
        flush(path)
        outputs[path.name] = describe(path)
    write_json(staged / MANIFEST, {**manifest, "outputs": outputs})
    flush(staged)


def _read_manifest(folder: Path) -> Json:
    manifest: Json = json.loads((folder / MANIFEST).read_bytes())
    outputs = manifest.get("outputs") if isinstance(manifest, dict) else None
    if not isinstance(outputs, dict) or not outputs:
        raise ValueError(f"{MANIFEST} lists no files")
    for name, stated in outputs.items():
        if Path(name).name != name or not isinstance(stated, dict) or set(stated) != {"sha256", "bytes"}:
            raise ValueError(f"{MANIFEST} describes {name!r} wrongly")
    return manifest
