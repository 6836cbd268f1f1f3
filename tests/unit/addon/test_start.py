"""How the add-on's options, its broker and its recorder become the service's settings."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.addon import Place, broker_of, environment_of, give, read_options, recorder_of, settings_of
from src.errors import InvalidSetting, ServiceError
from tests.integration.loopback import Answer, Loopback

NOW = 1_780_000_000.0
TOKEN = "a" * 64
INHERITED = {"SUPERVISOR_TOKEN": TOKEN, "HASSIO_TOKEN": TOKEN, "TZ": "Europe/Berlin", "PATH": "/usr/bin"}
BROKER = {
    "host": "core-mosquitto", "port": 1883, "ssl": False, "protocol": "3.1.1", "username": "addons", "password": "pw",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name in ("data", "homeassistant"):
        (tmp_path / name).mkdir()
    return Place(tmp_path / "data", tmp_path / "homeassistant", user=os.geteuid())


def recorder(place: Place, *, written: float = NOW - 5) -> Path:
    file = place.configuration / "home-assistant_v2.db"
    file.write_bytes(b"SQLite format 3\0")
    os.utime(file, (written, written))
    return file


def words(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.message}: {getattr(record, 'why', getattr(record, 'option', ''))}" for record in caplog.records]


def test_options_become_settings_and_empty_ones_are_left_out() -> None:
    options = {
        "analysis_schedule": "0 4 * * *", "ha_live": False, "retention_days": 90, "latitude": 52.5, "include": "",
        "exclude": None, "mqtt": True, "exclude_users": "Node-RED, Küche",
    }  # fmt: skip
    assert settings_of(options) == {
        "ANALYSIS_SCHEDULE": "0 4 * * *",
        "HA_LIVE": "false",
        "RETENTION_DAYS": "90",
        "LATITUDE": "52.5",
        "EXCLUDE_USERS": "Node-RED, Küche",
    }


@pytest.mark.parametrize("name", ["ha_lvie", "PATH", "ld_preload", "host", "data_dir", "supervisor_token", "tz"])
def test_what_is_no_option_is_told_and_sets_nothing(caplog: pytest.LogCaptureFixture, name: str) -> None:
    assert settings_of({name: "x"}) == {}
    assert words(caplog) == [f"option_unknown: {name}"]


@pytest.mark.parametrize("value", [["a"], {"a": 1}, "a\0b"])
def test_what_no_environment_can_hold_is_refused(value: object) -> None:
    with pytest.raises(InvalidSetting, match=r"(?i)exclude"):
        settings_of({"exclude": value})


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"a": 1'])
def test_options_that_cannot_be_read_are_told(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "options.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidSetting, match="options"):
        read_options(file)


def test_the_add_on_decides_where_things_are(place: Place) -> None:
    environment = environment_of({"log_level": "DEBUG"}, INHERITED, place, {}, NOW)
    assert environment["HOST"] == "0.0.0.0"
    assert environment["PORT"] == "8018"
    assert environment["DATA_DIR"] == str(place.data)
    assert environment["MODELS_DIR"] == str(place.data / "models")
    assert environment["TZ"] == "Europe/Berlin"
    assert environment["SUPERVISOR_TOKEN"] == TOKEN
    assert environment["LOG_LEVEL"] == "DEBUG"
    assert not environment.keys() & {"HASSIO_TOKEN", "HA_URL", "HISTORY"}


def test_the_recorder_in_reach_is_the_history(place: Place) -> None:
    file = recorder(place)
    assert environment_of({}, INHERITED, place, {}, NOW)["HISTORY"] == str(file)


@pytest.mark.parametrize("chosen", [{"history": "home_assistant"}, {"recorder_url": "mysql://u:p@core-mariadb/ha"}])
def test_a_history_that_was_chosen_is_left_alone(place: Place, chosen: dict[str, str]) -> None:
    recorder(place)
    assert environment_of(chosen, INHERITED, place, {}, NOW).get("HISTORY") == chosen.get("history")


def test_a_recorder_that_nobody_writes_to_is_not_taken(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    file = recorder(place, written=NOW - 30 * 86400)
    assert recorder_of(place.configuration, NOW) is None
    assert "set recorder_url" in words(caplog)[0]
    wal = file.with_name(file.name + "-wal")  # a busy home may not have moved its news into the database for long
    wal.touch()
    os.utime(wal, (NOW, NOW))
    assert recorder_of(place.configuration, NOW) == file


def test_a_recorder_that_is_not_there_is_told(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert recorder_of(place.configuration, NOW) is None
    assert recorder_of(place.configuration / "none", NOW) is None
    assert len(words(caplog)) == 2


@pytest.fixture
def supervisor() -> Iterator[Loopback]:
    with Loopback() as supervisor:
        yield supervisor


def answer(data: object, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(data).encode()


def test_the_broker_is_asked_for_with_the_add_ons_token(supervisor: Loopback) -> None:
    supervisor.answering = lambda method, path, headers: answer({"result": "ok", "data": BROKER})
    assert broker_of(supervisor.url, TOKEN) == {
        "MQTT_HOST": "core-mosquitto", "MQTT_PORT": "1883", "MQTT_USERNAME": "addons", "MQTT_PASSWORD": "pw",
    }  # fmt: skip
    [(line, headers)] = supervisor.calls
    assert line.startswith("GET /services/mqtt ")
    assert headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "said",
    [
        answer({"result": "error", "message": "Service not enabled"}, 400),
        answer({"result": "ok", "data": {}}),
        answer([]),
        answer({"result": "ok", "data": {**BROKER, "ssl": True}}),
        (502, {}, b"<html>"),
    ],
    ids=["none", "empty", "list", "tls", "html"],
)
def test_without_a_broker_it_starts_all_the_same(
    supervisor: Loopback, caplog: pytest.LogCaptureFixture, said: Answer
) -> None:
    supervisor.answering = lambda method, path, headers: said
    assert broker_of(supervisor.url, TOKEN) == {}
    assert "set mqtt_host" in words(caplog)[0]
    assert TOKEN not in caplog.text


def test_another_brokers_password_does_not_go_to_the_supervisors(place: Place) -> None:
    broker = {"MQTT_HOST": "core-mosquitto", "MQTT_PORT": "1883", "MQTT_USERNAME": "addons", "MQTT_PASSWORD": "pw"}
    options = {"mqtt": True, "mqtt_username": "old", "mqtt_password": "older"}
    environment = environment_of(options, INHERITED, place, broker, NOW)
    assert (environment["MQTT_USERNAME"], environment["MQTT_PASSWORD"]) == ("addons", "pw")


def test_a_folder_that_cannot_be_given_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(ServiceError, match="operation not permitted"):
        give(place.data, 4711, keep=place.data / "options.json")
