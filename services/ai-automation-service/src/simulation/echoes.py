"""What an entity reports that repeats others: a group of lamps, a template, a plug's meter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.domain.events import MICROSECONDS, Origin
from src.simulation.background import heartbeat
from src.simulation.house import Echo
from src.simulation.span import Span
from src.simulation.timeline import Timeline, changes_only, timeline


def echoed(echo: Echo, sources: Sequence[Timeline], span: Span, rng: np.random.Generator) -> Timeline:
    """What an echo reports: on while any of its sources is on, or the watts of that."""
    time = np.concatenate([line.time for line in sources])
    on_state = [np.isin(line.names, echo.on_states).astype(np.int64)[line.code] for line in sources]
    delta = [np.diff(on, prepend=0) for on in on_state]
    origin = np.concatenate([line.origin for line in sources])
    order = np.argsort(time, kind="stable")
    count = np.cumsum(np.concatenate(delta)[order])
    code = (count > 0).astype(np.int32)
    if not echo.same_context:
        origin = np.full(len(origin), Origin.DEVICE, np.int8)
    lag = (rng.uniform(echo.lag_seconds / 10, echo.lag_seconds, len(time)) * MICROSECONDS).astype(np.int64)
    at = np.maximum.accumulate(time[order] + lag)
    line = changes_only(timeline(at, code, ("off", "on"), origin[order]), "off")
    return line if echo.watts is None else _power(line, echo.watts, span, rng)


def _power(line: Timeline, watts: float, span: Span, rng: np.random.Generator) -> Timeline:
    """A plug's meter: some watts while on, next to nothing while off, and a reading now and then."""
    beat = heartbeat(span, 90, rng)
    time = np.concatenate([line.time, beat.time])
    last = np.searchsorted(line.time, beat.time, "right") - 1
    on = np.concatenate([line.code, np.where(last >= 0, line.code[np.maximum(last, 0)] if len(line) else 0, 0)])
    level = np.where(on == 1, np.round(watts + rng.integers(-9, 10, len(on)) * watts / 300, 1), 0.4)
    values, code = np.unique(level, return_inverse=True)
    origin = np.concatenate([line.origin, beat.origin])
    names = tuple(f"{value:.1f}" for value in values.tolist())
    if "0.4" not in names:
        names = (*names, "0.4")
    return timeline(time, code.astype(np.int32), names, origin)
