"""Whether a database is a recorder's, of a schema whose rows are understood."""

from __future__ import annotations

from src.errors import HistoryUnreadable
from src.history.recorder_database import RecorderDatabase

OLDEST_SCHEMA = 42
NEWEST_SCHEMA = 53

_NEEDED = {
    "states": {
        "state_id", "metadata_id", "state", "last_updated_ts", "last_changed_ts", "old_state_id", "attributes_id",
        "context_id_bin", "context_user_id_bin", "context_parent_id_bin",
    },
    "states_meta": {"metadata_id", "entity_id"},
}  # fmt: skip
_KINDS = {"sqlite": "SQLite", "mariadb": "MariaDB", "postgresql": "PostgreSQL"}


def checked_schema(database: RecorderDatabase, tables: set[str]) -> tuple[int | None, tuple[str, ...]]:
    """The schema version, and what a person should know about it.

    Raises:
        HistoryUnreadable: not a recorder's database, of an older schema, or without a column that is needed.
        DatabaseChanged
    """
    if not {"states", "schema_changes"} <= tables:
        raise _foreign(database, tables)
    schema = database.schema()
    if schema is not None and schema < OLDEST_SCHEMA:
        raise HistoryUnreadable(
            database.name,
            f"its schema is {schema}, from before Home Assistant 2024.3 (schema {OLDEST_SCHEMA})",
            "Start Home Assistant 2024.3 or later on it once: that upgrades it.",
        )
    missing = [
        f"{name}.{column}"
        for name, needed in _NEEDED.items()
        for column in sorted(needed - (database.columns(name) if name in tables else set()))
    ]
    if missing:
        raise HistoryUnreadable(
            database.name,
            f"its schema {schema} has no {', '.join(missing[:5])}",
            f"Schemas {OLDEST_SCHEMA} to {NEWEST_SCHEMA} can be read; look for a later version of this service.",
        )
    if schema is None or schema > NEWEST_SCHEMA:
        return schema, (
            f"The recorder's schema {schema} is not one this version knows ({OLDEST_SCHEMA} to {NEWEST_SCHEMA}); "
            "it was read as if it were the newest of these.",
        )
    return schema, ()


def _foreign(database: RecorderDatabase, tables: set[str]) -> HistoryUnreadable:
    names = ", ".join(sorted(tables)[:5])[:120] or "none"
    why = f"it is a {_KINDS[database.backend]} database, but not Home Assistant's (tables: {names})"
    if database.backend == "sqlite":
        remedy = "Give Home Assistant's recorder database, usually home-assistant_v2.db in its config folder."
    else:
        remedy = "Give the URL of Home Assistant's db_url, and let its user read all tables of that database."
    return HistoryUnreadable(database.name, why, remedy)
