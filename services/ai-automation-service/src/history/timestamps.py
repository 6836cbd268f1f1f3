"""Instants out of what people and programs write: ISO 8601 text, epoch numbers, a home's wall clock.

A column of instants is int64 (n,), µs since the epoch, UTC. Only 1970 to 2100 are instants here, so the
negative numbers are free to say why a row has none: :data:`MISSING` and :data:`INVALID`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_utc

MISSING = -1
INVALID = -2

Timestamp = str | int | float | None

_END = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp()) * MICROSECONDS
_SEPARATORS = {"T", " ", ""}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d|Z$)")


def parse(values: Sequence[Timestamp], time_zone: str) -> Int64Array:
    """Instants of texts or numbers.

    A text is ISO 8601 (``T`` or a space between date and time, any fraction, an offset, ``Z`` or neither) or a
    number; eight digits are a date. Without an offset it is the wall clock of ``time_zone``. A number is seconds
    since the epoch, or milli-, micro- or nanoseconds if its size says so.

    Raises:
        UnknownTimeZone: no such zone.
    """
    try:
        moments = list(map(datetime.fromisoformat, values))  # type: ignore[arg-type]  # TypeError is caught
        texts: Sequence[str] = values  # type: ignore[assignment]  # fromisoformat takes nothing but text
        # fromisoformat takes any character between date and time, and so some numbers for dates.
        if {text[10:11] for text in texts} <= _SEPARATORS:
            naive = {moment.tzinfo is None for moment in moments}
            if naive == {False}:
                return from_utc(_instants(moments))
            if naive == {True}:
                # Reading the text again as UTC is three times as fast as giving each moment a zone.
                as_utc = list(map(datetime.fromisoformat, [text + "Z" for text in texts]))
                return from_wall_clock(_instants(as_utc), time_zone)
    except (TypeError, ValueError):
        pass  # some row is not plain ISO 8601: each is looked at by itself
    return _parse_each(values, time_zone)


def from_utc(utc: Int64Array) -> Int64Array:
    """The same instants, :data:`INVALID` where they are outside 1970 to 2100; :data:`MISSING` stays."""
    return np.where((utc >= MISSING) & (utc < _END), utc, np.int64(INVALID))


def from_wall_clock(local: Int64Array, time_zone: str) -> Int64Array:
    """Instants of wall-clock times, µs since 1970-01-01T00:00 on the clock; negative reasons stay.

    Raises:
        UnknownTimeZone: no such zone.
    """
    out = np.where(local == MISSING, MISSING, INVALID).astype(np.int64)
    near = (local > -DAY) & (local < _END + DAY) & (local != MISSING) & (local != INVALID)
    out[near] = from_utc(to_utc(local[near], time_zone))
    return out


def from_numbers(values: Float64Array) -> Int64Array:
    """Instants of epoch numbers: float64 (n,), s, ms, µs or ns by their size; NaN is :data:`INVALID`."""
    sensible = (values >= 0) & (values < 1e19)
    known = np.where(sensible, values, 0.0)
    scale = np.select([known < 1e11, known < 1e14, known < 1e17], [1e6, 1e3, 1.0], 1e-3)
    return from_utc(np.where(sensible, np.rint(known * scale), INVALID).astype(np.int64))


def _instants(moments: Sequence[datetime]) -> Int64Array:
    seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, len(moments))
    return np.rint(seconds * MICROSECONDS).astype(np.int64)  # exact: 2100 is 4e15 µs, a float64 holds 9e15


def _parse_each(values: Sequence[Timestamp], time_zone: str) -> Int64Array:
    out = np.full(len(values), INVALID, np.int64)
    on_wall: BoolArray = np.zeros(len(values), np.bool_)
    numbers: dict[int, float] = {}
    for index, value in enumerate(values):
        text = value.strip() if isinstance(value, str) else value
        if text is None or text == "":
            out[index] = MISSING
        elif not isinstance(text, str) or (_NUMBER.fullmatch(text) and not (len(text) == 8 and text.isdigit())):
            numbers[index] = _as_float(text)
        elif (moment := _moment(text)) is not None:
            on_wall[index] = moment.tzinfo is None
            out[index] = _instants([moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment])[0]
    out[~on_wall & (out != MISSING)] = from_utc(out[~on_wall & (out != MISSING)])
    out[on_wall] = from_wall_clock(out[on_wall], time_zone)
    if numbers:
        out[list(numbers)] = from_numbers(np.array(list(numbers.values()), np.float64))
    return out


def _as_float(number: str | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")


def _moment(text: str) -> datetime | None:
    plain = text.upper()
    if plain.endswith(("UTC", "GMT")):
        plain = plain[:-3].rstrip() + "Z"
    plain = _BEFORE_OFFSET.sub("", plain)
    if len(plain) > 10 and plain[10] not in "T " and plain[8] not in "T ":
        return None
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        return None
