"""The event log: everything a home did over a span, in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Int8Array = NDArray[np.int8]
Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
Float64Array = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MICROSECONDS = 1_000_000

NO_STATE = ("unavailable", "unknown")  # what an entity says when it has nothing to say


class Origin(IntEnum):
    """Who caused an event, as far as Home Assistant's context ids tell."""

    UNKNOWN = 0
    USER = 1
    AUTOMATION = 2
    DEVICE = 3


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """What is known of an entity besides its events. Unknown fields are None."""

    entity_id: str
    name: str | None = None
    area: str | None = None
    device_class: str | None = None
    unit: str | None = None

    @property
    def domain(self) -> str:
        """``light`` of ``light.kitchen``."""
        return self.entity_id.partition(".")[0]


@dataclass(frozen=True)
class EventLog:
    """All events of one home over a span, in columns of equal length.

    Attributes:
        time: int64 (n,), µs since the epoch, UTC, ascending.
        entity: int32 (n,), index into ``entities``.
        state: int32 (n,), index into ``states``.
        origin: int8 (n,), values of :class:`Origin`.
        entities: entity ids; their order carries no meaning.
        states: state texts; their order carries no meaning.
        time_zone: IANA name of the home's time zone.
        info: metadata by entity id; an entity may be missing from it.
        position: latitude and longitude of the home, degrees north and east; None when not known.
    """

    time: Int64Array
    entity: Int32Array
    state: Int32Array
    origin: Int8Array
    entities: tuple[str, ...]
    states: tuple[str, ...]
    time_zone: str
    info: Mapping[str, EntityInfo] = field(default_factory=lambda: MappingProxyType({}))
    position: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        n = len(self.time)
        for name, dtype in (("time", np.int64), ("entity", np.int32), ("state", np.int32), ("origin", np.int8)):
            column = getattr(self, name)
            if column.dtype != dtype or column.shape != (n,):
                raise ValueError(f"{name} must be {np.dtype(dtype)} ({n},), not {column.dtype} {column.shape}")
        if n and np.any(np.diff(self.time) < 0):
            raise ValueError("time must ascend")

    def __len__(self) -> int:
        return len(self.time)

    @property
    def span(self) -> tuple[int, int]:
        """First and last instant, µs UTC. (0, 0) for an empty log."""
        return (int(self.time[0]), int(self.time[-1])) if len(self) else (0, 0)

    def between(self, start: int | None = None, end: int | None = None) -> EventLog:
        """The events with ``start <= time < end`` (µs UTC); the dictionaries stay whole."""
        low = 0 if start is None else int(np.searchsorted(self.time, start, "left"))
        high = len(self) if end is None else int(np.searchsorted(self.time, end, "left"))
        return replace(
            self,
            time=self.time[low:high],
            entity=self.entity[low:high],
            state=self.state[low:high],
            origin=self.origin[low:high],
        )

    def about(self, entity_id: str) -> EntityInfo:
        """Metadata of an entity, bare when none is known."""
        return self.info.get(entity_id) or EntityInfo(entity_id)
