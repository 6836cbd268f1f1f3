"""Brings a database to the newest schema, wherever it was."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from src.errors import DatabaseTooNew, DatabaseUnreachable
from src.store.database import Database
from src.store.schema import metadata

Condition = Literal["current", "older", "newer", "foreign", "empty"]
Keep = Callable[[Connection, str], None]

logger = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).with_name("migrations")
_OURS_SURELY = {"event", "state_text", "pattern", "run"}  # in every revision, also in later ones
# Alembic keeps what it is working on in module globals. Entered again by a ``keep`` that makes a database of its own.
_one_at_a_time = threading.RLock()


def migrate(database: Database, to: str | None = None, *, keep: Keep | None = None) -> str:
    """Upgrade in one transaction: a killed upgrade leaves the schema as it was.

    Of several processes that open a database at once, one upgrades and the others find it done.

    Args:
        to: a revision; None: the newest.
        keep: is called before tables that are there are changed, when nobody else can write, with the connection of
            the upgrade's transaction and the revision that there is.

    Returns:
        The revision that the database has now.

    Raises:
        DatabaseTooNew: it has a revision that this version does not know.
        DatabaseUnreachable: it belongs to another program, or cannot be written.
        What ``keep`` raises; nothing was changed.
    """
    config = _config()
    wanted = to or newest_revision()
    with database.read() as connection:
        before = _revision(connection, database)
    database.enter_wal_mode()  # only now that the file is known to be ours
    if before == wanted:
        return wanted
    with _one_at_a_time, database.write() as connection:
        before = _revision(connection, database)
        if keep is not None and before is not None and before != wanted:
            keep(connection, before)
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)
    if before != wanted and to is None:  # a copy that is made at some revision is nobody's news
        logger.info("database_migrated", extra={"database": database.name, "before": before, "after": wanted})
    return wanted


@cache
def newest_revision() -> str:
    """What this version brings every database to."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


@cache
def known_revisions() -> tuple[str, ...]:
    """Every revision that this version can begin with, oldest first."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(reversed([script.revision for script in scripts]))


def condition_of(connection: Connection, *, alone: bool) -> tuple[Condition, str | None]:
    """What this version makes of a database, and the revision that the database says it has.

    Args:
        alone: whether no other program may keep tables beside ours.
    """
    heads = MigrationContext.configure(connection).get_current_heads()
    revision = ", ".join(heads) or None
    if revision in known_revisions():
        return "current" if revision == newest_revision() else "older", revision
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if heads and tables >= _OURS_SURELY:
        return "newer", revision
    return "foreign" if heads or tables & set(metadata.tables) or (alone and tables) else "empty", revision


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection, database: Database) -> str | None:
    """The database's revision, None for a new one. Raises DatabaseTooNew, DatabaseUnreachable."""
    condition, revision = condition_of(connection, alone=database.sqlite)
    if condition == "newer":
        raise DatabaseTooNew(str(revision), newest_revision())
    if condition == "foreign":
        raise DatabaseUnreachable(database.name, "it holds the tables of another program; give this one its own")
    return revision
