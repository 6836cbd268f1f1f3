"""The compose file's further services: PostgreSQL instead of SQLite, and a broker that Home Assistant hears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.docker.engine import Engine
from tests.docker.home import a_lamp
from tests.docker.servers import ensure_server
from tests.docker.stack import SERVICE, Stack

pytestmark = pytest.mark.heavy

NewStack = Callable[..., AbstractContextManager[Stack]]
PASSWORD = "correct-horse-7"


@pytest.fixture(scope="module")
def stack(docker_engine: Engine, new_stack: NewStack) -> Iterator[Stack]:
    """The service with both profiles, and a home in PostgreSQL."""
    for name in ("postgres", "mosquitto"):
        ensure_server(docker_engine, name)
    settings = {
        "DATABASE_URL": f"postgresql://homeiq:{PASSWORD}@postgres/homeiq",
        "POSTGRES_PASSWORD": PASSWORD,
        "MQTT_HOST": "mosquitto",
        "MQTT_USERNAME": "homeiq",
        "MQTT_PASSWORD": PASSWORD,
        "MQTT_PUBLISHED_PORT": "0",
    }
    with new_stack(settings=settings, profiles=("postgres", "mqtt")) as stack:
        a_lamp(stack.folder / "history/home.csv")
        stack.up(SERVICE, "hub", "postgres", "mosquitto")
        stack.execute("python", "scripts/download-models.py")
        stack.execute("python", "-m", "src.cli", "import", "/history/home.csv")
        yield stack


def test_patterns_are_kept_in_postgresql_and_outlive_the_containers(stack: Stack) -> None:
    assert stack.ended(stack.detect()["id"])["state"] == "succeeded"
    patterns = stack.patterns()
    assert patterns
    stack.down()
    stack.up(SERVICE, "hub", "postgres", "mosquitto")
    assert stack.patterns() == patterns
    query = "SELECT count(*) FROM pattern"
    client = ["psql", "-h", "127.0.0.1", "-U", "homeiq", "-d", "homeiq", "-At", "-c", query]
    counted = stack.compose("exec", "-T", "-e", f"PGPASSWORD={PASSWORD}", "postgres", *client).out
    assert int(counted) >= len(patterns)
    assert "ai-automation.db" not in stack.execute("ls", "/data").out


def test_the_broker_keeps_what_home_assistant_is_told(stack: Stack) -> None:
    listen = "XDG_CONFIG_HOME=/tmp/homeiq mosquitto_sub -t 'homeassistant/#' -C 1 -W 30 -v"
    heard = stack.compose("exec", "-T", "mosquitto", "sh", "-c", listen).out
    assert heard.startswith("homeassistant/")
    assert "unique_id" in heard


def test_no_password_is_in_a_log(stack: Stack) -> None:
    assert PASSWORD not in stack.compose("logs").out
