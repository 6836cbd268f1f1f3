"""The store's numpy side: which events of a chunk are written, and in which order a log is given back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.domain.events import EventLog, Int8Array, Int32Array, Int64Array, Origin

# NUL and halves of surrogate pairs: PostgreSQL holds no text with the one, neither database with the other.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

ROW = np.dtype([("time", np.int64), ("entity", np.int32), ("state", np.int32), ("origin", np.int8)])


def storable(text: str) -> str:
    """The text with U+FFFD for every character that the databases cannot hold."""
    return _UNSTORABLE.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Rows:
    """Events by the database's own ids, in the order of their key (time, entity, state).

    Attributes:
        time: int64 (n,), µs UTC.
        entity, state: int32 (n,), ids of the database.
        origin: int8 (n,), values of :class:`Origin`.
    """

    time: Int64Array
    entity: Int32Array
    state: Int32Array
    origin: Int8Array

    def __len__(self) -> int:
        return len(self.time)

    def tuples(self) -> Iterator[tuple[int, int, int, int]]:
        """(time, entity, state, origin) of each."""
        return zip(self.time.tolist(), self.entity.tolist(), self.state.tolist(), self.origin.tolist(), strict=True)

    def of_known_origin(self) -> Rows:
        """Those whose origin is not UNKNOWN."""
        known = self.origin != Origin.UNKNOWN
        return Rows(self.time[known], self.entity[known], self.state[known], self.origin[known])


def distinct(time: Int64Array, entity: Int32Array, state: Int32Array, origin: Int8Array) -> Rows:
    """The events in the order of their key, each once: the first one of known origin, else the first one."""
    unknown = origin == Origin.UNKNOWN
    order = np.lexsort((unknown, state, entity, time))  # stable, so that the first stays first
    time, entity, state, origin = time[order], entity[order], state[order], origin[order]
    first = np.ones(len(time), np.bool_)
    first[1:] = (np.diff(time) != 0) | (np.diff(entity) != 0) | (np.diff(state) != 0)
    return Rows(time[first], entity[first], state[first], origin[first])


def joined(chunks: Sequence[NDArray[np.void]]) -> Rows:
    """Chunks of dtype :data:`ROW` as columns."""

    def column(name: str) -> NDArray[np.generic]:
        return np.concatenate([chunk[name] for chunk in chunks]) if chunks else np.empty(0, ROW[name])

    return Rows(column("time"), column("entity"), column("state"), column("origin"))  # type: ignore[arg-type]


def used_ids(ids: Int32Array) -> Int64Array:
    """The distinct ids of a column, ascending."""
    return np.flatnonzero(np.bincount(ids)).astype(np.int64)


def by_text(ids: Int64Array, texts: Sequence[str]) -> tuple[tuple[str, ...], Int32Array]:
    """A dictionary in the order of its texts.

    Args:
        ids: int64 (k,), ids of the database, k > 0.
        texts: the text of each.

    Returns:
        The sorted texts, and int32 (max(ids) + 1,): the code of each id.
    """
    order = sorted(range(len(texts)), key=texts.__getitem__)
    codes = np.zeros(int(ids.max()) + 1, np.int32)
    codes[ids[order]] = np.arange(len(order), dtype=np.int32)
    return tuple(texts[i] for i in order), codes


def in_order(log: EventLog) -> EventLog:
    """The log with events of one instant in the order of entity and state; its dictionaries must be sorted."""
    same = np.diff(log.time) == 0
    entity, state = np.diff(log.entity), np.diff(log.state)
    if not np.any(same & ((entity < 0) | ((entity == 0) & (state < 0)))):
        return log
    order = np.lexsort((log.state, log.entity, log.time))
    return EventLog(
        log.time[order],
        log.entity[order],
        log.state[order],
        log.origin[order],
        log.entities,
        log.states,
        log.time_zone,
        log.info,
        log.position,
    )
