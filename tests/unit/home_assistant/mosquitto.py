"""A real MQTT broker on loopback, and a listener that notes what is said there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from socket import create_connection, create_server
from threading import Event
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

USERNAME, PASSWORD = "anna", "p4ss word"
_WAIT = 20.0  # s


@dataclass
class Mosquitto:
    """A broker that can be stopped and started again; it forgets everything then."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [_program("mosquitto"), "-c", str(self.folder / "mosquitto.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(400):
            try:
                create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                Event().wait(0.05)
            else:
                return
        raise AssertionError("mosquitto does not listen")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(_WAIT)
            self.process = None


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{name} (Debian's package mosquitto) is not installed")
    return found


@contextmanager
def private_mosquitto(folder: Path, *, password: bool = False) -> Iterator[Mosquitto]:
    """A broker; the test is skipped where mosquitto is not installed."""
    with create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    lines = [
        f"listener {port} 127.0.0.1",
        "persistence false",
        "user root",
        f"allow_anonymous {str(not password).lower()}",
    ]
    if password:
        secrets = folder / "passwords"
        subprocess.run([_program("mosquitto_passwd"), "-b", "-c", secrets, USERNAME, PASSWORD], check=True, timeout=20)
        lines.append(f"password_file {secrets}")
    (folder / "mosquitto.conf").write_text("".join(f"{line}\n" for line in lines))
    broker = Mosquitto(folder, port)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@dataclass
class Listener:
    """Everything that is said on a broker, in order, and what it keeps."""

    client: Client
    heard: Queue[tuple[str, str]] = field(default_factory=Queue)
    now: dict[str, str] = field(default_factory=dict)

    def until(self, topic: str, payload: str | None = None) -> None:
        """Waits for the next message on a topic, for a certain one if that is given."""
        while True:
            heard, said = self._next()
            if heard == topic and payload in (None, said):
                return

    def until_all(self, wanted: dict[str, str]) -> None:
        """Waits until the newest messages on some topics are these."""
        while not wanted.items() <= self.now.items():
            self._next()

    def _next(self) -> tuple[str, str]:
        topic, payload = said = self.heard.get(timeout=_WAIT)
        self.now[topic] = payload
        return said

    def say(self, topic: str, payload: str) -> None:
        self.client.publish(topic, payload)


@contextmanager
def listening(port: int, username: str = "", password: str = "") -> Iterator[Listener]:
    client = Client(CallbackAPIVersion.VERSION2)
    if username:
        client.username_pw_set(username, password)
    listener = Listener(client)

    def note(_: Client, __: Any, message: MQTTMessage) -> None:
        listener.heard.put((message.topic, message.payload.decode()))

    subscribed = Event()
    client.on_message = note
    client.on_connect = lambda client, *_: client.subscribe("#")
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert subscribed.wait(_WAIT)
    try:
        yield listener
    finally:
        client.disconnect()
        client.loop_stop()
