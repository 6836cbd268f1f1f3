"""What every source shares: which rows are events, and how they become columns.

A reader hands over its rows in chunks; a row is kept or counted under the reason it was left out for. Texts
become codes on the way, so memory is the columns, their dictionaries and one chunk.

The reasons, in the order they are looked at: ``missing_field``, ``bad_timestamp``, ``bad_entity_id``,
``state_too_long``, ``not_text``; ``duplicate`` at the end. ``bad_origin`` counts rows that are kept, with an
unknown origin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from src.domain.entity_ids import entity_id_of
from src.domain.events import EntityInfo, EventLog, Int8Array, Int32Array, Int64Array, Origin
from src.domain.patterns import Json
from src.domain.position import Position
from src.errors import HistoryColumnsMissing
from src.history.timestamps import MISSING

_Number = TypeVar("_Number", np.int64, np.int32, np.int8)

LONGEST_STATE = 255  # Home Assistant's own limit

_MISSING_FIELD, _BAD_ENTITY_ID, _STATE_TOO_LONG, _NOT_TEXT = -1, -2, -3, -4
_BAD_ORIGIN = -1
_ORIGINS = {None: 0, "": 0} | {origin.name.lower(): int(origin) for origin in Origin}
# Of two reports of one event the one that claims most caution is kept: what an automation did is never a habit.
_ORIGIN_RANK = np.array([3, 1, 0, 2], np.int8)


_COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


def _shown(names: Sequence[str]) -> list[str]:
    """What may be told of a header: the file may be no table, and its first line a secret."""
    return [name.strip() for name in names[:20] if len(names) > 1 and _COLUMN_NAME.fullmatch(name.strip())]


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader learned besides the rows.

    Attributes:
        details: the format's own facts, for ``SourceInfo``.
        time_zone: the zone the source itself names.
        position: of the home, if the source says it.
    """

    details: Json = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    time_zone: str | None = None
    info: Mapping[str, EntityInfo] = field(default_factory=lambda: MappingProxyType({}))
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields are: positions in ``names``, or None for an origin there is none of."""

    names: tuple[str, ...]
    timestamp: int
    entity_id: int
    state: int
    origin: int | None

    @classmethod
    def of(cls, path: Path, names: Sequence[str]) -> Columns:
        """Find the columns in a header, in any order and case. Others are ignored.

        ``last_changed`` stands in for ``timestamp``: Home Assistant's own export of a history names it so.

        Raises:
            HistoryColumnsMissing: one of the three is not there.
        """
        folded = [name.strip().lower() for name in names]
        time = "timestamp" if "timestamp" in folded else "last_changed"
        missing = [name for name in ("timestamp", "entity_id", "state") if name not in folded]
        if time in folded and "timestamp" in missing:
            missing.remove("timestamp")
        if missing:
            raise HistoryColumnsMissing(path, missing, _shown(names))
        origin = folded.index("origin") if "origin" in folded else None
        return cls(tuple(names), folded.index(time), folded.index("entity_id"), folded.index("state"), origin)


def _normal_entity_id(text: str | None) -> str | int:
    if text is None or not text.strip():
        return _MISSING_FIELD
    return entity_id_of(text) or _BAD_ENTITY_ID


def _normal_state(text: str | None) -> str | int:
    if text is None or not (plain := text.strip()):
        return _MISSING_FIELD
    if len(plain) > LONGEST_STATE:
        return _STATE_TOO_LONG
    # A byte that was not UTF-8 is a lone surrogate by now; neither that nor NUL can be stored.
    if "\0" in plain or any("\ud800" <= letter <= "\udfff" for letter in plain):
        return _NOT_TEXT
    return plain


class _Codes(dict[str | None, int]):
    """Codes of texts in order of first sight. A refused text is not kept, only its reason given."""

    def __init__(self, normal: Callable[[str | None], str | int]) -> None:
        super().__init__()
        self._normal = normal
        self.texts: list[str] = []

    def __missing__(self, text: str | None) -> int:
        plain = self._normal(text)
        if isinstance(plain, int):
            return plain
        code = self.get(plain)
        if code is None:
            code = self[plain] = len(self.texts)
            self.texts.append(plain)
        return code


def origins_of(words: Sequence[str | None]) -> Int8Array:
    """int8 (n,): values of :class:`Origin`; negative for a word that is none."""
    codes = [_ORIGINS.get(word, _BAD_ORIGIN) for word in words]
    if _BAD_ORIGIN in codes:
        codes = [_ORIGINS.get(word.strip().lower() if word else word, _BAD_ORIGIN) for word in words]
    return np.array(codes, np.int8)


class EventTable:
    """The rows that were accepted so far.

    Attributes:
        skipped: rows by the reason they were left out for; readers add their own reasons.
        rows: rows that were accepted, those from before ``since`` too.
    """

    def __init__(self, since: int | None = None) -> None:
        self.skipped: Counter[str] = Counter()
        self.rows = 0
        self._since = since
        self._entities = _Codes(_normal_entity_id)
        self._states = _Codes(_normal_state)
        self._time: list[Int64Array] = []
        self._entity: list[Int32Array] = []
        self._state: list[Int32Array] = []
        self._origin: list[Int8Array] = []

    def add(
        self,
        time: Int64Array,
        entities: Sequence[str | None],
        states: Sequence[str | None],
        origin: Int8Array | None = None,
    ) -> None:
        """Take a chunk of rows.

        Args:
            time: int64 (n,), instants as :mod:`src.history.timestamps` makes them.
            origin: int8 (n,) as :func:`origins_of` makes it; None: unknown.
        """
        n = len(time)
        entity = np.fromiter(map(self._entities.__getitem__, entities), np.int32, n)
        state = np.fromiter(map(self._states.__getitem__, states), np.int32, n)
        if origin is None:
            origin = np.zeros(n, np.int8)
        good = (time >= 0) & (entity >= 0) & (state >= 0)
        if not good.all():
            self._count(time[~good], entity[~good], state[~good])
        self.rows += int(np.count_nonzero(good))
        if self._since is not None:
            good &= time >= self._since
        if not good.all():
            time, entity, state, origin = time[good], entity[good], state[good], origin[good]
        bad_origins = int(np.count_nonzero(origin < 0))
        if bad_origins:
            self.skipped["bad_origin"] += bad_origins
            origin = np.maximum(origin, np.int8(Origin.UNKNOWN))
        if len(time):
            self._time.append(time)
            self._entity.append(entity)
            self._state.append(state)
            self._origin.append(origin)

    def _count(self, time: Int64Array, entity: Int32Array, state: Int32Array) -> None:
        reasons = (
            ("missing_field", (time == MISSING) | (entity == _MISSING_FIELD) | (state == _MISSING_FIELD)),
            ("bad_timestamp", time < 0),
            ("bad_entity_id", entity == _BAD_ENTITY_ID),
            ("state_too_long", state == _STATE_TOO_LONG),
            ("not_text", state == _NOT_TEXT),
        )
        left = np.ones(len(time), np.bool_)
        for reason, applies in reasons:
            if count := int(np.count_nonzero(applies & left)):
                self.skipped[reason] += count
            left &= ~applies

    def log(self, time_zone: str, info: Mapping[str, EntityInfo], position: Position | None = None) -> EventLog:
        """Everything that was taken, as a log; the table is empty afterwards.

        Ordered by time, entity id and state, with dictionaries in sorted order and nothing twice, so that the
        same rows in another order give the same log.
        """
        time = _joined(self._time, np.int64)
        entity, entities = _sorted_dictionary(_joined(self._entity, np.int32), self._entities.texts)
        state, states = _sorted_dictionary(_joined(self._state, np.int32), self._states.texts)
        origin = _joined(self._origin, np.int8)
        if not np.all(np.diff(time) > 0):
            order = np.lexsort((_ORIGIN_RANK[origin], state, entity, time))
            time, entity, state, origin = time[order], entity[order], state[order], origin[order]
            again = np.zeros(len(time), np.bool_)
            again[1:] = (np.diff(time) == 0) & (np.diff(entity) == 0) & (np.diff(state) == 0)
            if count := int(np.count_nonzero(again)):
                self.skipped["duplicate"] += count
                time, entity, state, origin = time[~again], entity[~again], state[~again], origin[~again]
        return EventLog(time, entity, state, origin, entities, states, time_zone, info, position)


def _joined(chunks: list[NDArray[_Number]], dtype: type[_Number]) -> NDArray[_Number]:
    column: NDArray[_Number] = np.concatenate(chunks) if chunks else np.empty(0, dtype)
    chunks.clear()
    return column


def _sorted_dictionary(codes: Int32Array, texts: Sequence[str]) -> tuple[Int32Array, tuple[str, ...]]:
    """The same column with the texts it uses, in sorted order."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(texts)))
    order = sorted(used.tolist(), key=texts.__getitem__)
    rank = np.zeros(max(len(texts), 1), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[codes], tuple(texts[code] for code in order)
