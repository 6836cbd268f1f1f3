"""The folder of downloads of one repository, as ``huggingface_hub`` and what builds on it lay it out.

    models--sentence-transformers--all-MiniLM-L6-v2/
    ├── blobs/53aa5117…                        content, named by its hash
    ├── blobs/53aa5117….resumable.incomplete   the first bytes of it; only ours has this name
    ├── refs/main                              the commit that a moving name was at
    └── snapshots/1110a243…/model.safetensors  a link to the blob
    .locks/models--…/53aa5117….lock            held while that blob is fetched, by other tools too

A blob is complete and verified before it has its name; a link leads to a blob that is there; a reference is written
when every file of its commit is linked. So a process killed anywhere leaves nothing that is half.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from src.box.disk import flush
from src.models.download.files import safe_path

_PARTIAL = ".resumable.incomplete"
_POLL = 0.1  # seconds between looks at a lock that another process holds
_REFERENCE = 10.0  # seconds that writing a line may take another process
_FORGOTTEN = 7 * 86400.0  # seconds after which nobody will resume a partial file
_TAG = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{1,127}")


class HubLayout:
    """Paths of one repository below the downloads folder.

    Raises:
        ValueError: the repository's name would lead elsewhere.
    """

    def __init__(self, downloads: Path, repository: str) -> None:
        owner_and_name = safe_path(repository).parts
        if not 1 <= len(owner_and_name) <= 2 or "--" in repository:
            raise ValueError(f"{repository!r} is no repository")
        folder = f"models--{'--'.join(owner_and_name)}"
        self.root = downloads / folder
        self._locks = downloads / ".locks" / folder

    @property
    def exists(self) -> bool:
        """Whether anything of it was ever fetched."""
        return (self.root / "snapshots").is_dir()

    def commit(self, revision: str) -> str | None:
        """The commit a moving name was at when it was last fetched; None when it never was."""
        try:
            return (self.root / "refs" / safe_path(revision)).read_text(encoding="ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def blob(self, tag: str) -> Path:
        """Where the content of that entity tag is, or will be."""
        if not _TAG.fullmatch(tag):
            raise ValueError(f"{tag!r} is no entity tag")
        return self.root / "blobs" / tag

    def partial(self, tag: str) -> Path:
        """Where the first bytes of it are kept until it is complete."""
        blob = self.blob(tag)
        return blob.with_name(blob.name + _PARTIAL)

    def file(self, commit: str, path: str) -> Path:
        """Where a file of a commit is, or will be."""
        return self.root / "snapshots" / safe_path(commit) / safe_path(path)

    def keep(self, partial: Path, tag: str) -> None:
        """Give a complete and verified partial file its name."""
        flush(partial)
        partial.replace(self.blob(tag))
        flush(partial.parent)

    def link(self, tag: str, commit: str, path: str) -> Path:
        """Have a file of a commit lead to its blob; where the file system has no links, be its blob.

        Call it inside the blob's lock.
        """
        file, blob = self.file(commit, path), self.blob(tag)
        file.parent.mkdir(parents=True, exist_ok=True)
        made = file.with_name(f".{file.name}.link")
        made.unlink(missing_ok=True)
        try:
            made.symlink_to(os.path.relpath(blob, file.parent))
        except OSError:
            blob.replace(file)
        else:
            made.replace(file)
        flush(file.parent)
        return file

    def refer(self, revision: str, commit: str) -> None:
        """Note the commit that a moving name is at."""
        if revision == commit or self.commit(revision) == commit:
            return
        reference = self.root / "refs" / safe_path(revision)
        reference.parent.mkdir(parents=True, exist_ok=True)
        with self.lock("refs", _REFERENCE):
            made = reference.with_name(f".{reference.name}.new")
            made.write_text(commit, encoding="ascii")
            flush(made)
            made.replace(reference)
            flush(reference.parent)

    def discard(self, path: Path) -> None:
        """Remove a file that is not what it should be, and what it leads to inside this folder."""
        blob = path.resolve()
        path.unlink(missing_ok=True)
        if blob.parent == (self.root / "blobs").resolve():
            blob.unlink(missing_ok=True)

    def drop_empty(self, tag: str) -> None:
        """Remove a partial file that has nothing to go on from."""
        partial = self.partial(tag)
        with suppress(FileNotFoundError):
            if not partial.stat().st_size:
                partial.unlink()

    def drop_others(self, tags: set[str]) -> None:
        """Remove partial files of other content than these tags', which nobody is fetching: the hub has newer."""
        for partial in (self.root / "blobs").glob(f"*{_PARTIAL}"):
            tag = partial.name.removesuffix(_PARTIAL)
            if tag not in tags:
                with suppress(TimeoutError), self.lock(tag, 0.0):
                    partial.unlink(missing_ok=True)

    @contextmanager
    def lock(self, tag: str, seconds: float, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Only one process fetches a blob at a time; ``huggingface_hub`` takes the same lock.

        Args:
            waiting: called once when another process has it.

        Raises:
            TimeoutError: for all these seconds.
        """
        self._locks.mkdir(parents=True, exist_ok=True)
        past = time.monotonic() + seconds
        with (self._locks / f"{tag}.lock").open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= past:
                        raise TimeoutError("another process has been fetching it") from None
                    if waiting:
                        waiting()
                        waiting = None
                    time.sleep(_POLL)
            yield


def drop_forgotten(downloads: Path, now: float) -> None:
    """Remove partial files of any repository that were not touched for a week.

    Args:
        now: seconds since the epoch.
    """
    for partial in downloads.glob(f"models--*/blobs/*{_PARTIAL}"):
        with suppress(OSError):  # another process was faster, or the folder is not ours to write
            if now - partial.stat().st_mtime > _FORGOTTEN:
                partial.unlink()
