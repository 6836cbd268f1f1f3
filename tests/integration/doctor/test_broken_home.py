"""The real ``doctor`` where a Home Assistant, a history or a broker is broken: a finding and a remedy for each."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.doctor_process import ANOTHER_USER, assert_told, doctor
from tests.fake_home_assistant import FakeHomeAssistant, Hang
from tests.integration.loopback import closed_port

pytestmark = pytest.mark.heavy


def test_a_token_that_is_not_taken(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN="a-token-of-yesterday")
    assert_told(told, "home assistant", "home assistant", "failed", "does not take the token", "new long-lived access")
    assert told.code == 1


def test_a_home_assistant_that_is_well(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    fake.config["time_zone"] = "Europe/Berlin"
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN=fake.token, TZ="Europe/Berlin")
    assert told.code == 0, told.out
    assert told.about("home assistant", "administrator")["level"] == "ok"
    assert told.about("home assistant", "entities")["fact"].startswith("1 of 1")
    assert told.json["contacted"] == ["HA_URL", "PORT (this machine)"]
    for name in ("grandma", "Grandma", str(fake.config["latitude"])):
        assert name not in told.out


def test_a_token_of_somebody_who_is_no_administrator(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN=fake.guest_token)
    assert_told(told, "home assistant", "administrator", "warning", "no administrator's", "as an administrator")


def test_a_home_assistant_elsewhere_than_it_is_said(tmp_path: Path) -> None:
    port = closed_port()
    told = doctor(tmp_path, HA_URL=f"http://localhost:{port}", HA_TOKEN="some-token-or-other")
    assert_told(
        told, "home assistant", "home assistant", "failed", "nothing listens there", "as seen from this service"
    )


def test_another_zone_than_home_assistants(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    fake.config["time_zone"] = "America/New_York"
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN=fake.token, TZ="Europe/Berlin")
    assert_told(told, "home assistant", "time zone", "warning", "America/New_York", "Set TZ=America/New_York")


def test_a_home_assistant_that_hangs(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    fake.trouble["*"] = Hang()
    told = doctor(tmp_path, "--timeout", "0.5", HA_URL=fake.url, HA_TOKEN=fake.token)
    assert told.about("home assistant", "home assistant")["level"] == "failed"
    assert told.code == 1


def test_a_history_that_is_not_there(tmp_path: Path) -> None:
    told = doctor(tmp_path, HISTORY=str(tmp_path / "config" / "home-assistant_v2.db"))
    assert_told(told, "sources", "history", "failed", "there is nothing at", "as seen from the service")


def test_a_history_that_may_not_be_read(for_all: Path) -> None:
    history = for_all / "home.csv"
    history.write_text("timestamp,entity_id,state\n")
    history.chmod(0o600)
    told = doctor(for_all, within=ANOTHER_USER, HISTORY=str(history))
    assert_told(told, "sources", "history", "failed", "may not be read (owned by 0:0, mode 600", "chmod o+r")


def test_a_history_that_is_another_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "home-assistant_v2.db")) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    told = doctor(tmp_path, HISTORY=str(tmp_path / "home-assistant_v2.db"))
    assert_told(told, "sources", "recorder file", "failed", "not Home Assistant's", "home-assistant_v2.db")


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_a_recorder_that_is_away(tmp_path: Path, scheme: str) -> None:
    told = doctor(tmp_path, RECORDER_URL=f"{scheme}://ha:a-password@127.0.0.1:{closed_port()}/homeassistant")
    found = [each for each in told.findings if each["group"] == "sources" and each["level"] == "failed"]
    assert len(found) == 1
    assert "cannot be reached" in found[0]["fact"]
    assert "host and port of RECORDER_URL" in found[0]["remedy"]
    assert "a-password" not in told.out


def test_an_influxdb_that_is_away(tmp_path: Path) -> None:
    told = doctor(tmp_path, INFLUXDB_URL=f"http://127.0.0.1:{closed_port()}")
    assert_told(told, "sources", "influxdb", "failed", "does not answer", "INFLUXDB_URL is right")


def test_a_broker_that_is_away(tmp_path: Path) -> None:
    told = doctor(tmp_path, MQTT_HOST="127.0.0.1", MQTT_PORT=str(closed_port()))
    assert_told(told, "mqtt", "mqtt", "failed", "nothing listens there", "MQTT_HOST and MQTT_PORT")
