"""Who is at home when, and when the first comes and the last goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EventLog, Int64Array
from src.mining.vocabulary import NOT_A_STATE

HOME = "home"
_DOMAINS = ("person", "device_tracker")
_BLIP = 60 * MICROSECONDS  # a phone that loses the network on the sofa has not gone out


@dataclass(frozen=True)
class People:
    """The people of a home, as far as it tracks them.

    Attributes:
        entity_ids: ``person`` entities, sorted; ``device_tracker`` ones in a home without persons.
        arrivals, departures: for each of ``entity_ids``, int64 µs UTC, ascending.
        first_arrivals, last_departures: int64 µs UTC, when the home stopped and began to be empty.
        empty_at_first: whether nobody was home when the log began.
    """

    entity_ids: tuple[str, ...]
    arrivals: tuple[Int64Array, ...]
    departures: tuple[Int64Array, ...]
    first_arrivals: Int64Array
    last_departures: Int64Array
    empty_at_first: bool

    def somebody_home(self, times: Int64Array) -> BoolArray:
        """Whether anybody was home at each time (µs UTC). Everywhere True in a home that tracks nobody."""
        came = np.searchsorted(self.first_arrivals, times, "right")
        went = np.searchsorted(self.last_departures, times, "right")
        return np.asarray(came > went if self.empty_at_first else came >= went, np.bool_)


def find_people(log: EventLog) -> People:
    """The people of a home. A person is away in every state but ``home``, zones included.

    Read from every row and not from the behaviour in a log, because who never goes out is at home too.
    """
    tracked = {entity_id: code for code, entity_id in enumerate(log.entities) if entity_id.startswith(_PREFIXES)}
    seen = np.bincount(log.entity, minlength=len(log.entities)) if len(log) else np.zeros(len(log.entities), np.int64)
    for prefix in _PREFIXES:
        chosen = sorted(name for name, code in tracked.items() if name.startswith(prefix) and seen[code])
        if chosen:
            break
    else:
        chosen = []
    none = np.zeros(0, np.int64)
    if not chosen:
        return People((), (), (), none, none, False)
    no_state = np.array([text in NOT_A_STATE for text in log.states], np.bool_)
    home = log.states.index(HOME) if HOME in log.states else -1
    moves = [_moves(log, tracked[entity_id], no_state, home) for entity_id in chosen]
    arrivals, departures = tuple(move[0] for move in moves), tuple(move[1] for move in moves)
    there = sum(move[2] for move in moves)
    first, last = _of_all(arrivals, departures, there)
    return People(tuple(chosen), arrivals, departures, first, last, there == 0)


_PREFIXES = tuple(f"{domain}." for domain in _DOMAINS)


def _moves(log: EventLog, code: int, no_state: BoolArray, home: int) -> tuple[Int64Array, Int64Array, bool]:
    """Arrivals and departures of one, µs UTC, and whether the first row has them at home."""
    rows = np.flatnonzero(log.entity == code)
    rows = rows[~no_state[log.state[rows]]]
    if len(rows) == 0:
        return rows, rows, False
    time, there = log.time[rows], log.state[rows] == home
    turn = np.flatnonzero(np.diff(there, prepend=there[0]))
    # Away and back within a minute, or the other way round: neither happened.
    lasts = np.diff(time[turn], append=np.iinfo(np.int64).max)
    kept: list[int] = []
    for at, short in zip(turn.tolist(), (lasts < _BLIP).tolist(), strict=True):
        if kept and there[kept[-1]] == there[at]:
            continue
        if short:
            continue
        if not kept and there[at] == there[0]:
            continue
        kept.append(at)
    turns = np.array(kept, np.int64)
    return time[turns[there[turns]]], time[turns[~there[turns]]], bool(there[0])


def _of_all(
    arrivals: tuple[Int64Array, ...], departures: tuple[Int64Array, ...], there: int
) -> tuple[Int64Array, Int64Array]:
    """When the number of people at home became one from none, and none from one."""
    time = np.concatenate([*arrivals, *departures])
    step = np.concatenate([*(np.full(len(t), 1) for t in arrivals), *(np.full(len(t), -1) for t in departures)])
    order = np.lexsort((-step, time))
    count = there + np.cumsum(step[order])
    before = count - step[order]
    return time[order][(before == 0) & (count == 1)], time[order][(before == 1) & (count == 0)]
