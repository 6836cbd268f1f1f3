"""The compose file's further services: PostgreSQL, a broker that Home Assistant hears, and who may speak to whom."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest

from tests.docker.engine import Engine
from tests.docker.home import a_lamp
from tests.docker.servers import ensure_server
from tests.docker.stack import HUB_PORT, SERVICE, Json, Stack

pytestmark = pytest.mark.heavy

NewStack = Callable[..., AbstractContextManager[Stack]]
PASSWORD = "correct-horse-7"
PORTS = {SERVICE: 8018, "postgres": 5432, "mosquitto": 1883, "prometheus": 9090, "grafana": 3000}
MAY_REACH = {
    SERVICE: {SERVICE, "postgres", "mosquitto", "prometheus"},
    "prometheus": {SERVICE, "prometheus", "grafana"},
    "grafana": {"prometheus", "grafana"},
}
# Says which of its arguments, HOST:PORT, take a connection; all are tried at once.
TRY = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(place):
    host, port = place.split(":")
    try:
        socket.create_connection((host, int(port)), 3).close()
    except OSError:
        return False
    return True
places = sys.argv[1:]
with ThreadPoolExecutor(len(places)) as pool:
    print(*(place for place, there in zip(places, pool.map(reached, places)) if there))
"""


def listener(image: str, port: int) -> Json:
    """In the place of a server whose image may not be had here: its port is what this is about."""
    return {
        "image": image,
        "pull_policy": "never",
        "entrypoint": ["python", "-m", "http.server", str(port), "--directory", "/tmp"],
        "command": [],
        "healthcheck": {"disable": True},
        "init": True,
        "stop_grace_period": "1s",
    }


@pytest.fixture(scope="module")
def stack(docker_engine: Engine, new_stack: NewStack) -> Iterator[Stack]:
    """The service with every profile, and a home in PostgreSQL."""
    for name in ("postgres", "mosquitto"):
        ensure_server(docker_engine, name)
    settings = {
        "DATABASE_URL": f"postgresql://homeiq:{PASSWORD}@postgres/homeiq",
        "POSTGRES_PASSWORD": PASSWORD,
        "MQTT_HOST": "mosquitto",
        "MQTT_USERNAME": "homeiq",
        "MQTT_PASSWORD": PASSWORD,
        **dict.fromkeys(("MQTT_PUBLISHED_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT"), "0"),
    }
    with new_stack(settings=settings, profiles=("postgres", "mqtt", "observability")) as stack:
        stack.changes = {name: listener(stack.image, PORTS[name]) for name in ("prometheus", "grafana")}
        stack.override()
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


@pytest.fixture
def watched(stack: Stack) -> Stack:
    """With listeners at the ports of Prometheus and Grafana."""
    stack.compose("up", "--detach", "--no-build", "prometheus", "grafana")
    for name in ("prometheus", "grafana"):
        stack.wait(partial(listens, stack, name), f"{name} to listen")
    return stack


def reached(stack: Stack, source: str, places: Iterable[str]) -> list[str]:
    """Of places, HOST:PORT, those that take a connection from a service's container."""
    return stack.engine("exec", stack.container(source), "python", "-c", TRY, *places, check=False).out.split()


def listens(stack: Stack, name: str) -> bool:
    return bool(reached(stack, name, [f"127.0.0.1:{PORTS[name]}"]))


@pytest.mark.parametrize("source", MAY_REACH)
def test_who_need_not_speak_to_each_other_cannot(source: str, watched: Stack) -> None:
    places = {f"{name}:{port}": name for name, port in PORTS.items()}
    places |= {f"{each}:{port}": name for name, port in PORTS.items() for each in watched.addresses(name)}
    assert {places[place] for place in reached(watched, source, places)} == MAY_REACH[source]


def connects(stack: Stack, host: str, port: int) -> bool:
    """Whether a place takes a connection from PostgreSQL's container, which has no Python."""
    tried = f"exec 3<>/dev/tcp/{host}/{port}"
    return stack.compose("exec", "-T", "postgres", "timeout", "3", "bash", "-c", tried, check=False).code == 0


def test_postgresql_has_no_way_out(watched: Stack) -> None:
    """Not even to what the service reaches by its own way out."""
    others = [(each, HUB_PORT) for each in watched.addresses("hub")]
    assert len(reached(watched, SERVICE, [f"{host}:{port}" for host, port in others])) == len(others) > 0
    others += [(each, PORTS["grafana"]) for each in watched.addresses("grafana")]
    assert connects(watched, "127.0.0.1", PORTS["postgres"]), "this way of asking finds what can be reached"
    assert [place for place in others if connects(watched, *place)] == []
    routes = watched.compose("exec", "-T", "postgres", "cat", "/proc/net/route").out.splitlines()[1:]
    assert "00000000" not in {line.split()[1] for line in routes}, "no route to everywhere"


@pytest.mark.parametrize("name", ["mosquitto", "prometheus", "grafana"])
def test_a_published_port_answers_on_this_machine(name: str, watched: Stack) -> None:
    host, _, port = watched.published(name, PORTS[name]).rpartition(":")
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(port)), 10):
        pass


def test_no_password_is_in_a_log(stack: Stack) -> None:
    assert PASSWORD not in stack.compose("logs").out
