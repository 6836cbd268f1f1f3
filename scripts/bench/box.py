"""A running container of the service, in a box of limited memory that is watched from inside."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.worker import Json

IMAGE = "homeiq/ai-automation-service:local"
_PORT = 8018
_PATIENCE = 900.0  # seconds for anything that is waited for
_IDLE = 15.0  # seconds after which the box gives up an idle model

# In the container: what counts against its limit and cannot be dropped, and what the kernel says was the most.
_LOOK = """
import sys, time
def fields(path):
    try:
        return dict(line.split() for line in open(path))
    except OSError:
        return {}
def number(*paths):
    for path in paths:
        try:
            return int(open(path).read())
        except (OSError, ValueError):
            pass
    return 0
here = "/sys/fs/cgroup/"
while True:
    two, one = fields(here + "memory.stat"), fields(here + "memory/memory.stat")
    held = sum(int(two.get(name, 0)) for name in ("anon", "shmem"))
    held += sum(int(one.get(name, 0)) for name in ("total_rss", "total_shmem"))
    most = number(here + "memory.peak", here + "memory/memory.max_usage_in_bytes")
    print(held, most, flush=True)
    time.sleep(0.1)
"""


class NotMeasured(Exception):
    """There is nothing to measure with, or what was to be measured failed; the message says which."""


@dataclass
class Watched:
    """What a container was seen to hold, in bytes."""

    held: int = 0
    most_held: int = 0
    most_used: int = 0  # file pages included, which the kernel drops when there is need


@dataclass
class Box:
    """A running container of the service."""

    name: str
    port: int
    seen: Watched = field(default_factory=Watched)

    def ask(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        """Status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
        finally:
            connection.close()

    def load(self, name: str) -> tuple[int, Json]:
        """Have a model loaded, converted first if need be."""
        return self.ask("POST", f"/models/{name}/load")

    def run(self) -> tuple[int, Json]:
        """Have a run over the whole history, and wait for its end."""
        return self.ask("POST", "/patterns/detect", {"wait": True})

    def question(self, client: int, asked: int) -> str:
        """What was asked and the answer's status: every other client searches, which needs two models."""
        if client % 2:
            path = ("/patterns?limit=100", "/models", "/runs")[asked % 3]
            return f"read {self.ask('GET', path)[0]}"
        words = f"What could save energy in room {client} at {asked % 24} o'clock?"
        return f"search {self.ask('POST', '/patterns/search', {'question': words})[0]}"

    @property
    def starts(self) -> int:
        """How often it was started anew, as it is after it was killed."""
        return int(docker("inspect", "-f", "{{.RestartCount}}", self.name))


def require_engine() -> None:
    """Raises NotMeasured: no Docker engine answers, or it does not have the image."""
    if shutil.which("docker") is None:
        raise NotMeasured("there is no docker command")
    for command, what in (
        (("info",), "no Docker engine answers"),
        (("image", "inspect", IMAGE), f"there is no {IMAGE}: docker compose build"),
    ):
        if subprocess.run(["docker", *command], capture_output=True, check=False).returncode != 0:
            raise NotMeasured(what)


@contextmanager
def running_box(folder: Path, megabytes: int) -> Iterator[Box]:
    """A container that answers, removed in the end.

    Args:
        megabytes: of memory, without any swap; 0: no limit.
    """
    name = f"bench-box-{os.getpid()}"
    limits = ["--memory", f"{megabytes}m", "--memory-swap", f"{megabytes}m"] if megabytes else []
    settings = {
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": "/site",
        "MODEL_IDLE_UNLOAD": str(_IDLE),
        "MODEL_DOWNLOAD_TIMEOUT": str(_PATIENCE),
    }
    docker(
        *("run", "--detach", "--name", name, "--restart", "on-failure", "--cpus", "2", "--user", "0", *limits),
        *("--read-only", "--tmpfs", "/tmp:size=64m", "--publish", f"127.0.0.1::{_PORT}"),  # noqa: S108  (the container's)
        *("--volume", f"{folder / 'models'}:/app/models", "--volume", f"{folder / 'data'}:/data"),
        *("--volume", f"{folder / 'site'}:/site:ro"),
        *(word for key, value in settings.items() for word in ("--env", f"{key}={value}")),
        *os.environ.get("BENCH_DOCKER_RUN", "").split(),
        IMAGE,
    )
    try:
        box = Box(name, int(docker("port", name, str(_PORT)).splitlines()[0].rpartition(":")[2]))
        until(lambda: _answers(box))
        with _watched(box):
            time.sleep(1)
            yield box
    finally:
        log = subprocess.run(["docker", "logs", name], capture_output=True, check=False)
        (folder / "last.log").write_bytes(log.stdout + log.stderr)
        docker("rm", "--force", "--volumes", name)


@contextmanager
def _watched(box: Box) -> Iterator[None]:
    """Ten looks a second, from a process inside (about 10 MB)."""
    looking = subprocess.Popen(
        ["docker", "exec", box.name, "python", "-S", "-c", _LOOK],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert looking.stdout
    lines = looking.stdout

    def look() -> None:
        for line in lines:
            held, most = map(int, line.split())
            box.seen.held, box.seen.most_used = held, most
            box.seen.most_held = max(box.seen.most_held, held)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        looking.kill()
        looking.wait()
        watcher.join()
        lines.close()


def _answers(box: Box) -> bool:
    try:
        return box.ask("GET", "/models")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def until(true: Callable[[], bool]) -> None:
    """Wait until it is so. Raises NotMeasured: it was not in time."""
    deadline = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise NotMeasured("the container did not come to it in time")
        time.sleep(0.2)


def docker(*arguments: str) -> str:
    """What a command of docker's says. Raises NotMeasured."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotMeasured(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()
