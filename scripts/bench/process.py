"""An engine's process, seen from the benchmark: it computes only while it is asked."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType

from scripts.bench.engines import HOME, ROOT, EngineCard
from scripts.bench.worker import Json


class EngineFailed(Exception):
    """An engine could not do what it was asked; the message says why."""


class EngineProcess:
    """A worker that stays alive, stopped by a signal between two questions so that only one engine has the machine.

    Args:
        threads: for everything in it that has threads.
        log: takes what its libraries print.
    """

    def __init__(self, card: EngineCard, threads: int, log: Path) -> None:
        self.card = card
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), str(threads))
        offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "true"}
        command = [str(card.python()), "-m", "scripts.bench.worker", card.name, str(HOME), str(threads)]
        with log.open("w") as complaints:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **limits, **offline, "PYTHONPATH": ""},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                encoding="utf-8",
            )
        self._stopped = False

    def ask(self, **request: object) -> Json:
        """Its answer.

        Raises:
            EngineFailed: it says that it failed, or it ended.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._wake()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise EngineFailed(f"its process ended with code {self._process.wait()}: {_last_line(self._log)}")
        answer: Json = json.loads(line)
        if "failed" in answer:
            raise EngineFailed(answer["failed"])
        self._process.send_signal(signal.SIGSTOP)
        self._stopped = True
        return answer

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wake()
        assert self._process.stdin
        assert self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _wake(self) -> None:
        if self._stopped:
            self._process.send_signal(signal.SIGCONT)
            self._stopped = False


def first_vector_seconds(card: EngineCard, threads: int, log: Path) -> float:
    """Seconds from the start of a new process to its first vector.

    Raises:
        EngineFailed: there was none.
    """
    start = time.perf_counter()
    with EngineProcess(card, threads, log) as process:
        process.ask(do="first")
        return time.perf_counter() - start


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
