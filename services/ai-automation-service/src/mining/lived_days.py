"""Days on which a home was lived in and recorded: those on which something that did not happen was left undone."""

from __future__ import annotations

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_local, to_utc
from src.mining.kind import Home

_BIN = 5 * 60 * MICROSECONDS
_BINS = DAY // _BIN
_HOURS = (8, 11, 14, 17, 20, 23)
_BEGUN, _OVER = 8 * 3_600 * MICROSECONDS, 21 * 3_600 * MICROSECONDS  # a first or last day that the log holds enough of
_UNLIKELY = 1e-4
_MIN_RUN = 3  # days


def liveliness(home: Home) -> Float64Array:
    """float64 (days,): five-minute stretches of each local day in which anything changed, over their median."""
    changes = home.changes
    seen = np.zeros(changes.days * _BINS, np.bool_)
    seen[np.clip((changes.local - changes.first_day * DAY) // _BIN, 0, len(seen) - 1)] = True
    busy = seen.reshape(changes.days, _BINS).sum(axis=1).astype(np.float64)
    usual = float(np.median(busy[changes.observed])) if changes.observed.any() else 0.0
    return np.asarray(busy / max(usual, 1.0), np.float64)


def lived_days(home: Home, outages: Int64Array, quiet: float = 0.25) -> BoolArray:
    """bool (days,): recorded from morning to night, somebody at home at some time, and not nearly dead.

    Args:
        outages: int64 (2, m), µs UTC, when nothing was recorded.
        quiet: of the home's usual liveliness; a day with less is a day of absence.
    """
    changes = home.changes
    days = np.arange(changes.days, dtype=np.int64)
    midnight = (changes.first_day + days) * DAY
    at_home = np.zeros(changes.days, np.bool_)
    for hour in _HOURS:
        at_home |= home.people.somebody_home(to_utc(midnight + hour * _BIN * 12, changes.time_zone))
    lived = changes.observed & at_home & (liveliness(home) >= quiet)
    edges = to_utc(np.append(midnight, midnight[-1] + DAY), changes.time_zone)
    for start, end in outages.T.tolist():
        lived &= (edges[1:] <= start) | (edges[:-1] >= end)
    first, last = to_local(np.array(changes.span, np.int64), changes.time_zone).tolist()
    lived[0] &= first - int(midnight[0]) <= _BEGUN
    lived[-1] &= last - int(midnight[-1]) >= _OVER
    return lived


def spoken_days(home: Home) -> BoolArray:
    """bool (entities, days): whether an entity of the log wrote any row on a local day, by entity code."""
    changes, log = home.changes, home.log
    midnight = (changes.first_day + np.arange(changes.days + 1, dtype=np.int64)) * DAY
    edges = np.searchsorted(log.time, to_utc(midnight, changes.time_zone))
    spoke = np.zeros((len(log.entities), changes.days), np.bool_)
    for day in range(changes.days):
        spoke[log.entity[edges[day] : edges[day + 1]], day] = True
    return spoke


def out_of_order(spoke: BoolArray, lived: BoolArray) -> BoolArray:
    """Days of a silence of one entity that is too long to be disuse: it may have been broken or without power.

    A run of k silent days is one if an entity that speaks on a share a of the other days is silent for as long with
    a chance (1 - a)^k below 1 in 10,000.

    Args:
        spoke: bool (days,), whether the entity wrote any row.
        lived: bool (days,), the days that count.

    Returns:
        bool (days,).
    """
    days = np.flatnonzero(lived)
    said = spoke[days]
    broken = np.zeros(len(spoke), np.bool_)
    if not said.any():
        return broken
    edges = np.flatnonzero(np.diff(np.concatenate([[True], said, [True]]).astype(np.int8)))
    for low, high in edges.reshape(-1, 2).tolist():
        others = len(days) - (high - low)
        share = float(said.sum()) / others
        if high - low >= _MIN_RUN and (1 - min(share, 0.99)) ** (high - low) < _UNLIKELY:
            broken[days[low:high]] = True
    return broken
