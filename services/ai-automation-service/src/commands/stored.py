"""The service's store, and what is in it, read whole."""

from __future__ import annotations

from datetime import date

from src.domain.patterns import Json, Pattern
from src.domain.runs import Run
from src.settings import Settings
from src.store import Store

_PAGE = 500


def open_store(settings: Settings) -> Store:
    """The store that the settings name; its folder is made if need be.

    Raises:
        DatabaseUnreachable, DatabaseTooNew.
    """
    return Store.of(settings)


def every_pattern(store: Store) -> list[Pattern]:
    """All patterns people see, strongest first."""
    patterns: list[Pattern] = []
    cursor: str | None = None
    while True:
        page = store.patterns.page(limit=_PAGE, cursor=cursor)
        patterns.extend(page.items)
        if page.next is None:
            return patterns
        cursor = page.next


def run_json(run: Run) -> Json:
    """The record of a run without its request and results."""
    return {
        "id": run.id,
        "state": str(run.state),
        "inputs": run.inputs,
        "versions": run.versions,
        "counts": run.counts,
        "timings": run.timings,
    }


def span_of_run(run: Run) -> Json:
    """First and last event that a run mined, and how many calendar days they touch."""
    span = run.inputs["span"]
    first, last = (date.fromisoformat(str(span[side])[:10]) for side in ("start", "end"))
    return {**span, "days": (last - first).days + 1, "time_zone": run.inputs["time_zone"]}
