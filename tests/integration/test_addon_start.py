"""The add-on from its start: as root over a folder like the Supervisor's, with a Supervisor on loopback before it."""

from __future__ import annotations

import json
import os
import shutil
import site
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from src.home_assistant.access import access_of
from src.settings import Settings
from tests.fake_home_assistant import FakeHomeAssistant
from tests.integration.supervisor import OLDER, Supervisor

SERVICE = Path(__file__).resolve().parents[2] / "services" / "ai-automation-service"
TOKEN = "5f" * 32
USER = 10001
BROKER = {"host": "127.0.0.1", "port": 9, "ssl": False, "username": "addons", "password": "broker-secret"}

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(os.geteuid() != 0, reason="an add-on starts as root, and only root can become another user"),
]


def _python() -> str:
    """One of this version that the service's user may run: this one may lie in a folder that only root may enter."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(name, path="/usr/local/bin:/usr/bin")):
        with suppress(OSError):
            if candidate and not subprocess.run([candidate, "-c", ""], user=USER, group=USER, cwd="/").returncode:
                return candidate
    pytest.skip(f"another user may run no {name} here")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def fake() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as fake:
        fake.token = TOKEN
        fake.add_entity("light.kitchen", "off", name="Kitchen")
        yield fake


@pytest.fixture
def supervisor(fake: FakeHomeAssistant) -> Iterator[Supervisor]:
    with Supervisor(int(fake.url.rpartition(":")[2]), TOKEN) as supervisor:
        supervisor.services["mqtt"] = BROKER
        yield supervisor


@dataclass
class AddOn:
    """What the Supervisor prepared, and the container's process once it runs."""

    folder: Path
    supervisor: Supervisor
    port: int
    python: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def start(self, **options: object) -> None:
        file = self.data / "options.json"
        file.write_text(json.dumps({"ha_live": False, "mqtt": True, "hf_hub_offline": True, **options}))
        file.chmod(0o600)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(SERVICE), *site.getsitepackages()]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/root",
            "TZ": "Europe/Berlin",
            "SUPERVISOR_TOKEN": TOKEN,
            "HASSIO_TOKEN": TOKEN,
        }
        places = {"data": self.data, "configuration": self.folder / "homeassistant", "port": self.port}
        flags = [f"--{name}={value}" for name, value in {**places, "supervisor": self.supervisor.url}.items()]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "src.addon", *flags], cwd=SERVICE, env=environment, stdout=log, stderr=log
            )

    def ask(self, method: str, path: str, body: object = None) -> Any:
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.request(method, f"http://127.0.0.1:{self.port}{path}", json=body)

    def until_healthy(self) -> None:
        assert self.process is not None
        for _ in range(600):
            assert self.process.poll() is None, self.log
            try:
                if self.ask("GET", "/health").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(self.log)

    def status(self) -> dict[str, list[str]]:
        """Of the process, as the kernel tells it."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}

    def environment(self) -> dict[str, str]:
        assert self.process is not None
        entries = Path(f"/proc/{self.process.pid}/environ").read_bytes().decode().split("\0")
        return dict(entry.split("=", 1) for entry in entries if entry)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture
def addon(supervisor: Supervisor) -> Iterator[AddOn]:
    # Not below pytest's own folder, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="addon-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        for name in ("data", "homeassistant"):
            (folder / name).mkdir()
        addon = AddOn(folder, supervisor, _free_port(), _python())
        stack.callback(addon.stop)
        yield addon


def record(folder: Path) -> sqlite3.Connection:
    """A recorder that is being written to, as root's."""
    connection = sqlite3.connect(folder / "home-assistant_v2.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE schema_changes (schema_version INTEGER)")
    connection.commit()
    return connection


def test_it_leaves_root_and_keeps_its_secrets(addon: AddOn) -> None:
    (addon.data / "old").mkdir()
    (addon.data / "old" / "of-another-user").touch()
    (addon.data / "link").symlink_to("/etc/hostname")
    addon.start(ha_notify=True)
    addon.until_healthy()
    status = addon.status()
    assert status["Uid"] == [str(USER)] * 4
    assert status["Gid"] == [str(USER)] * 4
    assert status["Groups"] == []
    assert [int(status[name][0], 16) for name in ("CapPrm", "CapEff")] == [0, 0]
    assert status["NoNewPrivs"] == ["1"], "a program that is set to run as root must not bring it back"
    environment = addon.environment()
    assert environment["HA_NOTIFY"] == "true"
    assert environment["TZ"] == "Europe/Berlin"
    assert "HASSIO_TOKEN" not in environment
    assert environment["MQTT_PASSWORD"] == "broker-secret"
    assert (addon.data / "options.json").stat().st_uid == 0
    assert {each.lstat().st_uid for each in addon.data.rglob("*") if each.name != "options.json"} == {USER}
    assert Path("/etc/hostname").stat().st_uid == 0
    assert (addon.data / "ai-automation.db").exists()
    for secret in (TOKEN, "broker-secret"):
        assert secret not in addon.log
        assert secret not in Path(f"/proc/{addon.process.pid}/cmdline").read_text()  # type: ignore[union-attr]


def test_it_hears_of_the_home_through_the_supervisor(addon: AddOn, fake: FakeHomeAssistant) -> None:
    addon.start()
    addon.until_healthy()
    answer = addon.ask("POST", "/patterns/detect", {"wait": True})
    # An empty home has no history; that it was asked, by socket and by REST, is the point.
    assert answer.json()["code"] in ("history_empty", "no_history"), answer.text
    kinds = {message["type"] for message in fake.asked}
    assert {"get_states", "config/entity_registry/list"} <= kinds
    assert ("GET", "/core/api/websocket") in addon.supervisor.asked
    assert ("GET", "/services/mqtt") in addon.supervisor.asked


def test_the_recorder_is_read_where_the_user_may(addon: AddOn) -> None:
    with closing(record(addon.folder / "homeassistant")):
        addon.start()
        addon.until_healthy()
        assert addon.environment()["HISTORY"] == str(addon.folder / "homeassistant" / "home-assistant_v2.db")


def test_a_recorder_of_root_alone_is_told_and_not_needed(addon: AddOn) -> None:
    with closing(record(addon.folder / "homeassistant")):
        (addon.folder / "homeassistant" / "home-assistant_v2.db-wal").chmod(0o600)
        addon.start()
        addon.until_healthy()
    assert "HISTORY" not in addon.environment()
    assert "chmod a+r home-assistant_v2.db*" in addon.log


@pytest.mark.parametrize(
    ("options", "told"), [({"retention_days": 1}, "RETENTION_DAYS"), ({"exclude": ["a"]}, "exclude")]
)
def test_an_option_that_cannot_be_is_told_and_ends_it(addon: AddOn, options: dict[str, object], told: str) -> None:
    addon.start(**options)
    assert addon.process is not None
    assert addon.process.wait(60) == 2
    assert told in addon.log


def test_only_the_documented_addresses_of_the_supervisor_are_used() -> None:
    access = access_of(Settings(supervisor_token=TOKEN))
    assert access is not None
    assert (access.url, access.websocket) == ("http://supervisor/core", "ws://supervisor/core/websocket")


def test_a_supervisor_that_passes_no_deletion_on_is_told(fake: FakeHomeAssistant, supervisor: Supervisor) -> None:
    """Supervisors before 2026.02 answer 405; see https://github.com/home-assistant/supervisor/issues/6509."""
    from src.errors import HomeAssistantFailed
    from src.home_assistant.automation_editor import AutomationEditor
    from src.home_assistant.client import HomeAssistant

    access = access_of(Settings(ha_url=f"{supervisor.url}/core", ha_token=TOKEN, ha_timeout=5.0))
    assert access is not None
    editor = AutomationEditor(HomeAssistant(access))
    editor.write("77", {"alias": "x", "trigger": [], "action": []})
    supervisor.passes = OLDER
    with pytest.raises(HomeAssistantFailed, match="update the Supervisor"):
        editor.remove("77")
    supervisor.passes = (*OLDER, "DELETE")
    editor.remove("77")
    assert fake.automations == {}
