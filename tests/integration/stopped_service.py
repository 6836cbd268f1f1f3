"""The service as a process that is stopped in the middle of its work, and what it left behind."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from src.domain.runs import Run
from src.store import Store
from src.store.runs import RunRepository

PATIENCE = 120.0  # s; a process that hangs is found by it
HERE = "from tests.integration.stopped_service import serve_and_hang; "


def serve_and_hang(stage: str, *arguments: str) -> None:
    """The process's work: the service, whose runs never leave one stage. An empty one: they do."""
    from src.cli import _own_the_process, main

    note = RunRepository.stage

    def stop_there(runs: RunRepository, run_id: str, name: str) -> None:
        note(runs, run_id, name)
        if name == stage:
            threading.Event().wait()

    RunRepository.stage = stop_there  # type: ignore[method-assign, assignment]
    _own_the_process()
    sys.exit(main(["serve", *arguments]))


@dataclass
class Serving:
    """A service that answers.

    Attributes:
        process: which the test ends; it is killed otherwise.
    """

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def detect(self, **body: Any) -> str:
        """Ask for a run; its id."""
        answer = self.client.post("/patterns/detect", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["run"]["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.client.get(f"/runs/{run_id}").json())

    def until(self, what: Callable[[], bool]) -> None:
        """Look until it is so."""
        for _ in range(int(PATIENCE / 0.05)):
            if what():
                return
            assert self.process.poll() is None, self.log.read_text()
            threading.Event().wait(0.05)
        raise AssertionError(self.log.read_text())

    def resumed(self, run_id: str) -> dict[str, Any]:
        """The run that goes on with that one, once it has ended."""
        self.until(lambda: self.run(run_id)["resumed_by"] is not None)
        further = str(self.run(run_id)["resumed_by"])
        self.until(lambda: self.run(further)["state"] != "running")
        return self.run(further)

    def end(self, *signals: signal.Signals) -> int:
        """Send these; the exit code."""
        for number in signals:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@dataclass
class Home:
    """Folders of one service, and their history.

    Attributes:
        folder: everything the service may write is below it.
        environment: set besides.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @contextmanager
    def serving(self, *, hang_in: str = "") -> Iterator[Serving]:
        """The service, once it answers."""
        self.temporary.mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        log = self.folder / "log"
        program = f"{HERE}serve_and_hang({hang_in!r}, '--port', '{port}')"
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-c", program], cwd=self.folder, env=self._environment, stdout=written, stderr=written
            )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
                serving = Serving(process, client, log)
                serving.until(lambda: b"http://" in log.read_bytes())
                yield serving
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """What the service left, opened after its end."""
        store = Store.open(f"sqlite:///{self.folder / 'data' / 'ai-automation.db'}")
        try:
            yield store
        finally:
            store.close()

    def left(self, run_id: str) -> Run:
        """The record of a run after the end; everything was given back, and no file is left but the database."""
        files = sorted(path.name for path in (self.folder / "data").iterdir())
        assert files == ["ai-automation.db"]
        assert list(self.temporary.iterdir()) == []
        with self.store() as store:
            for name in ("run", "resuming", "live"):
                assert store.leases.holder(name, now=0) is None
            return store.runs.get(run_id)

    def patterns(self) -> list[dict[str, Any]]:
        with self.store() as store:
            return [pattern.to_json() for pattern in store.patterns.all()]

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "HOME": str(self.folder),
            "TMPDIR": str(self.temporary),
            "DATA_DIR": str(self.folder / "data"),
            "MODELS_DIR": str(self.folder / "models"),
            "HF_HUB_OFFLINE": "1",
            "MODEL_CONVERT_PYTHON": "/bin/false",  # no model can be had, which is not what is tested
            "ANALYSIS_SCHEDULE": "0 3 29 2 *",  # neither is a night that was missed
            "LOG_LEVEL": "INFO",
            **self.environment,
        }


def write_history(path: Path) -> None:
    """Eight weeks in which somebody makes light in the kitchen at ten past seven, and in the hall at any time."""
    chance = random.Random(5)
    rows = []
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=57)
    for day in range(56):
        times = [("light.kitchen", 430 + chance.uniform(-4, 4))]
        times += [("light.hall", chance.uniform(360, 1320)) for _ in range(3)]
        for entity, minute in times:
            on = begin + timedelta(days=day, minutes=minute)
            rows += [(on, entity, "on"), (on + timedelta(minutes=25), entity, "off")]
    lines = [f"{at.isoformat()},{entity},{state}" for at, entity, state in sorted(rows)]
    path.write_text("\n".join(["timestamp,entity_id,state", *lines]))
