"""How far the fetching and preparing of models is, for whoever watches: terminal, log, API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from src.domain.patterns import Json

Stage = Literal["waiting", "downloading", "verifying", "converting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Download:
    """The state of one model's preparation at one moment.

    Attributes:
        name: the model's short name in the catalog (``ModelCard.name``).
        model: its id on the hub.
        stage: ``waiting`` for memory, or for another process that prepares the same; ``done`` and ``failed`` are the
            last.
        source: what it is fetched from, as :attr:`Source.name` says; empty before the first is tried.
        file: the one that is being fetched or checked.
        bytes_done, bytes_total: of all files of the source together; the total is None while it is not known.
        bytes_per_second: over the last seconds; None while there is nothing to tell.
        seconds_left: of the download at that rate.
        attempt: of this file, from 1.
        message: why it failed, or what is waited for; for people.
    """

    name: str
    model: str
    stage: Stage
    source: str = ""
    file: str | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    bytes_per_second: float | None = None
    seconds_left: float | None = None
    attempt: int = 1
    message: str | None = None

    def to_json(self) -> Json:
        return asdict(self)


class DownloadBoard:
    """The latest state of each model, and a way to wait for the next. Threads may use it at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._latest: dict[str, tuple[int, Download]] = {}
        self._count = 0

    def post(self, download: Download) -> None:
        """Make this the latest state of its model."""
        with self._changed:
            self._count += 1
            self._latest[download.name] = (self._count, download)
            self._changed.notify_all()

    def latest(self) -> list[Download]:
        """One state a model, in the order of the last change."""
        with self._changed:
            return [download for _, download in sorted(self._latest.values(), key=lambda pair: pair[0])]

    def since(self, count: int, timeout: float) -> tuple[int, list[Download]]:
        """States posted after the ``count``-th, oldest first; waits for one at most ``timeout`` seconds.

        A watcher that is slow misses states in between, never the latest of a model.

        Returns:
            the count to ask with next, and the states; none when the time is up.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._count > count, timeout)
            news = sorted((pair for pair in self._latest.values() if pair[0] > count), key=lambda pair: pair[0])
            return self._count, [download for _, download in news]

    def __iter__(self) -> Iterator[Download]:
        return iter(self.latest())
