"""The states of one entity in order of time, and how many of them become an event log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from src.domain.events import BoolArray, EntityInfo, EventLog, Int8Array, Int32Array, Int64Array, Origin


@dataclass(frozen=True, slots=True)
class Timeline:
    """What one entity reported.

    Attributes:
        time: int64 (n,), µs UTC, ascending.
        code: int32 (n,), index into ``names``.
        origin: int8 (n,), values of Origin.
        names: state texts.
    """

    time: Int64Array
    code: Int32Array
    origin: Int8Array
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.time)

    def when(self, name: str) -> Int64Array:
        """The instants at which the entity took a state, µs UTC."""
        if name not in self.names:
            return np.empty(0, np.int64)
        chosen: Int64Array = self.time[self.code == self.names.index(name)]
        return chosen

    def where(self, mask: BoolArray) -> Timeline:
        """The events of a mask."""
        return replace(self, time=self.time[mask], code=self.code[mask], origin=self.origin[mask])


def timeline(
    time: Int64Array, code: Sequence[int] | Int32Array, names: tuple[str, ...], origin: Int8Array | Origin
) -> Timeline:
    """A timeline from columns in any order of time; a single origin holds for all."""
    codes = np.asarray(code, np.int32)
    origins = np.full(len(time), origin, np.int8) if isinstance(origin, Origin) else origin
    order = np.argsort(time, kind="stable")
    return Timeline(time[order].astype(np.int64), codes[order], origins[order].astype(np.int8), names)


def changes_only(line: Timeline, initial: str) -> Timeline:
    """Drop what changes nothing: a lamp that is on cannot be turned on."""
    before = np.concatenate([[line.names.index(initial)], line.code[:-1]]) if len(line) else line.code
    return line.where(line.code != before)


def merged(lines: Sequence[Timeline]) -> Timeline:
    """Several timelines of one entity as one."""
    names = tuple(dict.fromkeys(name for line in lines for name in line.names))
    index = {name: number for number, name in enumerate(names)}
    codes = [np.array([index[name] for name in line.names], np.int32)[line.code] for line in lines]
    return timeline(
        np.concatenate([line.time for line in lines]),
        np.concatenate(codes),
        names,
        np.concatenate([line.origin for line in lines]),
    )


def assemble(
    lines: Mapping[str, Timeline],
    info: Mapping[str, EntityInfo],
    time_zone: str,
    start: int,
    end: int,
    position: tuple[float, float] | None = None,
) -> EventLog:
    """The event log of many entities, cut to ``start <= time < end`` (µs UTC).

    Events of one instant keep the order of ``lines``.
    """
    entities = tuple(lines)
    states = tuple(dict.fromkeys(name for line in lines.values() for name in line.names))
    index = {name: number for number, name in enumerate(states)}
    time = np.concatenate([line.time for line in lines.values()])
    code = np.concatenate(
        [np.array([index[name] for name in line.names], np.int32)[line.code] for line in lines.values()]
    )
    entity = np.repeat(np.arange(len(entities), dtype=np.int32), [len(line) for line in lines.values()])
    origin = np.concatenate([line.origin for line in lines.values()])
    order = np.argsort(time, kind="stable")
    order = order[(time[order] >= start) & (time[order] < end)]
    return EventLog(
        time=time[order],
        entity=entity[order],
        state=code[order].astype(np.int32),
        origin=origin[order],
        entities=entities,
        states=states,
        time_zone=time_zone,
        info=MappingProxyType(dict(info)),
        position=position,
    )
