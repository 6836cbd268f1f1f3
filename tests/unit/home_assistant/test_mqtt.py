"""The connection to a broker: what it keeps, and what others learn when it comes and goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Event

import pytest

from src.errors import InvalidSetting
from src.home_assistant.mqtt import Broker, BrokerAccess, broker_of
from src.settings import load_settings
from tests.unit.home_assistant.mosquitto import PASSWORD, USERNAME, Mosquitto, listening, private_mosquitto

HERE = "test/availability"


@contextmanager
def connected(access: BrokerAccess, birth: Event | None = None) -> Iterator[Broker]:
    broker = Broker(access, availability=HERE, on_birth=(birth or Event()).set)
    broker.start()
    try:
        yield broker
    finally:
        broker.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with private_mosquitto(tmp_path) as broker:
        yield broker


@pytest.mark.heavy
def test_what_is_kept_is_there_for_whoever_comes_later(mosquitto: Mosquitto) -> None:
    with connected(BrokerAccess("127.0.0.1", mosquitto.port)) as broker:
        broker.keep({"test/a": "1", "test/b": "Küche"})
        with listening(mosquitto.port) as early:
            early.until(HERE, "online")
            broker.keep({"test/a": "2"})
            early.until("test/a", "2")
        with listening(mosquitto.port) as late:
            late.until("test/a", "2")
            late.until("test/b", "Küche")


@pytest.mark.heavy
def test_it_says_good_bye(mosquitto: Mosquitto) -> None:
    with listening(mosquitto.port) as others:
        with connected(BrokerAccess("127.0.0.1", mosquitto.port)):
            others.until(HERE, "online")
        others.until(HERE, "offline")


@pytest.mark.heavy
def test_the_broker_says_good_bye_for_one_that_dies(mosquitto: Mosquitto) -> None:
    with listening(mosquitto.port) as others, connected(BrokerAccess("127.0.0.1", mosquitto.port)) as broker:
        others.until(HERE, "online")
        connection = broker._client.socket()
        assert isinstance(connection, socket)
        connection.shutdown(SHUT_RDWR)
        others.until(HERE, "offline")
        others.until(HERE, "online")  # and it comes back


@pytest.mark.heavy
def test_a_broker_that_comes_late_and_one_that_forgets_are_told_everything(tmp_path: Path) -> None:
    with private_mosquitto(tmp_path) as mosquitto:
        mosquitto.stop()
        with connected(BrokerAccess("127.0.0.1", mosquitto.port)) as broker:
            broker.keep({"test/a": "1"})
            for value in ("2", "3"):
                broker.keep({"test/b": value})
                mosquitto.start()
                with listening(mosquitto.port) as others:
                    others.until("test/b", value)
                    others.until(HERE, "online")
                    assert others.now["test/a"] == "1"
                mosquitto.stop()


@pytest.mark.heavy
@pytest.mark.parametrize("prefix", ["homeassistant", "elsewhere"])
def test_the_birth_of_home_assistant_is_heard_and_all_is_said_again(mosquitto: Mosquitto, prefix: str) -> None:
    birth = Event()
    access = BrokerAccess("127.0.0.1", mosquitto.port, prefix=prefix)
    with listening(mosquitto.port) as others, connected(access, birth) as broker:
        broker.keep({"test/a": "1"})
        others.until("test/a")
        others.until(HERE)
        others.say("homeassistant/status", "offline")
        others.until("homeassistant/status", "offline")
        assert not birth.is_set()
        others.say("homeassistant/status", "online")
        others.until("test/a", "1")
        assert birth.wait(20)
        others.say(f"{prefix}/status", "online")
        others.until("test/a", "1")


@pytest.mark.heavy
def test_a_broker_with_a_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with private_mosquitto(tmp_path, password=True) as mosquitto:
        with (
            listening(mosquitto.port, USERNAME, PASSWORD) as others,
            connected(BrokerAccess("127.0.0.1", mosquitto.port, USERNAME, PASSWORD)),
        ):
            others.until(HERE, "online")
        refused = Event()
        with caplog.at_level("WARNING"), connected(BrokerAccess("127.0.0.1", mosquitto.port, USERNAME, "wr0ng")):
            for _ in range(400):
                if "mqtt_refused" in caplog.text:
                    refused.set()
                    break
                refused.wait(0.05)
        assert refused.is_set()
        assert not any("wr0ng" in f"{record.__dict__}" for record in caplog.records)


def test_a_broker_that_is_away_holds_up_nobody() -> None:
    with connected(BrokerAccess("127.0.0.1", 1)) as broker:
        for number in range(1000):
            broker.keep({"test/a": str(number)})


def test_settings_give_the_broker() -> None:
    assert broker_of(load_settings()) is None
    given = broker_of(
        load_settings(
            mqtt_host=" broker.local ", mqtt_port=1884, mqtt_username="anna", mqtt_password="s3cret",
            mqtt_discovery_prefix="/ha/discovery/",
        )
    )  # fmt: skip
    assert given == BrokerAccess("broker.local", 1884, "anna", "s3cret", "ha/discovery")
    assert "s3cret" not in repr(given)


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ({"mqtt_host": "mqtt://broker.local"}, "MQTT_HOST"),
        ({"mqtt_host": "anna:s3cret@broker"}, "MQTT_HOST"),
        ({"mqtt_host": "two words"}, "MQTT_HOST"),
        ({"mqtt_host": "broker", "mqtt_discovery_prefix": "/"}, "MQTT_DISCOVERY_PREFIX"),
        ({"mqtt_host": "broker", "mqtt_discovery_prefix": "ha/#"}, "MQTT_DISCOVERY_PREFIX"),
    ],
)
def test_settings_that_name_no_broker_are_told(given: dict[str, str], about: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        broker_of(load_settings(**given))
    assert caught.value.about == about
    assert "s3cret" not in str(caught.value)
