"""Tells of one model's preparation: to the board, and now and then to the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from src.models.catalog.model_card import ModelCard
from src.models.download.board import Download, DownloadBoard, Stage
from src.models.download.progress import Progress
from src.observability.metrics import DOWNLOAD_FAILURES

logger = logging.getLogger(__name__)

_APART = 5.0  # seconds between two lines of the log, unless a further tenth is done


class Announcer:
    """Posts the states of one model.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, card: ModelCard, board: DownloadBoard, clock: Callable[[], float]) -> None:
        self._board = board
        self._clock = clock
        self._state = Download(card.name, card.model, "waiting")
        self._logged_at = clock()
        self._tenths = 0

    def waiting(self, what_for: str) -> None:
        """Another process is at it."""
        logger.info("model_waiting name=%s for=%r", self._state.name, what_for)
        self._post(replace(self._state, stage="waiting", message=what_for))

    def source(self, name: str) -> None:
        """A source is tried from here on."""
        self._tenths = 0
        self._state = Download(self._state.name, self._state.model, self._state.stage, source=name)

    def progress(self, progress: Progress) -> None:
        """What the preparing process said."""
        changed = progress.stage != self._state.stage
        self._post(
            replace(
                self._state,
                stage=progress.stage,
                file=progress.file,
                bytes_done=progress.bytes_done,
                bytes_total=progress.bytes_total,
                bytes_per_second=progress.bytes_per_second,
                seconds_left=progress.seconds_left,
                attempt=progress.attempt,
                message=progress.message,
            )
        )
        now, tenths = self._clock(), 10 * progress.bytes_done // (progress.bytes_total or progress.bytes_done + 1)
        if changed or progress.message or tenths > self._tenths or now - self._logged_at >= _APART:
            self._logged_at, self._tenths = now, tenths
            logger.info("model_progress %s", " ".join(f"{name}={value!r}" for name, value in self._news().items()))

    def done(self) -> None:
        self._end("done", None)

    def failed(self, why: str) -> None:
        DOWNLOAD_FAILURES.labels(self._state.name).inc()
        self._end("failed", why)

    def _end(self, stage: Stage, why: str | None) -> None:
        self._post(replace(self._state, stage=stage, bytes_per_second=None, seconds_left=None, message=why))

    def _post(self, state: Download) -> None:
        self._state = state
        self._board.post(state)

    def _news(self) -> dict[str, object]:
        state = self._state
        rounded = {"rate": state.bytes_per_second, "seconds_left": state.seconds_left}
        fields: dict[str, object] = {
            "name": state.name,
            "stage": state.stage,
            "file": state.file,
            "bytes": state.bytes_done,
            "total": state.bytes_total,
            **{name: round(value) for name, value in rounded.items() if value is not None},
            "attempt": state.attempt if state.attempt > 1 else None,
            "message": state.message,
        }
        return {name: value for name, value in fields.items() if value is not None}
