"""The compose file brought up for a test: a project of its own, a free port, a hub beside it, and no way out.

Its networks have no translation of addresses, so nothing outside ever answers; a published port works all the same,
which it would not on a network that compose calls internal.
"""

from __future__ import annotations

import json
import os
import pty
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.docker.engine import REPO, Done, Engine
from tests.docker.models import write_catalog, write_hub

SERVICE = "ai-automation-service"
HUB_PORT = 8080
OPEN_NETWORKS = ("default", "broker_port", "dashboard")  # those of the compose file that are not internal
Json = dict[str, Any]
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Stack:
    """One project of the compose file.

    Attributes:
        project: its name, and that of the service's container.
        image: the service's, as NAME:TAG.
        folder: ``hub`` has the repositories, ``history`` what the service reads at /history.
        settings: the environment that compose fills its file from.
        changes: of services in the override file, by service.
        profiles: of the compose file.
    """

    engine: Engine
    project: str
    image: str
    folder: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Json] = field(default_factory=dict)
    profiles: Sequence[str] = ()

    @property
    def hub(self) -> str:
        """Name of the hub's container."""
        return f"{self.project}-hub"

    def prepare(self) -> None:
        """Write the hub's models, the catalog and the override file."""
        write_hub(self.folder / "hub")
        (self.folder / "history").mkdir()
        (self.folder / "extra").mkdir()
        write_catalog(self.folder / "extra/catalog.toml", self.folder / "hub")
        for path in (self.folder / "history", self.folder / "extra"):
            path.chmod(0o755)  # the service runs as another user than the test
        self.override()

    def override(self) -> None:
        """Write what differs from the compose file."""
        service: Json = {
            "container_name": self.project,
            "environment": {"MODEL_CATALOG": "/etc/proof/catalog.toml", "HF_ENDPOINT": f"http://hub:{HUB_PORT}"},
            "volumes": [f"{self.folder / 'extra'}:/etc/proof:ro"],
            "dns": ["127.0.0.1"],  # names of the network are known to the engine; others are asked of nobody
            "pull_policy": "never",
        }
        hub: Json = {
            "container_name": self.hub,
            "image": self.image,
            "pull_policy": "never",
            "user": "0:0",  # reads the test's folder, whoever owns it
            "command": ["python", "/hub/hub_service.py", "/hub/models", str(HUB_PORT)],
            "healthcheck": {"disable": True},
            "init": True,
            "stop_grace_period": "1s",
            "volumes": [
                f"{REPO / 'tests/docker/hub_service.py'}:/hub/hub_service.py:ro",
                f"{REPO / 'tests/unit/models/loopback_hub.py'}:/hub/loopback_hub.py:ro",
                f"{self.folder / 'hub'}:/hub/models:ro",
            ],
        }
        services: dict[str, Json] = {SERVICE: service, "hub": hub}
        for name, change in self.changes.items():
            merged = services.setdefault(name, {})
            for key, value in change.items():
                merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
        closed = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}
        (self.folder / "override.json").write_text(
            json.dumps({"services": services, "networks": dict.fromkeys(OPEN_NETWORKS, closed)}, indent=1), "utf-8"
        )
        (self.folder / "env").touch()

    def compose(self, *arguments: str, check: bool = True, seconds: float = 300) -> Done:
        profiles = [part for profile in self.profiles for part in ("--profile", profile)]
        files: list[str | Path] = ["-f", REPO / "docker-compose.yml", "-f", self.folder / "override.json"]
        return self.engine(
            "compose",
            *("--project-directory", str(REPO), "-p", self.project, "--env-file", str(self.folder / "env")),
            *(*files, *profiles, *arguments),
            check=check,
            seconds=seconds,
            environment={
                "IMAGE_TAG": self.image.rpartition(":")[2],
                "PUBLISHED_PORT": str(self.port),
                "HISTORY_FOLDER": str(self.folder / "history"),
                **self.settings,
            },
        )

    def up(self, *services: str) -> None:
        """Start the service and the hub, or some others, and wait until the service is healthy."""
        self.compose("up", "--detach", "--no-build", *(services or (SERVICE, "hub")))
        self.wait_for_health("healthy")

    def down(self, *, volumes: bool = False) -> None:
        self.compose("down", "--timeout", "10", *(["--volumes"] if volumes else []))

    def remove(self) -> None:
        """Take away everything of the project, whatever state it is in."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "1", check=False)

    def container(self, service: str) -> str:
        """Name of the container of a service of the compose file, or of ``hub``."""
        return {SERVICE: self.project, "hub": self.hub}.get(service, f"{self.project}-{service}-1")

    def addresses(self, service: str) -> list[str]:
        """IP addresses of a service, one on each of its networks."""
        networks = self.engine.inspect("container", self.container(service))["NetworkSettings"]["Networks"]
        return [network["IPAddress"] for network in networks.values()]

    def published(self, service: str, port: int) -> str:
        """HOST:PORT on this machine where a port of a service answers."""
        return self.compose("port", service, str(port)).out.strip()

    @property
    def state(self) -> Json:
        """``State`` of the service's container, and ``RestartCount``."""
        described = self.engine.inspect("container", self.project)
        return {**described["State"], "RestartCount": described["RestartCount"]}

    def wait_for_health(self, wanted: str, seconds: float = 90) -> None:
        def reached() -> bool:
            state = self.state
            ended = wanted == "healthy" and state["Status"] == "exited"
            assert not ended, f"the service ended with {state['ExitCode']}:\n{self.logs()}"
            return bool(state.get("Health", {}).get("Status") == wanted)

        self.wait(reached, f"the service to be {wanted}", seconds)

    def wait(self, reached: Callable[[], bool], what: str, seconds: float = 90) -> None:
        """Look again and again until something is so; the engine has no way to wait for it."""
        deadline = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {seconds:.0f} s; the service's log:\n{self.logs()}")
            time.sleep(0.2)

    def execute(self, *command: str, user: str | None = None, check: bool = True) -> Done:
        """Run a command in the service's container, without a terminal."""
        options = ["--user", user] if user else []
        return self.engine("exec", *options, self.project, *command, check=check)

    def execute_on_terminal(self, *command: str, columns: int = 120) -> tuple[int, str]:
        """Run a command as ``docker exec -it`` does for a person; the exit code and what the terminal showed."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["docker", "exec", "-it", "-e", f"COLUMNS={columns}", self.project, *command],
            env=dict(self.engine.environment),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux tells the end of a terminal so
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        return process.wait(60), _CONTROL.sub("", shown.decode("utf-8", "replace")).replace("\r", "\n")

    def client(self, timeout: float = 60) -> httpx.Client:
        """Speaks to the published port."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=timeout, trust_env=False)

    def get(self, path: str) -> Any:
        with self.client() as client:
            return client.get(path).raise_for_status().json()

    def detect(self, **body: object) -> Json:
        """Begin a run; its record."""
        with self.client() as client:
            answer = client.post("/patterns/detect", json=body)
        assert answer.status_code in (200, 202), answer.text
        run: Json = answer.json()["run"]
        return run

    def ended(self, run: str, seconds: float = 120) -> Json:
        """A run's record once it has ended."""
        self.wait(lambda: self.get(f"/runs/{run}")["state"] != "running", f"run {run} to end", seconds)
        record: Json = self.get(f"/runs/{run}")
        return record

    def patterns(self) -> dict[str, str]:
        """Id and sentence of every pattern that is shown."""
        return {pattern["id"]: pattern["sentence"] for pattern in self.get("/patterns?limit=200")["patterns"]}

    def asked_of_hub(self) -> list[str]:
        """What the hub was asked since it started."""
        lines = self.engine("logs", self.hub).out.splitlines()
        return [line for line in lines if re.match(r"(GET|HEAD) ", line)]

    def logs(self) -> str:
        """All lines of the service but those of requests that went well."""
        told = self.engine("logs", self.project, check=False)
        return "".join(line for line in (told.out + told.err).splitlines(True) if '"status": 200' not in line)

    def stop(self) -> float:
        """``docker compose stop`` of the service; seconds from its first signal to the end."""
        self.compose("stop", SERVICE)
        asked = min(float(event["timeNano"]) for event in self.events("kill")) / 1e9
        return datetime.fromisoformat(self.state["FinishedAt"]).timestamp() - asked

    def events(self, what: str) -> list[Json]:
        """What the engine noted of that sort about the service's container since it last started.

        Until this very instant: of a duration such as ``0s`` the client sends whole seconds, and so leaves out what
        happened in the second that has begun.
        """
        until = f"{time.time():.9f}"
        told = self.engine(
            *("events", "--since", self.state["StartedAt"], "--until", until, "--format", "{{json .}}"),
            *("--filter", f"container={self.project}", "--filter", f"event={what}"),
        )
        return [json.loads(line) for line in told.out.splitlines()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@contextmanager
def stack_of(
    engine: Engine,
    image: str,
    folder: Path,
    *,
    settings: Mapping[str, str] | None = None,
    changes: Mapping[str, Json] | None = None,
    profiles: Sequence[str] = (),
) -> Iterator[Stack]:
    """A stack that is not up yet; removed in the end, with its volumes."""
    project = f"proof-{secrets.token_hex(4)}"
    stack = Stack(engine, project, image, folder, free_port(), settings or {}, changes or {}, profiles)
    stack.prepare()
    try:
        yield stack
    finally:
        stack.remove()
