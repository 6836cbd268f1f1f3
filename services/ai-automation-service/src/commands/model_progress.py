"""How far models are, shown while they are prepared: bars on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from src.models.download.board import Download, DownloadBoard
from src.terminal import Terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Show = Callable[[Download], None]

_EVERY = 5.0  # seconds between two lines of the same stage
_LOOK = 0.25  # seconds of one wait for news
_MB = 1e6


@contextmanager
def showing(board: DownloadBoard, terminal: Terminal) -> Iterator[None]:
    """Show on stderr what is posted on a board meanwhile."""
    with watching(board, Lines(terminal.say)) if not terminal.err.is_terminal else _bars(board, terminal):
        yield


@contextmanager
def watching(board: DownloadBoard, show: Show) -> Iterator[None]:
    """Call ``show`` from a thread with what is posted meanwhile, the last of it before this ends."""
    ended = threading.Event()
    seen, _ = board.since(0, 0.0)

    def watch() -> None:
        count = seen
        while True:
            last = ended.is_set()
            count, news = board.since(count, 0.0 if last else _LOOK)
            for download in news:
                show(download)
            if last:
                return

    watcher = threading.Thread(target=watch, name="download-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def line(download: Download) -> str:
    """``embedding: downloading model.safetensors, 41.9 of 91.3 MB, 5.2 MB/s, 10 s left``."""
    what = f"{download.name}: {download.stage}"
    if download.file and download.stage in ("downloading", "verifying"):
        what += f" {download.file}"
    return ", ".join([what, *_amounts(download), *([download.message] if download.message else [])])


def _amounts(download: Download) -> list[str]:
    if download.stage != "downloading":
        return []
    parts = []
    if download.bytes_total:
        parts.append(f"{download.bytes_done / _MB:.1f} of {download.bytes_total / _MB:.1f} MB")
    elif download.bytes_done:
        parts.append(f"{download.bytes_done / _MB:.1f} MB")
    if download.bytes_per_second is not None:
        parts.append(f"{download.bytes_per_second / _MB:.1f} MB/s")
    if download.seconds_left is not None:
        parts.append(f"{download.seconds_left:.0f} s left")
    if download.attempt > 1:
        parts.append(f"attempt {download.attempt}")
    return parts


class Lines:
    """A line when a model's stage, source or attempt changes, and every few seconds between.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._told: dict[str, tuple[float, tuple[object, ...]]] = {}

    def __call__(self, download: Download) -> None:
        now = self._clock()
        about = (download.stage, download.source, download.attempt, download.message)
        at, before = self._told.get(download.name, (now - _EVERY, ()))
        if about != before or now - at >= _EVERY:
            self._told[download.name] = (now, about)
            self._say(line(download))


@contextmanager
def _bars(board: DownloadBoard, terminal: Terminal) -> Iterator[None]:
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description:<14}"),
        TextColumn("{task.fields[doing]:<32}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[amounts]}"),
    )
    with Progress(*columns, console=terminal.err, transient=True) as progress, watching(board, Bars(progress)):
        yield


class Bars:
    """A bar a model."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, download: Download) -> None:
        if download.name not in self._tasks:
            self._tasks[download.name] = self._progress.add_task(download.name, total=None, doing="", amounts="")
        file = f" {download.file}" if download.file and download.stage != "converting" else ""
        self._progress.update(
            self._tasks[download.name],
            total=download.bytes_total if download.stage == "downloading" else None,
            completed=download.bytes_done,
            doing=f"{download.stage}{file}",
            amounts=", ".join([*_amounts(download), *([download.message] if download.message else [])]),
        )
