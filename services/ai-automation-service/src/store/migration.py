"""Brings a database to the newest schema, wherever it was."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from src.errors import DatabaseTooNew, DatabaseUnreachable
from src.store.database import Database
from src.store.schema import metadata

logger = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).with_name("migrations")
_OURS_SURELY = {"event", "state_text", "pattern", "run"}  # in every revision, also in later ones
# Alembic keeps what it is working on in module globals.
_one_at_a_time = threading.Lock()


def migrate(database: Database) -> str:
    """Upgrade in one transaction: a killed upgrade leaves the schema as it was.

    Of several processes that open a database at once, one upgrades and the others find it done.

    Returns:
        The revision that the database has now.

    Raises:
        DatabaseTooNew: it has a revision that this version does not know.
        DatabaseUnreachable: it belongs to another program, or cannot be written.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    assert newest is not None
    with database.read() as connection:
        before = _revision(connection, database, scripts)
    database.enter_wal_mode()  # only now that the file is known to be ours
    if before == newest:
        return newest
    with _one_at_a_time, database.write() as connection:
        before = _revision(connection, database, scripts)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if before != newest:
        logger.info("database_migrated", extra={"database": database.name, "before": before, "after": newest})
    return newest


def _revision(connection: Connection, database: Database, scripts: ScriptDirectory) -> str | None:
    """The database's revision, None for a new one."""
    heads = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in scripts.walk_revisions()}
    if len(heads) == 1 and heads[0] in known:
        return heads[0]
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if heads and tables >= _OURS_SURELY:
        raise DatabaseTooNew(", ".join(heads), str(scripts.get_current_head()))
    if heads or tables & set(metadata.tables) or (database.sqlite and tables):
        raise DatabaseUnreachable(database.name, "it holds the tables of another program; give this one its own")
    return None
