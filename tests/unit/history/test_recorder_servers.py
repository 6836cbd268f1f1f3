"""What can go wrong with a recorder on a server: each says what to do, keeps what was read, and shows no password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from sqlalchemy import make_url

from src.errors import HistoryUnreadable, InvalidSetting
from src.history.metadata import Registry
from src.history.recorder_url import read_recorder_url, recorder_of
from src.history.source import HistoryRead
from tests.unit.history.conftest import MakeRecorder
from tests.unit.history.mariadb import MariadbServer
from tests.unit.history.recorder_servers import fill_mariadb, fill_postgresql
from tests.unit.store.postgresql import Server

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SECRET = "s3cr3t-w0rd"
ROWS, PART = 60, 20


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.history.recorder_database.PAGE", 10)
    monkeypatch.setattr("src.history.recorder_url.PART", PART)


@pytest.fixture
def home(recorder: MakeRecorder) -> Path:
    """A stopped home with a lamp that changes every second."""
    made = recorder()
    for n in range(ROWS):
        made.state("light.a", str(n), NOON + n * SECOND)
    made.close()
    return made.path


@pytest.fixture
def in_mariadb(mariadb: MariadbServer, home: Path) -> str:
    url = mariadb.emptied()
    fill_mariadb(url, home)
    return url


@pytest.fixture
def in_postgresql(postgresql: Server, home: Path) -> str:
    url = postgresql.emptied()
    fill_postgresql(url, home)
    return url


@pytest.fixture(
    params=[pytest.param("mariadb", marks=pytest.mark.heavy), pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def url(request: pytest.FixtureRequest) -> str:
    """The home, in each kind of server."""
    found: str = request.getfixturevalue(f"in_{request.param}")
    return found


def read(url: str, since: int | None = None) -> Iterator[HistoryRead]:
    return read_recorder_url(url, Registry(), time_zone="UTC", since=since)


def states(parts: list[HistoryRead]) -> list[int]:
    return [int(part.log.states[code]) for part in parts for code in part.log.state]


def refused(url: str) -> HistoryUnreadable:
    with pytest.raises(HistoryUnreadable) as caught:
        list(read(url))
    assert SECRET not in str(caught.value)
    return caught.value


def execute(url: str, *statements: str) -> Callable[[], None]:
    """Statements of another program, whose connection stays open until it is called."""
    parsed = make_url(url)
    connection: pymysql.Connection | psycopg.Connection
    if parsed.get_backend_name() == "mysql":
        connection = pymysql.connect(
            unix_socket=str(parsed.query["unix_socket"]), user="root", database=parsed.database, autocommit=True
        )
    else:
        connection = psycopg.connect(url, autocommit=True)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return connection.close


def with_(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


@pytest.mark.heavy
def test_a_server_that_stops_in_the_middle(mariadb: MariadbServer, in_mariadb: str) -> None:
    parts = read(in_mariadb)
    first = next(parts)
    mariadb.stop()
    with pytest.raises(HistoryUnreadable, match="connection to its server was lost") as caught:
        list(parts)
    mariadb.start()

    assert "goes on from there" in caught.value.remedy
    rest = list(read(in_mariadb, since=first.log.span[1]))
    assert states([first])[:-1] + states(rest) == list(range(ROWS))


@pytest.mark.postgres
def test_a_connection_that_the_server_ends_in_the_middle(in_postgresql: str) -> None:
    parts = read(in_postgresql)
    first = next(parts)
    ours = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'ai-automation-service'"
    )
    execute(in_postgresql, ours)()

    with pytest.raises(HistoryUnreadable, match="connection to its server was lost") as caught:
        list(parts)

    assert "goes on from there" in caught.value.remedy
    rest = list(read(in_postgresql, since=first.log.span[1]))
    assert states([first])[:-1] + states(rest) == list(range(ROWS))


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "postgresql", "postgresql+psycopg"])
def test_a_server_that_is_not_there(scheme: str) -> None:
    error = refused(f"{scheme}://ha:{SECRET}@127.0.0.1:1/homeassistant")  # nothing listens on port 1

    assert "cannot be reached" in error.message
    assert "RECORDER_URL" in error.remedy


def test_there_is_no_such_database(url: str) -> None:
    error = refused(with_(url, database="elsewhere"))

    assert "no such database" in error.message
    assert "RECORDER_URL" in error.remedy


@pytest.mark.heavy
def test_a_wrong_password(mariadb: MariadbServer, in_mariadb: str) -> None:
    mariadb.execute("CREATE OR REPLACE USER ha@localhost IDENTIFIED BY 'right'", "GRANT SELECT ON *.* TO ha@localhost")

    error = refused(mariadb.url("ha", SECRET))

    assert "let this user in" in error.message
    assert "password" in error.remedy
    assert states(list(read(mariadb.url("ha", "right")))) == list(range(ROWS))


@pytest.mark.postgres
def test_a_wrong_password_in_postgresql(postgresql: Server, in_postgresql: str) -> None:
    rules = postgresql.socket / "data" / "pg_hba.conf"
    before = rules.read_text()
    execute(in_postgresql, "DROP ROLE IF EXISTS ha", "CREATE ROLE ha LOGIN PASSWORD 'right'")()
    rules.write_text(f"local all ha scram-sha-256\n{before}")
    execute(in_postgresql, "SELECT pg_reload_conf()")()
    try:
        error = refused(with_(in_postgresql, username="ha", password=SECRET))
    finally:
        rules.write_text(before)
        execute(in_postgresql, "SELECT pg_reload_conf()", "DROP ROLE ha")()

    assert "let this user in" in error.message
    assert "password" in error.remedy


@pytest.mark.heavy
def test_a_user_who_may_not_read(mariadb: MariadbServer, in_mariadb: str) -> None:
    mariadb.execute("CREATE OR REPLACE USER other@localhost IDENTIFIED BY 'x'")
    nothing = refused(mariadb.url("other", "x"))
    mariadb.execute("GRANT SELECT ON homeassistant.states_meta TO other@localhost")
    too_little = refused(mariadb.url("other", "x"))

    assert "may not read" in nothing.message
    assert "GRANT SELECT" in nothing.remedy
    assert "read all tables" in too_little.remedy


@pytest.mark.postgres
def test_a_role_that_may_not_read(in_postgresql: str) -> None:
    execute(in_postgresql, "DROP ROLE IF EXISTS other", "CREATE ROLE other LOGIN")()
    try:
        execute(in_postgresql, "GRANT USAGE ON SCHEMA public TO other")()
        error = refused(with_(in_postgresql, username="other"))
    finally:
        execute(in_postgresql, "DROP OWNED BY other", "DROP ROLE other")()

    assert "may not read" in error.message
    assert "GRANT SELECT" in error.remedy


def test_a_user_who_may_only_read_is_enough(url: str) -> None:
    if url.startswith("mysql"):
        grants = ["CREATE OR REPLACE USER reader@localhost", "GRANT SELECT ON homeassistant.* TO reader@localhost"]
        undo = ["DROP USER reader@localhost"]
    else:
        grants = [
            "DROP ROLE IF EXISTS reader",
            "CREATE ROLE reader LOGIN",
            "GRANT USAGE ON SCHEMA public TO reader",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        ]
        undo = ["DROP OWNED BY reader", "DROP ROLE reader"]
    execute(url, *grants)()
    try:
        assert states(list(read(with_(url, username="reader")))) == list(range(ROWS))
    finally:
        execute(url, *undo)()


def test_tables_that_stay_locked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.history.recorder_mariadb.LOCK_SECONDS", 0)
    monkeypatch.setattr("src.history.recorder_postgresql.LOCK_SECONDS", 0.05)
    mariadb = url.startswith("mysql")
    lock = ["LOCK TABLES states WRITE"] if mariadb else ["BEGIN", "LOCK TABLE states IN ACCESS EXCLUSIVE MODE"]
    unlock = execute(url, *lock)
    error = refused(url)
    unlock()

    assert "keeps the tables locked" in error.message
    assert "import again" in error.remedy
    assert states(list(read(url))) == list(range(ROWS))


def test_we_hold_nothing_up_between_two_parts(url: str) -> None:
    parts = read(url)
    first = next(parts)
    short = "SET SESSION lock_wait_timeout = 1" if url.startswith("mysql") else "SET lock_timeout = '1s'"
    # What a schema's upgrade, a purge and a stop of Home Assistant need.
    execute(url, short, "ALTER TABLE states ADD COLUMN unheard_of INTEGER", "DELETE FROM states WHERE state_id <= 30")()

    assert states([first, *parts]) == [*range(20), *range(30, ROWS)]


def test_a_table_that_is_gone_in_the_middle(url: str) -> None:
    parts = read(url)
    next(parts)
    execute(url, "DROP TABLE states")()

    with pytest.raises(HistoryUnreadable, match="is gone") as caught:
        list(parts)

    assert "import again" in caught.value.remedy


def test_another_programs_database(url: str) -> None:
    execute(url, "DROP TABLE schema_changes")()

    error = refused(url)

    assert "not Home Assistant's" in error.message
    assert "db_url" in error.remedy


def test_the_key_names_the_database_and_nobody(url: str) -> None:
    part = next(read(url))

    assert part.source.format == "recorder"
    assert part.source.key == recorder_of(url)[0]
    assert "root" not in part.source.key
    assert "postgres@" not in part.source.key


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (f"mysql://ha:{SECRET}@core-mariadb/homeassistant?charset=utf8mb4", "mariadb://core-mariadb:3306"),
        (f"mysql+pymysql://ha:{SECRET}@10.0.0.2:3307/homeassistant", "mariadb://10.0.0.2:3307"),
        (f"mariadb://ha:{SECRET}@db/homeassistant", "mariadb://db:3306"),
        (f"mariadb://ha:12/{SECRET}:%40@db/homeassistant", "mariadb://db:3306"),
        (f"postgresql+psycopg2://ha:{SECRET}@db/homeassistant", "postgresql://db:5432"),
    ],
)
def test_the_key_of_an_address(address: str, key: str) -> None:
    assert recorder_of(address)[0] == f"recorder:{key}/homeassistant"


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        f"mysql://ha:{SECRET}@db",
        f"mysql://ha:{SECRET}@db:port/homeassistant",
        f"mysql://ha:a@{SECRET}@db/homeassistant",  # a password with a character that must be written otherwise
        f"oracle://ha:{SECRET}@db/homeassistant",
        f"sqlite:////{SECRET}.db",
    ],
)
def test_what_is_no_address_of_a_recorder(address: str) -> None:
    with pytest.raises(InvalidSetting, match="RECORDER_URL") as caught:
        recorder_of(address)

    assert SECRET not in str(caught.value)
    assert "postgresql://" in str(caught.value)


def test_a_page_is_answered_from_an_index(url: str) -> None:
    # Also where the server has not counted its rows, as after a restore.
    _, opened = recorder_of(url)
    page = "SELECT state FROM states WHERE last_updated_ts >= 0 AND (last_updated_ts > 0 OR state_id > 0) ORDER BY"
    with closing(opened()) as database:
        plan = str(database.rows(f"EXPLAIN {page} last_updated_ts, state_id LIMIT 10"))

    assert "ix_states_last_updated_ts" in plan
    assert "filesort" not in plan
