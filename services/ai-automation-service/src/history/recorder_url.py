"""A recorder named by a URL: one in MariaDB or PostgreSQL. Home Assistant's registries are not beside it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from src.domain.local_time import zone
from src.domain.progress import Progress, silent
from src.errors import InvalidSetting
from src.history.metadata import Registry
from src.history.recorder import PART, read_recorder
from src.history.recorder_database import RecorderDatabase
from src.history.source import HistoryRead, histories

_WANTED = "a URL such as mysql://user:password@host/homeassistant or postgresql://user:password@host/homeassistant"


def recorder_of(url: str) -> tuple[str, Callable[[], RecorderDatabase]]:
    """The key of a recorder as a source, which holds no password, and what opens it.

    Args:
        url: as Home Assistant's ``db_url``: ``mysql://``, ``mariadb://`` or ``postgresql://``, with any driver.

    Raises:
        InvalidSetting: no such URL.
    """
    try:
        parsed = make_url(url)
        parsed.port  # noqa: B018  # read here, where a number that is none can be said
    except (ArgumentError, ValueError):
        raise InvalidSetting("RECORDER_URL", "what it is set to", _WANTED) from None
    kind = parsed.get_backend_name()
    if "@" in f"{parsed.host}{parsed.database}":
        # Part of a password: it must not be taken for a name, and shown.
        wanted = f"{_WANTED}, with @ and % in a password written as %40 and %25"
        raise InvalidSetting("RECORDER_URL", f"{kind}://…", wanted)
    if not parsed.database:
        raise InvalidSetting("RECORDER_URL", f"{kind}://… without a database", _WANTED)
    return _reader(kind, parsed)


def read_recorder_url(
    url: str,
    registry: Registry,
    *,
    time_zone: str | None = None,
    entities: str | Path | None = None,
    since: int | None = None,
    progress: Progress = silent,
    programs: frozenset[bytes] = frozenset(),
) -> Generator[HistoryRead, None, None]:
    """Read a recorder in MariaDB or PostgreSQL in parts, as :func:`src.history.source.read_in_parts` does.

    Args:
        registry: what Home Assistant's registries say, for it is not known here.

    Raises:
        InvalidSetting: no such URL. HistoryUnreadable, HistoryEmpty, UnknownTimeZone.
    """
    if time_zone:
        zone(time_zone)
    key, opened = recorder_of(url)
    tables = read_recorder(key, opened, registry, since, progress, part=PART, programs=programs)
    yield from histories(tables, key, "recorder", time_zone=time_zone, entities=entities, since=since)


def _reader(kind: str, url: URL) -> tuple[str, Callable[[], RecorderDatabase]]:
    # Drivers are imported here, so that one database does not load the other's.
    from src.history import recorder_server as server

    if kind in ("mysql", "mariadb"):
        from src.history.recorder_mariadb import MariadbRecorder

        return server.shown(url, "mariadb", 3306), lambda: MariadbRecorder(url)
    if kind in ("postgresql", "postgres"):
        from src.history.recorder_postgresql import PostgresqlRecorder

        return server.shown(url, "postgresql", 5432), lambda: PostgresqlRecorder(url)
    if kind == "sqlite":
        wanted = f"{_WANTED}; for SQLite set HISTORY to the path of home-assistant_v2.db"
        raise InvalidSetting("RECORDER_URL", "sqlite://…", wanted)
    raise InvalidSetting("RECORDER_URL", f"{kind}://…", _WANTED)
