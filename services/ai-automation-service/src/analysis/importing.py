"""The first stage of a run: what is new in a history source goes into the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from src.analysis.request import DetectRequest
from src.domain.automations import KnownAutomation
from src.domain.events import MICROSECONDS
from src.domain.patterns import Json
from src.domain.progress import Progress
from src.errors import InvalidSetting
from src.history import HistoryRead
from src.store.store import Store

# A recorder writes a state a little after its instant, and devices report late.
_OVERLAP = 3_600 * MICROSECONDS
_UNKNOWN_ZONE = "UTC"  # what a reader assumes when nothing says better
_SQLITE = b"SQLite format 3\x00"


class ReadHistory(Protocol):
    """The signature of :func:`src.history.read_history`."""

    def __call__(
        self,
        source: str | Path,
        *,
        time_zone: str | None,
        entities: str | Path | None,
        since: int | None,
        progress: Progress,
    ) -> HistoryRead: ...


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
        now: µs UTC. A source that was read up to a later instant had an event from a wrong clock, and is read whole.

    Raises:
        InputError: the history cannot be read, or was read in another zone before. StoreError.
    """
    if request.history is None:
        return ImportedHistory({"source": None, "format": None})
    path = Path(request.history)
    reached = store.events.position(str(path.resolve()))
    database = _is_database(path)
    since = reached - _OVERLAP if database and reached is not None and reached <= now else None

    def read_in(home: str | None) -> HistoryRead:
        return read(path, time_zone=home, entities=request.entities, since=since, progress=progress)

    got = read_in(time_zone)
    known = store.events.time_zone()
    if time_zone is None and got.log.time_zone == _UNKNOWN_ZONE and known not in (None, _UNKNOWN_ZONE):
        # This source does not know where the home is, but an earlier import was told. Read as UTC, its wall-clock
        # times would come in a second time, some hours off.
        got = read_in(known)
    if not database and reached is not None and known not in (None, got.log.time_zone):
        # Times without an offset would come in a second time, shifted by the difference of the zones.
        wanted = f"{known}, in which {path.name} was imported before; for another zone start with an empty DATA_DIR"
        raise InvalidSetting("the time zone", got.log.time_zone, wanted)
    added = store.events.add(got.log, source=got.source.key, progress=progress)
    inputs = {
        "source": got.source.key,
        "format": got.source.format,
        "details": got.source.details,
        "added": added.added,
        "known": added.known,
    }
    return ImportedHistory(inputs, dict(got.skipped), got.warnings, got.automations if database else None)


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False  # the reader says what is wrong with it
