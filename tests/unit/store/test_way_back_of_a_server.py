"""Before PostgreSQL is upgraded, what it holds is put into a backup, with which the version before goes on."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from src import cli
from src.commands.stored import open_store
from src.errors import DatabaseTooNew, DatabaseUnreachable, NoRoom
from src.settings import Settings, load_settings
from src.store import Store, migration
from src.store.archive import read_archive
from src.store.copying import rows_of, rows_of_file, tables_of, write
from src.store.database import Database
from src.store.migration import known_revisions, migrate
from src.store.stored_copy import check_copy
from src.store.way_back import Shelf
from tests.unit.store.postgresql import Server
from tests.unit.store.test_backing_up import restored
from tests.unit.store.test_upgrading import database_of, known_in
from tests.unit.store.whole_home import everything, whole_home
from tests.unit.store.worlds import NOW

pytestmark = pytest.mark.postgres

*EARLIER, NEWEST = known_revisions()
PASSWORD = "correct-horse-7"
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("home", sa.Column("later", sa.Text))
    op.drop_table("firing")
"""

Held = dict[str, list[tuple[Any, ...]]]


def held(database: Database) -> Held:
    """Every row of every table that is carried, of whatever revision."""
    try:
        with database.read() as connection:
            return {
                table.name: [tuple(map(plain, row)) for rows in rows_of(database, connection, table) for row in rows]
                for table in tables_of(connection)
            }
    finally:
        database.close()


def plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def on_server(revision: str, url: str, folder: Path) -> Held:
    """Make a server's database of a revision, with rows in every table; those rows."""
    file = database_of(revision, folder / "made.db")
    database, made = Database(url), Database.of_file(file)
    migrate(database, revision)
    with made.read() as there, database.write() as connection, closing(sqlite3.connect(file)) as source:
        for table in tables_of(there):
            for rows in rows_of_file(source, table.name, [column.name for column in table.columns]):
                write(connection, table, rows)
    for each in (database, made):
        each.close()
    before = held(Database(url))
    assert all(before.values()), "every table has rows"
    file.unlink()
    return before


@pytest.fixture
def url(server: Server) -> str:
    return server.emptied()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data", "TZ=Europe/Berlin\n", lambda: NOW)


@pytest.mark.parametrize("revision", EARLIER)
def test_the_copy_is_a_backup_of_the_database_as_it_was(revision: str, url: str, shelf: Shelf, tmp_path: Path) -> None:
    before = on_server(revision, url, tmp_path)
    home = Store.open("sqlite://")
    whole_home(home)
    known = known_in(revision, everything(home))
    home.close()

    with closing(Store.open(url, shelf)) as store:
        assert store.schema_version == NEWEST
        assert everything(store) == known
    Store.open(url, shelf).close()

    (kept,) = shelf.folder.iterdir()
    assert kept.name == f"postgres.{revision}.backup.zip"
    assert kept.stat().st_mode & 0o777 == 0o600
    archive = read_archive(kept, tmp_path, kept.name)
    assert (archive.manifest.schema, archive.manifest.source, archive.manifest.created) == (revision, "postgresql", NOW)
    assert archive.settings == shelf.settings
    assert held(Database.of_file(archive.store)) == before
    assert archive.manifest.rows == {table: len(rows) for table, rows in before.items()}
    (tmp_path / "checked").mkdir()
    copy = check_copy(archive.store, tmp_path / "checked", name="copy", version="0", revision=revision)
    with closing(Store.open(f"sqlite:///{tmp_path / 'other.db'}")) as other:
        restored(other, copy.path)
        assert everything(other) == known


def test_without_room_for_the_copy_nothing_is_upgraded(
    url: str, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = on_server("0005", url, tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))

    with pytest.raises(NoRoom, match=r"before its upgrade, postgres\.0005\.backup\.zip.*has 10 MB free"):
        Store.open(url, shelf)

    assert list(shelf.folder.iterdir()) == []
    assert held(Database(url)) == before
    monkeypatch.undo()
    Store.open(url, shelf).close()


def test_a_disk_that_somebody_fills_meanwhile(
    url: str, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the copy there is room for it, and after it none to pack it."""
    before = on_server("0005", url, tmp_path)
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda folder: SimpleNamespace(free=10_000_000 if is_copied(folder / "store.db") else 10**9),
    )

    with pytest.raises(NoRoom, match="has 10 MB free"):
        Store.open(url, shelf)

    assert list(shelf.folder.iterdir()) == []
    assert held(Database(url)) == before


def is_copied(path: Path) -> bool:
    """Whether the rows are in a copy, which come all at once."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
        return bool(copy.execute("SELECT count(*) FROM embedding").fetchone()[0])


def test_what_other_programs_keep_there_needs_no_room(
    url: str, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_server("0005", url, tmp_path)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE photo AS SELECT repeat('x', 1000) FROM generate_series(1, 40000)")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=24_000_000))

    Store.open(url, shelf).close()

    assert [kept.name for kept in shelf.folder.iterdir()] == ["postgres.0005.backup.zip"]


def test_the_name_of_the_database_leads_nowhere_else(url: str, server: Server, shelf: Shelf, tmp_path: Path) -> None:
    name = "../../my home"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    other = server.url(quote(name, safe=""))
    try:
        on_server("0005", other, tmp_path)
        Store.open(other, shelf).close()
        assert [kept.name for kept in shelf.folder.iterdir()] == [".._.._my_home.0005.backup.zip"]
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def test_a_folder_that_cannot_be_written_to_is_named(url: str, shelf: Shelf, tmp_path: Path) -> None:
    before = on_server("0005", url, tmp_path)
    shelf.folder.write_text("no folder")

    with pytest.raises(DatabaseUnreachable, match=f"no copy can be put into {shelf.folder} before its upgrade"):
        Store.open(url, shelf)

    assert held(Database(url)) == before


def test_a_new_database_has_nothing_to_go_back_to(url: str, shelf: Shelf) -> None:
    Store.open(url, shelf).close()
    assert not shelf.folder.exists()


@pytest.fixture
def settings(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a service on this server, with a password in its address and a token."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", url.replace("postgres@", f"postgres:{PASSWORD}@"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    return load_settings()


def forget() -> None:
    """What is cached of the revisions that there are."""
    migration.newest_revision.cache_clear()
    migration.known_revisions.cache_clear()


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """This version knows a later revision, whose tables are others, until it is undone."""
    with pytest.MonkeyPatch.context() as patch:
        scripts = tmp_path / "migrations"
        shutil.copytree(migration._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        (scripts / "versions/9999_later.py").write_text(LATER.format(before=NEWEST))
        patch.setattr(migration, "_SCRIPTS", scripts)
        forget()
        yield patch
    forget()


def test_the_way_back_is_walked(
    settings: Settings,
    server: Server,
    later: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """This version is the one before, and has nothing but the copy and the documented command."""
    later.setattr(migration, "newest_revision", lambda: NEWEST)
    with closing(Store.open(settings.store_url)) as store:
        whole_home(store)
        told = everything(store)
    before = held(Database(settings.store_url))
    later.setattr(migration, "newest_revision", lambda: "9999")
    open_store(settings).close()
    kept = settings.data_dir / f"postgres.{NEWEST}.backup.zip"
    assert list(settings.data_dir.iterdir()) == [kept]

    later.undo()
    forget()
    with pytest.raises(DatabaseTooNew):
        open_store(settings)
    server.emptied()
    assert cli.main(["restore", str(kept)]) == 0

    said = capsys.readouterr()
    assert "a setting is different" not in said.out + said.err
    assert held(Database(settings.store_url)) == before
    with closing(open_store(settings)) as store:
        assert everything(store) == told
    with zipfile.ZipFile(kept) as packed:
        assert all(PASSWORD.encode() not in packed.read(name) for name in packed.namelist())
