"""What a log says about one entity: when it took a state, what it measured, when somebody was at home."""

from __future__ import annotations

import numpy as np

from src.domain.events import NO_STATE, EventLog, Float64Array, Int64Array, Origin
from src.simulation.occasions import Stays

Node = tuple[str, str]  # an entity taking a state


def instants(log: EventLog, node: Node, *, by_people: bool = False) -> Int64Array:
    """When an entity came into a state from another, µs UTC; with ``by_people`` not by an automation."""
    if node[0] not in log.entities or node[1] not in log.states:
        return np.empty(0, np.int64)
    own = log.entity == log.entities.index(node[0])
    gone = [log.states.index(state) for state in NO_STATE if state in log.states]
    own &= ~np.isin(log.state, gone)
    state, time, origin = log.state[own], log.time[own], log.origin[own]
    wanted = state == log.states.index(node[1])
    wanted[1:] &= state[1:] != state[:-1]
    if by_people:
        wanted &= origin != Origin.AUTOMATION
    chosen: Int64Array = time[wanted]
    return chosen


def departures(log: EventLog, node: Node) -> Int64Array:
    """When an entity left a state for another, µs UTC."""
    if node[0] not in log.entities or node[1] not in log.states:
        return np.empty(0, np.int64)
    gone = [log.states.index(state) for state in NO_STATE if state in log.states]
    own = (log.entity == log.entities.index(node[0])) & ~np.isin(log.state, gone)
    state, time = log.state[own], log.time[own]
    wanted = log.states.index(node[1])
    chosen: Int64Array = time[1:][(state[:-1] == wanted) & (state[1:] != wanted)]
    return chosen


def in_state(log: EventLog, node: Node, times: Int64Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether an entity is in a state at instants; not before its first event."""
    came, went = instants(log, node), departures(log, node)
    last_came = np.append(-1, came)[np.searchsorted(came, times, "right")]
    last_went = np.append(-1, went)[np.searchsorted(went, times, "right")]
    return np.asarray(last_came > last_went, np.bool_)


def numbers(log: EventLog, entity_id: str) -> tuple[Int64Array, Float64Array]:
    """What an entity measured: instants (µs UTC) and values."""
    if entity_id not in log.entities:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    own = log.entity == log.entities.index(entity_id)
    codes, place = np.unique(log.state[own], return_inverse=True)
    values = np.array([_number(log.states[code]) for code in codes.tolist()], np.float64)[place]
    measured = np.isfinite(values)
    return log.time[own][measured], values[measured]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def stays(log: EventLog, person: str) -> Stays:
    """When a person or their phone came home and left."""
    return Stays(instants(log, (person, "home")), instants(log, (person, "not_home")))
