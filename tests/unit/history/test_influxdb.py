"""What both versions of InfluxDB give back of what Home Assistant writes. Version 1 is a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from src.domain.events import EntityInfo, Origin
from src.errors import HistoryUnreadable, UnknownTimeZone
from src.history.influxdb import read_influxdb
from src.history.source import HistoryRead
from tests.unit.history.influx_points import DAY, HOUR, MINUTE, T0, Options, Written, written
from tests.unit.history.influx_servers import Influx, OurInflux2, RealInflux, real_influx, serving

NOW = T0 + 60 * DAY
BOTH = [pytest.param(1, marks=pytest.mark.heavy, id="influxdb-1"), pytest.param(2, id="influxdb-2")]

Row = tuple[int, str, str]


@pytest.fixture(scope="module")
def server_of_version_1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealInflux]:
    with real_influx(tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture(params=BOTH)
def influx(request: pytest.FixtureRequest) -> Iterator[Influx]:
    if request.param == 1:
        real: RealInflux = request.getfixturevalue("server_of_version_1")
        real.empty()
        yield real
    else:
        ours = OurInflux2()
        with serving(ours):
            yield ours


def read(influx: Influx, *, since: int | None = None, now: int = NOW, most: int = 200_000) -> list[HistoryRead]:
    return list(read_influxdb(influx.access, now=now, time_zone="Europe/Berlin", since=since, most=most))


def rows_of(parts: list[HistoryRead]) -> list[Row]:
    return [
        (int(time), part.log.entities[entity], part.log.states[state])
        for part in parts
        for time, entity, state in zip(part.log.time, part.log.entity, part.log.state, strict=True)
    ]


def skipped(parts: list[HistoryRead], reason: str) -> int:
    return sum(part.skipped.get(reason, 0) for part in parts)


def a_home(options: Options | None = None) -> list[Written]:
    """A morning with one thing of each sort."""
    light = {"friendly_name": 'Kitchen, "left"'}
    sensor = {"friendly_name": "Room 2", "unit_of_measurement": "°C", "device_class": "temperature"}
    return [
        *written("light.kitchen", "on", T0, options, brightness=100, **light),
        *written("light.kitchen", "on", T0 + MINUTE, options, brightness=120, **light),
        *written("light.kitchen", "unavailable", T0 + 2 * MINUTE, options, **light),
        *written("light.kitchen", "on", T0 + 3 * MINUTE, options, **light),
        *written("light.kitchen", "off", T0 + 4 * MINUTE, options, **light),
        *written("sensor.room", "21.0", T0 + 5 * MINUTE, options, **sensor),
        *written("sensor.room", "21.50", T0 + 6 * MINUTE, options, **sensor),
        *written("sensor.room", "-0.125", T0 + 7 * MINUTE, options, **sensor),
        *written("climate.bath", "heat", T0 + 8 * MINUTE, options, friendly_name="Bath", value=12),
        *written("climate.bath", "heat", T0 + 9 * MINUTE, options, friendly_name="Bath", value=13),
        *written("select.mode", 'Night, "quiet"\nmode', T0 + 10 * MINUTE, options, options=["a", "b"]),
        *written("counter.visits", "7", T0 + 11 * MINUTE, options, friendly_name="Visits"),
        *written("binary_sensor.door", "on", T0 + 12 * MINUTE, options, device_class="door", friendly_name="Door"),
    ]


CHANGES: list[Row] = [
    (T0, "light.kitchen", "on"),
    (T0 + 4 * MINUTE, "light.kitchen", "off"),
    (T0 + 5 * MINUTE, "sensor.room", "21"),
    (T0 + 6 * MINUTE, "sensor.room", "21.5"),
    (T0 + 7 * MINUTE, "sensor.room", "-0.125"),
    (T0 + 8 * MINUTE, "climate.bath", "heat"),
    (T0 + 10 * MINUTE, "select.mode", 'Night, "quiet"\nmode'),
    (T0 + 11 * MINUTE, "counter.visits", "7"),
    (T0 + 12 * MINUTE, "binary_sensor.door", "on"),
]

LAYOUTS = {
    "as it comes": Options(),
    "default_measurement": Options(default="state"),
    "override_measurement": Options(override="all of it", tags={"source": "HA"}),
    "by entity id": Options(attribute="entity_id"),
    "by device class": Options(attribute="domain__device_class"),
    "attributes as tags": Options(tags_attributes=("friendly_name", "device_class", "unit_of_measurement")),
}


@pytest.mark.parametrize("options", list(LAYOUTS.values()), ids=list(LAYOUTS))
def test_changes_of_state_come_back_whatever_the_options(influx: Influx, options: Options) -> None:
    influx.write(a_home(options))
    parts = read(influx)
    assert rows_of(parts) == CHANGES
    assert skipped(parts, "unchanged") == 3
    known = {entity_id: info for part in parts for entity_id, info in part.log.info.items()}
    assert known == {
        "light.kitchen": EntityInfo("light.kitchen", 'Kitchen, "left"'),
        "sensor.room": EntityInfo("sensor.room", "Room 2", None, "temperature", "°C"),
        "climate.bath": EntityInfo("climate.bath", "Bath"),
        "select.mode": EntityInfo("select.mode"),
        "counter.visits": EntityInfo("counter.visits", "Visits"),
        "binary_sensor.door": EntityInfo("binary_sensor.door", "Door", None, "door"),
    }


def test_the_source_is_named_without_secrets_and_its_origins_are_unknown(influx: Influx) -> None:
    influx.write(a_home())
    (part,) = read(influx)
    host = influx.access.url.removeprefix("http://")
    assert part.source.key == f"influxdb:{host}/home assistant"
    assert part.source.format == "influxdb"
    assert set(part.log.origin.tolist()) == {Origin.UNKNOWN}
    assert any("automations" in sentence and "recorder" in sentence for sentence in part.warnings)


def test_without_a_time_zone_it_is_utc_and_said(influx: Influx) -> None:
    influx.write(a_home())
    (part,) = read_influxdb(influx.access, now=NOW)
    assert part.log.time_zone == "UTC"
    assert any("time zone" in sentence for sentence in part.warnings)
    with pytest.raises(UnknownTimeZone):
        next(read_influxdb(influx.access, now=NOW, time_zone="Mars/Base"))


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
def test_what_is_held_at_a_time_changes_nothing(influx: Influx, most: int) -> None:
    influx.write(a_home())
    parts = read(influx, most=most, now=T0 + HOUR)
    assert rows_of(parts) == CHANGES
    assert max(len(part.log) for part in parts) <= most
    assert [bool(part.warnings) for part in parts] == [True, *[False] * (len(parts) - 1)]


def test_more_points_in_a_second_than_may_be_held_are_read_all_the_same(influx: Influx) -> None:
    states = [str(number) for number in range(50)]
    influx.write([each for at, state in enumerate(states) for each in written("counter.a", state, T0 + at * 1000)])
    assert [state for _, _, state in rows_of(read(influx, most=10, now=T0 + HOUR))] == states


def test_years_of_nothing_are_passed_over(influx: Influx) -> None:
    influx.write([*written("light.a", "on", T0 - 900 * DAY), *written("light.a", "off", T0)])
    assert rows_of(read(influx)) == [(T0 - 900 * DAY, "light.a", "on"), (T0, "light.a", "off")]


def test_a_second_reading_goes_on_where_the_first_stopped(influx: Influx) -> None:
    influx.write(a_home())
    first = rows_of(read(influx))
    influx.write(written("climate.bath", "heat", T0 + 20 * MINUTE, None, value=14))
    influx.write(written("sensor.room", "-0.125", T0 + 20 * MINUTE, None, unit_of_measurement="°C"))
    influx.write(written("light.kitchen", "on", T0 + 21 * MINUTE, None, friendly_name="Renamed"))
    parts = read(influx, since=T0 + 12 * MINUTE)
    # A state that is written again is no change, though the change itself is not looked at any more.
    assert rows_of(parts) == [first[-1], (T0 + 21 * MINUTE, "light.kitchen", "on")]
    assert parts[0].log.info["light.kitchen"].name == "Renamed"


def test_nothing_new_is_an_empty_part_with_its_source(influx: Influx) -> None:
    influx.write(a_home())
    (part,) = read(influx, since=T0 + DAY)
    assert len(part.log) == 0
    assert part.source.format == "influxdb"
    (part,) = read(influx, since=NOW + DAY)
    assert len(part.log) == 0


def test_what_is_dated_after_now_waits(influx: Influx) -> None:
    influx.write([*a_home(), *written("light.kitchen", "on", T0 + 5 * DAY)])
    assert rows_of(read(influx, now=T0 + DAY)) == CHANGES
    assert rows_of(read(influx))[-1] == (T0 + 5 * DAY, "light.kitchen", "on")


def test_a_name_from_long_ago_is_found_where_it_was_written(influx: Influx) -> None:
    influx.write(written("light.old", "on", T0 - 300 * DAY, None, friendly_name="Old lamp"))
    influx.write(written("light.now", "on", T0 - 300 * DAY, None, friendly_name="Before"))
    influx.write(written("light.now", "off", T0, None, friendly_name="Now"))
    known = {entity_id: info.name for part in read(influx, now=T0 + DAY) for entity_id, info in part.log.info.items()}
    assert known == {"light.old": "Old lamp", "light.now": "Now"}


def test_what_people_say_of_their_things_counts_first(influx: Influx, tmp_path: Path) -> None:
    influx.write(a_home())
    by_hand = tmp_path / "entities.csv"
    by_hand.write_text("entity_id,name,area\nsensor.room,Thermometer,Living room\n")
    (part,) = read_influxdb(influx.access, now=NOW, time_zone="UTC", entities=by_hand)
    assert part.log.info["sensor.room"] == EntityInfo("sensor.room", "Thermometer", "Living room", "temperature", "°C")
    assert part.log.info["climate.bath"] == EntityInfo("climate.bath", "Bath")


def test_what_other_programs_write_there_is_not_read(influx: Influx) -> None:
    influx.write([Written("cpu", {"host": "nas"}, {"value": 0.5, "state": "busy"}, T0 + MINUTE)])
    with pytest.raises(HistoryUnreadable, match="written by Home Assistant") as caught:
        read(influx)
    assert "INFLUXDB_DATABASE" in caught.value.remedy
    influx.write(a_home())
    assert rows_of(read(influx)) == CHANGES


def test_an_attribute_in_the_place_of_a_state_is_no_state(influx: Influx) -> None:
    # A number for a state and an attribute that is called state: both fields are numbers then.
    influx.write([Written("sensor.a", {"domain": "sensor", "entity_id": "a"}, {"value": 5.0, "state": 9.0}, T0)])
    assert rows_of(read(influx)) == [(T0, "sensor.a", "5")]


def test_a_database_that_is_not_there_is_named(influx: Influx) -> None:
    wrong = replace(influx.access, database="nowhere")
    with pytest.raises(HistoryUnreadable) as caught:
        list(read_influxdb(wrong, now=NOW))
    # Version 1 tells a user without rights nothing of what there is.
    assert "nowhere" in str(caught.value)
    assert caught.value.about == wrong.key
    assert caught.value.remedy


def test_a_wrong_password_is_told_without_telling_it(influx: Influx) -> None:
    wrong = replace(influx.access, password="wr0ng", token="wr0ng")
    with pytest.raises(HistoryUnreadable, match="does not let us in") as caught:
        list(read_influxdb(wrong, now=NOW))
    assert "wr0ng" not in f"{caught.value!r} {caught.value.remedy}"
    assert "INFLUXDB_PASSWORD" in caught.value.remedy or "INFLUXDB_TOKEN" in caught.value.remedy


@pytest.mark.heavy
def test_what_the_retention_policy_dropped_is_missed_by_nobody(server_of_version_1: RealInflux) -> None:
    influx = server_of_version_1
    influx.empty()
    influx.write([*written("light.a", "on", T0 - 90 * DAY), *written("light.a", "off", T0)])
    reading = read_influxdb(influx.access, now=NOW, time_zone="UTC")
    assert rows_of([next(reading)]) == [(T0 - 90 * DAY, "light.a", "on")]
    shards = influx.ask("SHOW SHARDS")["results"][0]["series"]
    oldest = next(
        min(series["values"], key=lambda row: row[series["columns"].index("start_time")])[0]
        for series in shards
        if series["name"] == "home assistant"
    )
    influx.ask(f"DROP SHARD {oldest}")
    assert rows_of(list(reading)) == [(T0, "light.a", "off")]
    assert rows_of(read(influx, since=T0 - 90 * DAY)) == [(T0, "light.a", "off")]


@pytest.mark.heavy
def test_a_user_that_may_not_read_is_told_what_to_check(server_of_version_1: RealInflux) -> None:
    influx = server_of_version_1
    influx.empty()
    influx.ask('REVOKE READ ON "home assistant" FROM reader')
    with pytest.raises(HistoryUnreadable, match="INFLUXDB_USERNAME"):
        read(influx)
