"""The pipeline: history in, a published run out.

import -> load -> mine -> describe -> identify -> embed -> retrieve -> rerank -> classify -> publish
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from src.domain.patterns import Json, Kind
from src.domain.progress import Progress, silent
from src.domain.runs import Run
from src.models.model_manager import ModelManager
from src.settings import Settings
from src.store.store import Store

Clock = Callable[[], int]  # µs since the epoch, UTC


@dataclass(frozen=True, slots=True)
class DetectRequest:
    """What a run is asked to do, in the terms of ``POST /patterns/detect``.

    Attributes:
        history: source to import first; None: mine what the store holds (the nightly run passes HISTORY).
        entities: CSV of entity metadata that goes with ``history``.
        start, end: the span to mine, µs UTC, end exclusive; None: open.
        time_zone: overrides the history's zone.
        kinds: None for all.
        interest: the name of a standing interest or a free question; None: every standing interest.
        top_k: length of each shortlist, 1 to 100.
    """

    history: str | None = None
    entities: str | None = None
    start: int | None = None
    end: int | None = None
    time_zone: str | None = None
    kinds: tuple[Kind, ...] | None = None
    interest: str | None = None
    top_k: int = 10

    def to_json(self) -> Json:
        """As the run record keeps it."""
        raise NotImplementedError


class Pipeline:
    """Joins store, miner and models. One call of :meth:`run` is one run record."""

    def __init__(self, store: Store, models: ModelManager, settings: Settings, *, clock: Clock) -> None:
        raise NotImplementedError

    def run(self, run: Run, request: DetectRequest, *, progress: Progress = silent) -> Run:
        """Execute a run that was already recorded with ``store.runs.start``, and publish or fail it.

        Whatever goes wrong after the start is recorded in the run before it is raised again.

        Raises:
            ServiceError: what went wrong; the previous results stay in place.
        """
        raise NotImplementedError
