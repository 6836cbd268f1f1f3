"""A real Home Assistant as a process of its own, on a configuration folder of the test home."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_home_assistant.folder import Folder, set_pace
from tests.real_home_assistant.installed import environment
from tests.real_home_assistant.json_types import Json

_STARTING = 90.0  # s; it takes 3 to 14 where nothing else runs
_STOPPING = 30.0
_LOG_SHOWN = 60  # lines


class HomeAssistantDidNotStart(AssertionError):
    """With the end of what it said."""


@dataclass(frozen=True)
class HomeAssistantServer:
    """A running Home Assistant.

    Attributes:
        folder: its configuration folder, with the people's tokens.
        process: dies with the test at the latest.
    """

    folder: Folder
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.folder.port}"

    @property
    def token(self) -> str:
        """The owner's long-lived access token."""
        return self.folder.tokens["Anna"]

    @property
    def ordinary_token(self) -> str:
        """That of a user who may not administrate."""
        return self.folder.tokens["Ben"]

    @property
    def log(self) -> str:
        """The end of what it logged."""
        return _log(self.folder)

    def rest(self, method: str, path: str, body: Json | None = None, *, token: str | None = None) -> object:
        """One REST request below ``/api/``; its JSON. Raises AssertionError with the answer if it is no success."""
        status, answer = _ask(self.folder.port, token or self.token, method, path, body)
        assert 200 <= status < 300, f"{method} {path}: {status} {answer[:500]!r}"
        return json.loads(answer)

    def state(self, entity_id: str) -> str:
        found = self.rest("GET", f"states/{entity_id}")
        assert isinstance(found, dict)
        return str(found["state"])

    def report(self, entity_id: str, state: str) -> None:
        """A device of the house says by itself what state it is in, as after a hand on its switch."""
        self.rest("POST", "services/house/report", {"entity_id": entity_id, "state": state})

    def call(self, service: str, data: Json) -> None:
        """Call a service as the owner: ``call("light.turn_on", {"entity_id": "light.study"})``."""
        self.rest("POST", "services/" + service.replace(".", "/"), data)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Folder, python: Path) -> Iterator[HomeAssistantServer]:
    """Start Home Assistant, wait until it runs, and stop it in the end.

    Raises:
        HomeAssistantDidNotStart
    """
    server = start(folder, python)
    try:
        yield server
    finally:
        stop(server)


def start(folder: Folder, python: Path) -> HomeAssistantServer:
    """Start Home Assistant and wait until it runs and every device was heard of; see :func:`running`."""
    set_pace(folder.path, late=(0.0, 0.5), commit=1)
    with (folder.path / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            [python, "-m", "homeassistant", "-c", folder.path, "--skip-pip"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment() | {"HOME": str(folder.path)},
            start_new_session=True,
        )
    server = HomeAssistantServer(folder, process)
    try:
        _wait(server)
    except BaseException:
        stop(server)
        raise
    return server


def stop(server: HomeAssistantServer) -> None:
    """Ask it to end, which writes what it knows, and kill it if it does not."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait(_STOPPING)


def _wait(server: HomeAssistantServer) -> None:
    end = time.monotonic() + _STARTING
    said = "nothing"
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise HomeAssistantDidNotStart(f"it ended with {server.process.returncode}\n{server.log}")
        try:
            status, answer = _ask(server.folder.port, server.token, "GET", "config", None)
            said = f"{status} {answer[:200]!r}"
            if status == 200:
                config = json.loads(answer)
                if config.get("recovery_mode") or config.get("safe_mode"):
                    raise HomeAssistantDidNotStart(f"it recovers from a broken configuration\n{server.log}")
                if config["state"] == "RUNNING" and _all_heard(server):
                    return
        except (OSError, http.client.HTTPException):
            pass  # it does not listen yet
        time.sleep(0.2)
    raise HomeAssistantDidNotStart(f"after {_STARTING:.0f} s it said {said}\n{server.log}")


def _all_heard(server: HomeAssistantServer) -> bool:
    states = server.rest("GET", "states")
    assert isinstance(states, list)
    return all(state["state"] != "unavailable" for state in states)


def _ask(port: int, token: str, method: str, path: str, body: Json | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, f"/api/{path}", None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _log(folder: Folder) -> str:
    said = folder.path / "output.txt"
    lines = said.read_text("utf-8", "replace").splitlines() if said.exists() else []
    return "\n".join(lines[-_LOG_SHOWN:])
