"""How far the preparing process is, as it tells the service: lines of JSON, a few a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from src.domain.patterns import Json

_WINDOW = 10.0  # seconds that a rate is taken over
_APART = 0.25  # seconds between two reports of the same step


@dataclass(frozen=True, slots=True)
class Progress:
    """One report; the fields are those of :class:`~src.models.download.board.Download`."""

    stage: Literal["waiting", "downloading", "verifying", "converting"]
    file: str | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    bytes_per_second: float | None = None
    seconds_left: float | None = None
    attempt: int = 1
    message: str | None = None

    def to_json(self) -> Json:
        return asdict(self)


Report = Callable[[Progress], None]


class Meter:
    """Counts the bytes of all files of a source and reports them.

    Args:
        report: takes each report.
        clock: seconds, monotonic.
    """

    def __init__(self, report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._clock = clock
        self._done: dict[str, int] = {}
        self._total: int | None = None
        self._received = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._step: tuple[str, str | None, int] | None = None
        self._reported = 0.0

    def expect(self, total: int | None) -> None:
        """The bytes of all files; None when the hub does not say."""
        self._total = total

    def have(self, file: str, done: int) -> None:
        """A file has that many bytes on disk, without any of them having been received just now."""
        self._done[file] = done

    def receive(self, file: str, received: int, attempt: int) -> None:
        """That many further bytes of a file came."""
        self._done[file] = self._done.get(file, 0) + received
        self._received += received
        self._tell("downloading", file, attempt)

    def step(
        self,
        stage: Literal["waiting", "downloading", "verifying", "converting"],
        file: str | None = None,
        attempt: int = 1,
        message: str | None = None,
    ) -> None:
        """Something else begins; told at once."""
        self._tell(stage, file, attempt, message, at_once=True)

    @property
    def rate(self) -> float | None:
        """Bytes a second over the last seconds; None with less than half a second to tell from."""
        if len(self._samples) < 2:
            return None
        (start, before), (end, now) = self._samples[0], self._samples[-1]
        return (now - before) / (end - start) if end - start >= 0.5 else None

    def _tell(
        self,
        stage: Literal["waiting", "downloading", "verifying", "converting"],
        file: str | None,
        attempt: int,
        message: str | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        now = self._clock()
        step = (stage, file, attempt)
        if not at_once and step == self._step and now - self._reported < _APART:
            return
        self._step, self._reported = step, now
        self._samples.append((now, self._received))
        while now - self._samples[0][0] > _WINDOW:
            self._samples.popleft()
        done, rate = sum(self._done.values()), self.rate if stage == "downloading" else None
        left = (self._total - done) / rate if rate and self._total is not None else None
        self._report(Progress(stage, file, done, self._total, rate, left, attempt, message))
