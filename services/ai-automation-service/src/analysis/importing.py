"""The first stage of a run: what is new in a history source goes into the store, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from src.analysis.request import DetectRequest
from src.domain.automations import KnownAutomation
from src.domain.events import MICROSECONDS, EventLog
from src.domain.patterns import Json
from src.domain.progress import Progress, silent
from src.errors import InvalidSetting
from src.history import HistoryRead
from src.store.store import Store

# A recorder writes a state a little after its instant, devices report late, and clocks are set.
OVERLAP = 3_600 * MICROSECONDS
_UNKNOWN_ZONE = "UTC"  # what a reader assumes when nothing says better
_SQLITE = b"SQLite format 3\x00"
_NO_EVENTS = EventLog(
    np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int8), (), (), _UNKNOWN_ZONE
)


class ReadHistory(Protocol):
    """The signature of :func:`src.history.read_in_parts`, and of :func:`src.history.read_history`."""

    def __call__(
        self,
        source: str | Path,
        *,
        time_zone: str | None,
        entities: str | Path | None,
        since: int | None,
        progress: Progress,
    ) -> HistoryRead | Iterator[HistoryRead]: ...


@dataclass(frozen=True)
class Source:
    """A history to import, whatever it is.

    Attributes:
        key: under which the store keeps how far it was read: an absolute path, or an address without a password.
        read: (time zone or None, since in µs UTC or None) -> the history whole, or its parts in the order of their
            time.
        grows: whether it only grows at its end, as a database does; else it is read whole each time.
        names_automations: whether what it reads says which automations the home has.
    """

    key: str
    read: Callable[[str | None, int | None], HistoryRead | Iterator[HistoryRead]]
    grows: bool = True
    names_automations: bool = False


@dataclass(frozen=True)
class ImportedHistory:
    """What an import did, in the terms of a run record.

    Attributes:
        inputs: source, format, the format's details, events added and known already.
        skipped: rows that were not used, by reason.
        automations: those the home has; None when no source was read that could tell.
    """

    inputs: Json
    skipped: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    automations: tuple[KnownAutomation, ...] | None = None


NOTHING_IMPORTED = ImportedHistory({"source": None, "format": None})


def import_history(
    store: Store,
    request: DetectRequest,
    *,
    time_zone: str | None,
    read: ReadHistory,
    progress: Progress,
    now: int,
) -> ImportedHistory:
    """Read the request's source and add its events to the store; nothing is read when it names none.

    A database only grows at its end, so it is read from an hour before where the last import stopped. A file may
    have been written anew over a longer span, so it is read whole; what is known already is not added twice.

    Args:
        time_zone: the home's zone if somebody said it; None: the source's own.
        now: µs UTC. An event of a later instant was dated by a wrong clock: it is stored, but what comes after it in
            truth is still new.

    Raises:
        InputError: the history cannot be read, or has times without an offset and was read in another zone before.
        StoreError
    """
    if request.history is None:
        return NOTHING_IMPORTED
    return import_source(store, file_source(request, read, progress), time_zone=time_zone, progress=progress, now=now)


def file_source(request: DetectRequest, read: ReadHistory, progress: Progress) -> Source:
    """The history at the path that a request names."""
    assert request.history is not None
    path = Path(request.history)
    database = is_database(path)

    def read_path(home: str | None, since: int | None) -> HistoryRead | Iterator[HistoryRead]:
        return read(path, time_zone=home, entities=request.entities, since=since, progress=progress)

    return Source(str(path.resolve()), read_path, grows=database, names_automations=database)


def import_source(
    store: Store, source: Source, *, time_zone: str | None, progress: Progress, now: int
) -> ImportedHistory:
    """Add what is new in a source to the store, each part as soon as it was read.

    The parts come in the order of their time, and how far the store got is kept with each chunk of one. So an import
    that ends in the middle, for whatever reason, has lost nothing: the next one goes on where it stopped.

    Args, Raises:
        As :func:`import_history`.
    """
    mark = store.restored()
    reached = store.events.position(source.key)
    since = None
    # Who listens to the same home may have got a little further than our clock, if the home's is ahead.
    if source.grows and reached is not None and reached <= now + OVERLAP:
        since = reached - OVERLAP
    known = store.events.time_zone()
    # Each part of a growing source is stored before the next is read, so that its reader's progress tells of both.
    storing = silent if source.grows else progress
    until = now if source.grows else None
    added = in_store = 0
    skipped: Counter[str] = Counter()
    warnings: dict[str, None] = {}
    last: HistoryRead | None = None
    with closing(_parts(source, since, time_zone, known)) as parts:
        for part in parts:
            if not source.grows and reached is not None and known not in (None, part.log.time_zone):
                _check_instants(source, part.log, known)
            stored = store.events.add(part.log, source=source.key, progress=storing, until=until, mark=mark)
            added += stored.added
            in_store += stored.known
            skipped.update(part.skipped)
            warnings.update(dict.fromkeys(part.warnings))
            last = replace(part, log=_NO_EVENTS)
            del part  # while the next one is read there is not room for two
    inputs: Json = {"source": source.key, "format": None, "details": {}, "added": added, "known": in_store}
    if last is not None:
        inputs |= {"format": last.source.format, "details": last.source.details}
    automations = last.automations if last is not None and source.names_automations else None
    return ImportedHistory(inputs, dict(skipped), tuple(warnings), automations)


def _check_instants(source: Source, log: EventLog, known: str | None) -> None:
    """A file that was imported in one zone may come in another if its times have an offset: they are the same then.

    Without one they would come in a second time, shifted by the difference of the zones.

    Raises:
        InvalidSetting: a time is another in the zone that is known.
    """
    with closing(_reading(source, known, None)) as parts:
        if (before := next(parts, None)) is not None and np.array_equal(before.log.time, log.time):
            return
    name = Path(source.key).name
    wanted = f"{known}, in which {name} was imported before; its times have no offset: another needs an empty DATA_DIR"
    raise InvalidSetting("the time zone", log.time_zone, wanted)


def _parts(
    source: Source, since: int | None, time_zone: str | None, known: str | None
) -> Generator[HistoryRead, None, None]:
    """The parts of a source, in the home's zone: the one that was said, else the source's own, else the known one."""
    parts = _reading(source, time_zone, since)
    try:
        first = next(parts, None)
        if first is None:
            return
        if time_zone is None and first.log.time_zone == _UNKNOWN_ZONE and known not in (None, _UNKNOWN_ZONE):
            # This source does not know where the home is, but an earlier import was told. Read as UTC, its wall-clock
            # times would come in a second time, some hours off.
            parts.close()
            parts = _reading(source, known, since)
        else:
            yield first
            del first  # its memory is the next one's
        yield from parts
    finally:
        parts.close()


def _reading(source: Source, time_zone: str | None, since: int | None) -> Generator[HistoryRead, None, None]:
    got = source.read(time_zone, since)
    if isinstance(got, HistoryRead):
        yield got
    else:
        yield from got


def is_database(path: Path) -> bool:
    """Whether a path leads to an SQLite file; what is wrong with another one its reader says."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False
