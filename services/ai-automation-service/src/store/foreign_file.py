"""An SQLite file from elsewhere: opened to be read only, with nothing set off, and never much of it in memory.

What SQLite advises for such files: https://www.sqlite.org/security.html. Its limits are those of one connection:
https://www.sqlite.org/c3ref/c_limit_attached.html.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

MOST_IN_VALUE = 16 << 20  # bytes of one value, and of one row
_MOST_IN_STATEMENT = 8 << 10  # bytes, of what makes a table as well; ours have a quarter of it
_MOST_COLUMNS = 100  # of a table; ours have up to sixteen
_MOST_STEPS = 2_000  # of SQLite's machine while it reads the schema: some 280 entries, where ours has fifty
_SETTINGS = ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "query_only = ON")
_CACHE = "cache_size = -2048"  # KiB; else as much as the file itself asks for


@contextmanager
def foreign_file(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file.

    Raises:
        sqlite3.Error: it is no database, or its schema is far longer than any of ours. Reading a longer value than
            :data:`MOST_IN_VALUE` raises it, too.
    """
    # Immutable: neither a log nor a lock beside it is looked for.
    source = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    try:
        source.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_IN_VALUE)
        source.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _MOST_IN_STATEMENT)
        source.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, _MOST_COLUMNS)
        # The whole schema is kept in memory from the first question on, so that one is watched.
        source.set_progress_handler(lambda: 1, _MOST_STEPS)
        source.execute("SELECT count(*) FROM sqlite_schema WHERE rowid < 0").fetchone()
        source.set_progress_handler(None, 0)
        for setting in (*_SETTINGS, _CACHE):
            source.execute(f"PRAGMA {setting}")
        yield source
    finally:
        source.close()
