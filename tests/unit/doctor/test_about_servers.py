"""What is said of servers: Home Assistant, a broker and the service, well and in trouble."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from src.doctor.about_broker import look_at_broker
from src.doctor.about_home_assistant import look_at_home_assistant
from src.doctor.about_models import look_at_hub
from src.doctor.about_sources import look_at_influxdb, look_at_recorder
from src.doctor.finding import Finding, Level
from tests.fake_home_assistant import FakeHomeAssistant, Say
from tests.integration.loopback import Loopback, closed_port
from tests.unit.doctor.conftest import Situated


def named(found: Iterator[Finding], check: str) -> Finding:
    return next(each for each in found if each.check == check)


def test_in_a_container_localhost_is_the_container(situated: Situated) -> None:
    port = closed_port()
    situation = situated(
        container=True,
        ha_url=f"http://localhost:{port}",
        ha_token="x" * 20,
        mqtt_host="localhost",
        mqtt_port=port,
        influxdb_url=f"http://localhost:{port}",
        recorder_url=f"mysql://ha:word@localhost:{port}/ha",
    )
    for look in (look_at_home_assistant, look_at_broker, look_at_influxdb, look_at_recorder):
        (found,) = look(situation)
        assert found.level is Level.FAILED
        assert "host.docker.internal" in found.remedy, found


def test_in_a_container_names_of_local_are_not_known(situated: Situated) -> None:
    situation = situated(container=True, ha_url="http://no-such-home.local:8123", ha_token="x" * 20)
    (found,) = look_at_home_assistant(situation)
    assert "write the IP address" in found.remedy


@pytest.mark.parametrize(("ahead", "level"), [(0, Level.OK), (3600, Level.WARNING), (-3600, Level.WARNING)])
def test_its_clock(situated: Situated, fake: FakeHomeAssistant, ahead: int, level: Level) -> None:
    fake.trouble["POST template"] = Say(str(time.time() + ahead), 200)
    clock = named(look_at_home_assistant(situated(ha_url=fake.url, ha_token=fake.token)), "clock")
    assert clock.level is level
    assert ("NTP" in clock.remedy) == (level is Level.WARNING)


def test_one_that_is_starting_old_or_in_recovery(situated: Situated, fake: FakeHomeAssistant) -> None:
    situation = situated(ha_url=fake.url, ha_token=fake.token)
    fake.config["state"] = "NOT_RUNNING"
    assert named(look_at_home_assistant(situation), "state").level is Level.WARNING
    fake.config |= {"state": "RUNNING", "recovery_mode": True}
    assert "recovery" in named(look_at_home_assistant(situation), "state").fact
    fake.config |= {"recovery_mode": False, "version": "2023.12.1"}
    assert "2024.3" in named(look_at_home_assistant(situation), "version").remedy


def test_a_machine_that_is_banned(situated: Situated, fake: FakeHomeAssistant) -> None:
    fake.trouble["*"] = Say("", 403)
    (found,) = look_at_home_assistant(situated(ha_url=fake.url, ha_token=fake.token))
    assert "ip_bans.yaml" in found.remedy


def test_another_program_at_its_address(situated: Situated) -> None:
    with Loopback() as other:
        (found,) = look_at_home_assistant(situated(ha_url=other.url, ha_token="x" * 20))
    assert found.level is Level.FAILED
    assert "8123" in found.remedy


@contextmanager
def broker(answer: bytes) -> Iterator[int]:
    """Says one thing to the first who comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)
                connection.recv(1024)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("code", "level", "says"),
    [(0, Level.OK, ""), (4, Level.FAILED, "MQTT_PASSWORD"), (5, Level.FAILED, "MQTT_PASSWORD")],
)
def test_a_broker(situated: Situated, code: int, level: Level, says: str) -> None:
    # CONNACK: https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html#_Toc398718033
    with broker(bytes([0x20, 2, 0, code])) as port:
        situation = situated(mqtt_host="127.0.0.1", mqtt_port=port, mqtt_username="a", mqtt_password="b")
        (found,) = look_at_broker(situation)
    assert found.level is level, found
    assert says in found.remedy


def test_a_hub_is_asked_once_and_only_when_it_may_be(situated: Situated) -> None:
    with Loopback() as answering:
        (found,) = look_at_hub(situated(hf_hub_offline=False, hf_endpoint=answering.url))
        assert [line.split()[0] for line, _ in answering.calls] == ["HEAD"]
    assert found.level is Level.OK
    (found,) = look_at_hub(situated(hf_hub_offline=True))
    assert found.level is Level.SKIPPED


def test_an_influxdb_that_does_not_let_us_in(situated: Situated) -> None:
    with Loopback(lambda method, path, headers: (401, {}, b'{"error": "no"}')) as influx:
        (found,) = look_at_influxdb(situated(influxdb_url=influx.url))
    assert found.level is Level.FAILED
    assert "INFLUXDB_USERNAME" in found.remedy
