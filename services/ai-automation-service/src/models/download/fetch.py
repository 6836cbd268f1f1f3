"""Every file of a source from a models' hub: resumed, tried again, verified. Runs in the preparing child process.

``huggingface_hub`` is not used: it keeps no partial file for the next try, checks the size of a file but not its hash,
and has no deadline. The folder it would write is written here, so that it and others find the files.
"""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from src.models.catalog.model_card import HubSource, SourceFile
from src.models.download.expected import is_commit, mismatch, sized, stated_hash, tag_of
from src.models.download.files import safe_path
from src.models.download.hub import SourceFailed
from src.models.download.hub_layout import HubLayout
from src.models.download.progress import Meter
from src.models.download.retry import RetryPolicy
from src.models.download.tries import Tries
from src.models.download.web import Statement, Transient, Web

Room = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """Verified files of one commit.

    Attributes:
        files: by their path in the repository.
        commit: the full hash.
    """

    files: dict[str, Path]
    commit: str


def find(source: HubSource, downloads: Path, meter: Meter) -> Fetched:
    """The source's files as they were fetched before, verified, without asking anybody.

    Raises:
        SourceFailed: one is missing, or is not what it was.
    """
    layout = HubLayout(downloads, source.repository)
    revision = source.revision or "main"
    commit = revision if is_commit(revision) else layout.commit(revision)
    if commit is None:
        raise SourceFailed(f"{revision} was not downloaded before")
    files = {}
    for file in source.files:
        path = layout.file(commit, file.path)
        if not path.is_file():
            raise SourceFailed(f"{file.path} was not downloaded before")
        meter.step("verifying", file.path)
        if wrong := mismatch(path, stated_hash(file, path.resolve().name)):
            layout.discard(path)
            raise SourceFailed(f"{file.path} {wrong}")
        files[file.path] = path
    return Fetched(files, commit)


class Fetcher:
    """Fetches the files of one source.

    Args:
        room: called before anything is fetched with the bytes to come and the bytes of all files; raises SourceFailed.
        chance: uniform in [0, 1), for the jitter of waits.
    """

    def __init__(
        self,
        source: HubSource,
        downloads: Path,
        web: Web,
        endpoint: str,
        policy: RetryPolicy,
        meter: Meter,
        room: Room,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._layout = HubLayout(downloads, source.repository)
        self._web = web
        self._address = f"{endpoint.rstrip('/')}/{quote(source.repository)}/resolve"
        self._policy = policy
        self._meter = meter
        self._room = room
        self._chance = chance
        self._sleep = sleep

    def fetch(self) -> Fetched:
        """Every file, from one commit, each checked against a sha256 or the hub's own statement.

        Raises:
            SourceFailed: the hub does not have it, does not give it in time, or gave something else.
        """
        revision = self._source.revision or "main"
        commit, stated = self._statements(revision)
        tags = {file.path: tag_of(file, stated[file.path]) for file in self._source.files}
        missing = [
            file
            for file in self._source.files
            if not self._have(file, tags[file.path], self._layout.file(commit, file.path))
        ]
        there = {file.path: self._there(tags[file.path]) for file in missing}
        for path, size in there.items():
            self._meter.have(path, size)
        sizes = {path: statement.size for path, statement in stated.items()}
        known = [size for size in sizes.values() if size is not None]
        self._meter.expect(sum(known) if len(known) == len(sizes) else None)
        self._room(sum(max(0, (sizes[path] or 0) - size) for path, size in there.items()), sum(known))
        for file in missing:
            self._file(file, commit, stated[file.path])
        self._layout.refer(revision, commit)
        self._layout.drop_others(set(tags.values()))
        return Fetched({file.path: self._layout.file(commit, file.path) for file in self._source.files}, commit)

    def _there(self, tag: str) -> int:
        """Bytes of that content on disk, complete or not."""
        return _size(self._layout.blob(tag)) or _size(self._layout.partial(tag))

    def _statements(self, revision: str) -> tuple[str, dict[str, Statement]]:
        """The commit, and what the hub says of each file at it."""
        commit, stated = "", {}
        for file in self._source.files:
            # Files of a moving head must all be of the commit that the first one was of.
            statement = self._state(file, commit or revision)
            commit = commit or statement.commit or (revision if is_commit(revision) else "")
            if not is_commit(commit):
                raise SourceFailed(f"{file.path}: the hub does not say which commit {revision} is")
            stated[file.path] = sized(file, statement)
        return commit, stated

    def _state(self, file: SourceFile, revision: str) -> Statement:
        self._meter.step("downloading", file.path)
        tries = Tries(self._policy, self._web, file.path, self._chance, self._sleep)
        while True:
            try:
                return self._web.state(self._url(file, revision))
            except Transient as error:
                tries.failed(error)
            except SourceFailed as error:
                raise SourceFailed(f"{file.path}: {error}") from error

    def _url(self, file: SourceFile, revision: str) -> str:
        return f"{self._address}/{quote(revision, safe='')}/{quote(str(safe_path(file.path)))}"

    def _have(self, file: SourceFile, tag: str, path: Path) -> bool:
        """Whether it is there, right; what is there and wrong is removed."""
        if not path.is_file():
            return False
        self._meter.step("verifying", file.path)
        if mismatch(path, stated_hash(file, tag)):
            self._layout.discard(path)
            return False
        self._meter.have(file.path, path.stat().st_size)
        return True

    def _file(self, file: SourceFile, commit: str, stated: Statement) -> None:
        """Fetch one file and have it in its place."""
        tag = tag_of(file, stated)

        def waiting() -> None:
            self._meter.step("waiting", file.path, message="another process is fetching it")

        try:
            with self._layout.lock(tag, max(0.0, self._web.remaining), waiting):
                # It may be there for another commit, or the process that had the lock has just finished it.
                if not self._have(file, tag, self._layout.blob(tag)):
                    self._transfer(file, commit, stated, tag)
                self._layout.link(tag, commit, file.path)
        except TimeoutError as error:
            raise SourceFailed(f"{file.path}: {error}") from error
        finally:
            self._layout.drop_empty(tag)

    def _transfer(self, file: SourceFile, commit: str, stated: Statement, tag: str) -> None:
        partial = self._layout.partial(tag)
        partial.parent.mkdir(parents=True, exist_ok=True)
        tries = Tries(self._policy, self._web, file.path, self._chance, self._sleep)
        wrong_before = False
        while True:
            before = _size(partial)
            try:
                self._try(file, commit, stated, partial, tries.count)
            except Transient as error:
                if error.restart:
                    partial.unlink()
                tries.failed(error, brought=_size(partial) - before)
                continue
            except SourceFailed as error:
                raise SourceFailed(f"{file.path}: {error}") from error
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    # A full disk harms more than this download, so what it had is given back.
                    partial.unlink(missing_ok=True)
                raise
            self._meter.step("verifying", file.path, tries.count)
            wrong = mismatch(partial, stated_hash(file, tag))
            if not wrong:
                self._layout.keep(partial, tag)
                return
            # Once more from its first byte: what a killed process had written may not have reached the disk whole.
            partial.unlink()
            self._meter.have(file.path, 0)
            if wrong_before:
                raise SourceFailed(f"{file.path} {wrong}")
            wrong_before = True

    def _try(self, file: SourceFile, commit: str, stated: Statement, partial: Path, attempt: int) -> None:
        """One request for what is missing of the file.

        Raises:
            Transient, SourceFailed: as :mod:`src.models.download.web` says.
            OSError: disk full and the like.
        """
        with partial.open("ab") as out:
            have = out.tell()
            if stated.size is not None and have > stated.size:
                have = out.truncate(0)
            self._meter.have(file.path, have)
            if have == stated.size:
                return
            self._meter.step("downloading", file.path, attempt)
            try:
                with self._web.body(self._url(file, commit), have, stated.tag) as (start, pieces):
                    if start != have:
                        have = out.truncate(start)
                        self._meter.have(file.path, have)
                    for piece in pieces:
                        have += len(piece)
                        if stated.size is not None and have > stated.size:
                            raise Transient(
                                f"the server sent more than the {stated.size} bytes it stated", restart=True
                            )
                        out.write(piece)
                        self._meter.receive(file.path, len(piece), attempt)
            finally:
                out.flush()
        if stated.size is not None and have < stated.size:
            raise Transient(f"the server sent {have} of {stated.size} bytes")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
