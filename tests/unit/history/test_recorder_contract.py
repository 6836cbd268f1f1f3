"""A recorder reads the same from SQLite, MariaDB and PostgreSQL: the same events, by the same causes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from src.domain.events import EntityInfo, EventLog, Origin
from src.domain.progress import silent
from src.errors import HistoryEmpty, HistoryUnreadable
from src.history.metadata import Registry, RegistryEntity
from src.history.recorder import read_recorder
from src.history.recorder_database import RecorderDatabase
from src.history.recorder_sqlite import SqliteRecorder
from src.history.recorder_url import recorder_of
from src.history.source import HistoryRead, histories
from src.mining import mine
from src.simulation.demo import demo_home
from src.simulation.recorder_database import write_recorder
from tests.unit.history.conftest import MakeRecorder, RecorderDb
from tests.unit.history.mariadb import MariadbServer
from tests.unit.history.recorder_servers import fill_mariadb, fill_postgresql
from tests.unit.store.postgresql import Server

START = datetime(2026, 4, 30, 6, tzinfo=UTC)  # Home Assistant starts
NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
USER, PROGRAM = b"u" * 16, b"n" * 16

Event = tuple[int, str, str, Origin]


@dataclass(frozen=True)
class Backend:
    """One kind of database: ``holding`` a recorder that was written in SQLite, and so opened."""

    name: str
    holding: Callable[[Path], Callable[[], RecorderDatabase]]

    def read(
        self,
        home: RecorderDb,
        *,
        since: datetime | None = None,
        part: int | None = None,
        registry: Registry | None = None,
        programs: frozenset[bytes] = frozenset(),
    ) -> list[HistoryRead]:
        home.close()
        first = None if since is None else micros(since)
        tables = read_recorder(
            "it", self.holding(home.path), registry or Registry(), first, silent, part=part, programs=programs
        )
        return list(histories(tables, "it", "recorder", time_zone="UTC", entities=None, since=first))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("mariadb", marks=pytest.mark.heavy),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ]
)
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "sqlite":
        return Backend("sqlite", lambda path: partial(SqliteRecorder, path))
    if request.param == "mariadb":
        mariadb: MariadbServer = request.getfixturevalue("mariadb")
        url, fill = mariadb.emptied(), fill_mariadb
    else:
        postgresql: Server = request.getfixturevalue("postgresql")
        url, fill = postgresql.emptied(), fill_postgresql

    def holding(path: Path) -> Callable[[], RecorderDatabase]:
        fill(url, path)
        return recorder_of(url)[1]

    return Backend(request.param, holding)


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def events(log: EventLog) -> list[Event]:
    columns = zip(log.time.tolist(), log.entity.tolist(), log.state.tolist(), log.origin.tolist(), strict=True)
    return [(time, log.entities[entity], log.states[state], Origin(origin)) for time, entity, state, origin in columns]


def origins(log: EventLog) -> dict[str, Origin]:
    return {entity_id: origin for _, entity_id, _, origin in events(log)}


def test_states_and_when_they_were_to_the_microsecond(backend: Backend, recorder: MakeRecorder) -> None:
    home = recorder()
    home.event("call_service", START, b"x" * 16)
    home.state("light.a", "on", NOON + timedelta(microseconds=123_457))
    home.state("light.a", "on", NOON + 5 * SECOND, changed=NOON, attributes={"brightness": 9})
    home.state("light.a", "off", NOON + 9 * SECOND, changed=NOON + 9 * SECOND)
    home.state("sensor.words", "Grüße, 家 🏠 100 % ?'\"\\", NOON + 10 * SECOND)
    home.state("light.a", None, NOON + 11 * SECOND)  # removed

    (read,) = backend.read(home)

    assert events(read.log) == [
        (micros(NOON) + 123_457, "light.a", "on", Origin.DEVICE),
        (micros(NOON) + 9_000_000, "light.a", "off", Origin.DEVICE),
        (micros(NOON) + 10_000_000, "sensor.words", "Grüße, 家 🏠 100 % ?'\"\\", Origin.DEVICE),
    ]
    assert read.skipped == {"attributes_only": 1, "missing_field": 1}
    assert (read.source.details["schema"], read.source.details["backend"]) == (53, backend.name)


def test_an_instant_is_the_one_that_is_told_live(backend: Backend, recorder: MakeRecorder) -> None:
    # Newer versions store more digits than microseconds have; live they round as datetime does.
    home = recorder()
    stored = [1795286889.6991096, 1795286890.0000005, 1795286891.9999997, 1795286892.1234563]
    for n, seconds in enumerate(stored):
        home.state("light.a", str(n), NOON)
        home.execute("UPDATE states SET last_updated_ts = ? WHERE state = ?", seconds, str(n))

    (read,) = backend.read(home)

    assert read.log.time.tolist() == [micros(datetime.fromtimestamp(seconds, UTC)) for seconds in stored]


def test_rows_out_of_order_and_without_a_time(backend: Backend, recorder: MakeRecorder) -> None:
    home = recorder()
    home.state("light.a", "third", NOON + 3 * SECOND)
    home.state("light.a", "first", NOON + SECOND)
    home.state("light.a", "second", NOON + 2 * SECOND)
    home.state("light.a", "untimed", NOON)
    home.execute("UPDATE states SET last_updated_ts = NULL WHERE state = 'untimed'")
    home.state("light.a", "nobody", NOON)
    home.execute("UPDATE states SET metadata_id = NULL WHERE state = 'nobody'")

    (read,) = backend.read(home)

    assert [state for _, _, state, _ in events(read.log)] == ["first", "second", "third"]
    assert read.skipped == {"missing_field": 2}


def test_who_caused_a_change(backend: Backend, recorder: MakeRecorder) -> None:
    home = recorder()
    automation, timed, script, asked_script, app, call, ends_in_zeros = (
        bytes([n]) * 14 + bytes([n % 7, n % 7]) for n in range(1, 8)
    )
    home.event("automation_triggered", NOON, automation)
    home.event("automation_triggered", NOON, timed)
    home.event("automation_triggered", NOON, ends_in_zeros)
    home.event("script_started", NOON, script)
    home.event("script_started", NOON, asked_script, USER)
    home.event("call_service", NOON, app, USER)
    home.event("call_service", NOON, call)
    home.event("call_service", NOON, automation)
    home.event("other_event", NOON, b"o" * 16, USER)
    home.state("light.wall_switch", "on", NOON)
    home.state("light.by_state_trigger", "on", NOON, context=automation, parent=b"p" * 16)
    home.state("light.by_time_trigger", "on", NOON, context=timed)
    home.state("light.by_id_with_zeros", "on", NOON, context=ends_in_zeros)
    home.state("light.by_script", "on", NOON, context=script)
    home.state("light.by_asked_script", "on", NOON, context=asked_script, user=USER)
    home.state("light.by_app", "on", NOON, context=app, user=USER)
    home.state("light.by_call", "on", NOON, context=call)
    home.state("light.by_child", "on", NOON, context=b"c" * 16, parent=b"q" * 16)
    home.state("light.by_automation_of_user", "on", NOON, context=automation, user=USER)
    home.state("light.by_program", "on", NOON, context=b"d" * 16, user=PROGRAM)
    home.state("automation.night", "on", NOON, context=b"r" * 16)
    home.state("light.by_unrecorded_run", "on", NOON, context=b"r" * 16)
    home.state("light.without_context", "on", NOON)
    home.execute("UPDATE states SET context_id_bin = NULL WHERE state_id = (SELECT max(state_id) FROM states)")

    (read,) = backend.read(home, programs=frozenset({PROGRAM}))

    assert origins(read.log) == {
        "light.wall_switch": Origin.DEVICE,
        "light.by_state_trigger": Origin.AUTOMATION,
        "light.by_time_trigger": Origin.AUTOMATION,
        "light.by_id_with_zeros": Origin.AUTOMATION,
        "light.by_script": Origin.AUTOMATION,
        "light.by_asked_script": Origin.USER,
        "light.by_app": Origin.USER,
        "light.by_call": Origin.USER,
        "light.by_child": Origin.AUTOMATION,
        "light.by_automation_of_user": Origin.AUTOMATION,
        "light.by_program": Origin.AUTOMATION,
        "automation.night": Origin.AUTOMATION,
        "light.by_unrecorded_run": Origin.AUTOMATION,
        "light.without_context": Origin.UNKNOWN,
    }


def test_what_follows_another_entity_was_done_by_nobody(backend: Backend, recorder: MakeRecorder) -> None:
    home = recorder()
    home.event("call_service", START, b"z" * 16)
    for n in range(3):
        at, by_hand, wrapped, asked = NOON + n * MINUTE, *(bytes([100 + n]) * 15 + each for each in (b"a", b"b", b"c"))
        home.state("switch.desk", f"{n}", at, context=by_hand)
        home.state("light.desk_glow", f"{n}", at + SECOND / 1000, context=by_hand)
        home.state("switch.hidden_plug", f"{n}", at, context=wrapped)
        home.state("light.wraps_it", f"{n}", at + SECOND / 1000, context=wrapped)
        home.event("call_service", at, asked, USER)
        home.state("light.one", f"{n}", at, context=asked, user=USER)
        home.state("light.two", f"{n}", at + SECOND / 1000, context=asked, user=USER)

    (read,) = backend.read(home, registry=Registry(left_out={"switch.hidden_plug": "hidden_entity"}))

    assert origins(read.log) == {
        "switch.desk": Origin.DEVICE,
        "light.desk_glow": Origin.AUTOMATION,
        "light.wraps_it": Origin.DEVICE,
        "light.one": Origin.USER,
        "light.two": Origin.USER,
    }


def test_what_comes_back_after_a_start_was_done_by_nobody(backend: Backend, recorder: MakeRecorder) -> None:
    home = recorder()
    home.event("call_service", START, b"z" * 16)
    home.start(START)
    home.state("light.a", "on", START + 3600 * SECOND)
    home.start(NOON)
    home.state("light.a", "unavailable", NOON + 5 * SECOND)
    home.state("light.a", "off", NOON + 20 * SECOND)
    home.state("light.a", "on", NOON + 40 * SECOND)  # somebody at the switch

    (read,) = backend.read(home)

    assert [origin for _, _, _, origin in events(read.log)] == [
        Origin.DEVICE,
        Origin.UNKNOWN,
        Origin.UNKNOWN,
        Origin.DEVICE,
    ]


def test_what_is_known_comes_from_the_given_registry_and_the_newest_attributes(
    backend: Backend, recorder: MakeRecorder
) -> None:
    home = recorder()
    home.state("zone.home", "0", NOON, attributes={"latitude": 52.52, "longitude": 13.4})
    home.state("sensor.t", "20", NOON, attributes={"friendly_name": "Old name"})
    home.state("sensor.t", "21", NOON + SECOND, attributes={"friendly_name": "Wärme", "unit_of_measurement": "°C"})
    home.state("sensor.signal", "-70", NOON)
    named = RegistryEntity(EntityInfo("sensor.t", area="Attic"), EntityInfo("sensor.t"))
    registry = Registry({"sensor.t": named}, {"sensor.signal": "diagnostic_entity"}, "Europe/Berlin")

    (read,) = backend.read(home, registry=registry)

    assert read.log.info["sensor.t"] == EntityInfo("sensor.t", "Wärme", "Attic", None, "°C")
    assert read.log.position == (52.52, 13.4)
    assert read.skipped == {"diagnostic_entity": 1}


def test_since_reads_only_what_is_new(backend: Backend, recorder: MakeRecorder) -> None:
    home = recorder()
    automation = b"a" * 16
    home.event("automation_triggered", NOON - 3600 * SECOND, automation)  # and waited for an hour
    for n in range(10):
        home.state("light.a", str(n), NOON + n * SECOND, context=automation if n == 9 else None)

    (read,) = backend.read(home, since=NOON + 8 * SECOND)

    assert [(state, origin) for _, _, state, origin in events(read.log)] == [
        ("8", Origin.DEVICE),
        ("9", Origin.AUTOMATION),
    ]


def test_parts_are_the_whole_in_the_order_of_time(
    backend: Backend, recorder: MakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.history.recorder_database.PAGE", 7)
    home = recorder()
    home.start(START)
    home.event("automation_triggered", NOON, b"a" * 16)
    for n in range(60):  # several rows of one instant, over the ends of pages and parts
        home.state(f"light.l{n % 5}", str(n), NOON + (n // 6) * SECOND, context=b"a" * 16 if n % 3 else None)
    home.close()
    opened = backend.holding(home.path)

    def read(part: int | None) -> list[HistoryRead]:
        tables = read_recorder("it", opened, Registry(), None, silent, part=part)
        return list(histories(tables, "it", "recorder", time_zone="UTC", entities=None, since=None))

    (whole,) = read(None)
    parts = read(20)

    assert len(parts) == 3
    together = [event for part in parts for event in events(part.log)]
    assert sorted(together) == sorted(events(whole.log))
    assert [time for time, *_ in together] == sorted(time for time, *_ in together)
    assert len(whole.log) == 60


def test_an_empty_recorder(backend: Backend, recorder: MakeRecorder) -> None:
    with pytest.raises(HistoryEmpty):
        backend.read(recorder("empty.db"))


@pytest.mark.parametrize("schema", [41, 42, 54])
def test_schemas(backend: Backend, recorder: MakeRecorder, schema: int) -> None:
    home = recorder(schema=schema)
    home.state("light.a", "on", NOON)
    if schema == 41:
        with pytest.raises(HistoryUnreadable, match=r"schema is 41.*2024\.3") as caught:
            backend.read(home)
        assert "upgrades it" in caught.value.remedy
        return

    (read,) = backend.read(home)

    assert len(read.log) == 1
    assert any("schema 54" in warning for warning in read.warnings) == (schema == 54)


def test_nothing_is_written(backend: Backend, recorder: MakeRecorder) -> None:
    home = recorder()
    home.state("light.a", "on", NOON)
    home.close()

    with backend.holding(home.path)() as database:
        with pytest.raises(HistoryUnreadable, match=r"(?i)read.?only"):
            database.rows("DELETE FROM states")

        assert database.rows("SELECT count(*) FROM states") == [(1,)]


def test_a_whole_home_is_mined_to_the_same_routines(backend: Backend, tmp_path: Path) -> None:
    demo = demo_home().log
    write_recorder(demo, tmp_path / "home.db")

    def read(opened: Callable[[], RecorderDatabase]) -> EventLog:
        tables = read_recorder("it", opened, Registry(), None, silent)
        return next(histories(tables, "it", "recorder", time_zone=demo.time_zone, entities=None, since=None)).log

    log, sqlite = read(backend.holding(tmp_path / "home.db")), read(partial(SqliteRecorder, tmp_path / "home.db"))

    assert events(log) == events(sqlite)
    assert [pattern.to_json() for pattern in mine(log).patterns] == [
        pattern.to_json() for pattern in mine(sqlite).patterns
    ]
