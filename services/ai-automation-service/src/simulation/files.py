"""A simulated home as the files that a history source reads."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np

from src.domain.events import EventLog, Origin
from src.domain.local_time import to_local
from src.simulation.span import MINUTE

_CHUNK = 100_000


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """A text file, there whole or not at all; compressed if its name ends in ``.gz``.

    The same content gives the same bytes.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed, io.TextIOWrapper(packed, "utf-8") as text:
                    yield text
            else:
                with io.TextIOWrapper(raw, "utf-8") as text:
                    yield text
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def write_csv(log: EventLog, path: Path, *, offset: bool = True, origin: bool = True) -> None:
    """Write ``timestamp,entity_id,state,origin`` in order of time, gzip if the name ends in ``.gz``.

    Args:
        offset: timestamps carry the zone's offset. Without it they are naive wall clock, as many exports are, and
            the hour that happens twice in autumn cannot be told apart.
        origin: write the column ``origin``.
    """
    words = [name.name.lower() for name in Origin]
    with _writing(path) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["timestamp", "entity_id", "state", *(["origin"] if origin else [])])
        for low in range(0, len(log), _CHUNK):
            part = slice(low, low + _CHUNK)
            local = to_local(log.time[part], log.time_zone)
            stamps = np.datetime_as_string(local.astype("datetime64[us]"), unit="us").tolist()
            if offset:
                values, index = np.unique((local - log.time[part]) // MINUTE, return_inverse=True)
                suffixes = [_offset(minutes) for minutes in values.tolist()]
                stamps = [stamp + suffixes[at] for stamp, at in zip(stamps, index.tolist(), strict=True)]
            columns = [
                stamps,
                [log.entities[code] for code in log.entity[part].tolist()],
                [log.states[code] for code in log.state[part].tolist()],
            ]
            if origin:
                columns.append([words[code] for code in log.origin[part].tolist()])
            writer.writerows(zip(*columns, strict=True))


def write_entities(log: EventLog, path: Path) -> None:
    """Write ``entity_id,name,area,device_class,unit``, gzip if the name ends in ``.gz``; unknown fields stay empty."""
    with _writing(path) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["entity_id", "name", "area", "device_class", "unit"])
        for entity_id in log.entities:
            info = log.about(entity_id)
            writer.writerow([entity_id, info.name or "", info.area or "", info.device_class or "", info.unit or ""])
