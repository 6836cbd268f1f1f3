"""The service's own database: whether this version can use it, whether it is whole, what it holds."""

from __future__ import annotations

from collections.abc import Iterator

from src.doctor.about_storage import whose
from src.doctor.finding import Finding, failed, note, ok, skipped, warning
from src.doctor.places import place_of
from src.doctor.situation import Situation
from src.domain.events import MICROSECONDS
from src.domain.instants import minute_utc
from src.domain.local_time import DAY
from src.errors import DatabaseTooNew, StoreError
from src.store.inspection import Inspection

_RESTORE = "Stop the service, keep the file aside, and put a backup in its place."
_LARGE = 2 * 10**9  # bytes
_TOMORROW = 36 * 3600 * MICROSECONDS


def look_at_database(situation: Situation) -> Iterator[Finding]:
    """It is read and not changed: one of an older version is not upgraded."""
    try:
        seen = situation.store()
    except StoreError as error:
        yield _unusable(error, situation)
        return
    if seen.condition == "absent":
        yield note("database", "there is none yet; the service makes one when it starts")
        return
    yield _schema(seen)
    yield from _state(seen)
    if seen.condition in ("current", "older"):
        yield from _content(seen, situation)


def _unusable(error: StoreError, situation: Situation) -> Finding:
    url = situation.settings.store_url
    if url.startswith("sqlite"):
        damaged = any(word in error.message for word in ("damaged", "not an SQLite"))
        folder = f" ({whose(situation.settings.data_dir)})" if not situation.settings.database_url else ""
        return failed("database", f"{error.message.rstrip('.')}{folder}", _RESTORE if damaged else error.remedy)
    # A server's own words name its user; what went wrong is in the first of ours.
    return failed("database", error.message, situation.remedy(place_of(url), error.remedy))


def _schema(seen: Inspection) -> Finding:
    if seen.condition == "newer":
        error = DatabaseTooNew(str(seen.revision), seen.known)
        return failed("schema", error.message, error.remedy)
    if seen.condition == "foreign":
        return failed(
            "schema",
            "it holds the tables of another program",
            "Give this service a database of its own: set DATABASE_URL, or DATA_DIR to another folder.",
        )
    if seen.condition == "empty":
        return note("schema", "it is empty; the service makes its tables when it starts")
    if seen.condition == "older":
        fact = f"revision {seen.revision}; this version upgrades it to {seen.known} when the service starts"
        kept = "a copy of it beside it" if seen.backend == "sqlite" else "a backup of it into DATA_DIR"
        return note("schema", f"{fact}, and puts {kept} first")
    return ok("schema", f"revision {seen.revision}, the newest that this version knows")


def _state(seen: Inspection) -> Iterator[Finding]:
    size = "" if seen.bytes is None else f", {seen.bytes / 1e6:,.1f} MB"
    journal = f", journal mode {seen.journal}" if seen.journal else ""
    fact = f"{'SQLite' if seen.backend == 'sqlite' else 'PostgreSQL'}{size}{journal}"
    if seen.writer is not None:
        who = f"process {seen.writer}" if seen.writer > 0 else "a process outside of this container"
        yield warning(
            "database",
            f"{fact}; {who} keeps it locked for writing",
            "If it stays so, end that process: two services on one file, or one that hangs.",
        )
    elif seen.bytes is not None and seen.bytes > _LARGE:
        yield note(
            "database",
            fact,
            "EXCLUDE what is not needed, so that no more of it is kept. What is there stays: RETENTION_DAYS bounds only"
            " what a run mines.",
        )
    else:
        yield ok("database", fact)
    if seen.unread:
        yield note(
            "write-ahead log",
            f"{seen.unread / 1e6:.1f} MB lie beside the database from a crash or a copy, not counted here",
            "Leave the -wal file where it is: the service takes it in when it starts.",
        )
    if seen.damage:
        yield failed("integrity", f"the file is damaged ({seen.damage[0]})", _RESTORE)
    elif seen.damage is None and seen.backend == "sqlite":
        yield skipped("integrity", "not checked: the file is large or busy; --deep and --timeout 300 do it")
    elif seen.backend == "sqlite":
        yield ok("integrity", "every page is in order (quick check)")


def _content(seen: Inspection, situation: Situation) -> Iterator[Finding]:
    yield ok("rows", ", ".join(f"{name} {count:,}" for name, count in sorted(seen.rows.items())) or "not counted")
    if seen.newest is None:
        yield warning(
            "events",
            "none: no history was imported yet",
            "Set HA_URL and HA_TOKEN, or HISTORY, or run `python -m src.cli import FILE`.",
        )
        return
    now = situation.clock()
    days = (seen.newest - (seen.oldest or seen.newest)) // DAY + 1
    here = "set" if situation.settings.position else "known" if seen.position_known else "not known"
    fact = f"{days:,} days, the newest of {minute_utc(seen.newest)}; position {here}"
    if seen.newest > now + _TOMORROW:
        yield warning(
            "events",
            f"{fact}, which is in the future",
            "The clock of this machine or of Home Assistant is or was wrong: set it over the network (NTP).",
        )
    elif seen.newest < now - 7 * DAY:
        yield warning(
            "events",
            f"{fact}, {(now - seen.newest) // DAY} days ago",
            "No history has come in since: see what is said of the sources.",
        )
    else:
        yield ok("events", fact)
    yield from _zones(seen, situation)


def _zones(seen: Inspection, situation: Situation) -> Iterator[Finding]:
    ours = situation.settings.tz
    if ours and seen.time_zone == "UTC" and ours != "UTC":
        yield ok("time zone", f"TZ is {ours} and counts; what was imported names UTC, or none")
    elif ours and seen.time_zone and ours != seen.time_zone:
        yield note(
            "time zone",
            f"TZ is {ours}, the imported history's is {seen.time_zone}; TZ counts",
            "Unset TZ if the history is right; the service has to be restarted for it.",
        )
    elif seen.time_zone == "UTC" and not ours:
        yield note("time zone", "UTC", "If the home is elsewhere set TZ, as Europe/Berlin: nights and habits go by it.")
    else:
        yield ok("time zone", str(ours or seen.time_zone))
