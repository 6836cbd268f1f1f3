"""A gigabyte is less than everything takes at once: the service takes smaller ways, and is not ended."""

from __future__ import annotations

import json
import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.bench import weights
from tests.docker.home import HEADER
from tests.docker.models import ROLES, write_catalog
from tests.docker.stack import Stack

pytestmark = pytest.mark.heavy

CLIENTS = 8
EVENTS = 300_000
# What counts against the container's limit and cannot be dropped, in bytes: cgroup version 2, or 1.
HELD = """
from pathlib import Path
fields = dict(line.split() for path in Path('/sys/fs/cgroup').glob('**/memory.stat')
              if path.parent.name in ('cgroup', 'memory') for line in path.read_text().splitlines())
print(sum(int(fields.get(name, 0)) for name in ('anon', 'shmem', 'total_rss', 'total_shmem')))
"""


def a_busy_home(file: Path, events: int) -> None:
    """Twenty lamps and sensors that change at any time for sixty days; one lamp has a habit."""
    chance, first = random.Random(1), datetime(2026, 1, 5, tzinfo=UTC)
    rows = [(60 * 24 * 60 * chance.random(), f"light.room_{chance.randrange(20)}") for _ in range(events - 120)]
    rows += [(24 * 60 * day + hour * 60 + chance.random() * 4, "light.porch") for day in range(60) for hour in (7, 20)]
    with file.open("w", encoding="utf-8") as opened:
        opened.write(HEADER)
        for number, (minutes, lamp) in enumerate(sorted(rows)):
            opened.write(f"{(first + timedelta(minutes=minutes)).isoformat()},{lamp},{'on' if number % 2 else 'off'}\n")
    file.chmod(0o644)


def put_full_size_reranker(hub: Path, made: Path) -> None:
    """Of random numbers, 1.1 GB; its speed and its memory are those of a trained one."""
    weights.provide(made, full=True)
    shutil.rmtree(hub / "tiny/reranker")
    (hub / "tiny/reranker").mkdir()
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        (made / "weights/reranker" / name).rename(hub / "tiny/reranker" / name)


def held(stack: Stack) -> int:
    return int(stack.execute("python", "-S", "-c", HELD).out)


def test_a_conversion_a_run_and_eight_clients_fit_into_a_gigabyte(
    new_stack: Callable[..., AbstractContextManager[Stack]], tmp_path: Path
) -> None:
    settings = {"MEMORY_LIMIT": "1G", "CPU_LIMIT": "2", "MODEL_DOWNLOAD_TIMEOUT": "900", "MODEL_IDLE_UNLOAD": "0"}
    with new_stack(settings=settings) as stack:
        put_full_size_reranker(stack.folder / "hub", tmp_path)
        write_catalog(stack.folder / "extra/catalog.toml", stack.folder / "hub")
        a_busy_home(stack.folder / "history/home.csv", EVENTS)
        stack.up()
        at_rest = held(stack)
        stack.execute("python", "-m", "src.cli", "import", "/history/home.csv")
        over = threading.Event()
        answers: Counter[int] = Counter()

        def ask(number: int) -> None:
            with stack.client(timeout=900) as client:
                while not over.is_set():
                    question = {"question": f"What could save energy in room {number}?"}
                    answers[client.post("/patterns/search", json=question).status_code] += 1
                    over.wait(0.1)

        def run() -> str:
            return str(stack.ended(stack.detect()["id"], 900)["state"])

        with ThreadPoolExecutor(CLIENTS + 1) as pool:
            asking = [pool.submit(ask, number) for number in range(CLIENTS)]
            running = pool.submit(run)
            try:
                with stack.client(timeout=900) as client:
                    loaded = client.post("/models/reranker/load")
                assert running.result() == "succeeded"
            finally:
                over.set()
            for each in asking:
                each.result()

        assert loaded.status_code == 200, loaded.text
        assert loaded.json()["precision"] == "int8_weights"
        assert set(answers) == {200}
        assert sum(answers.values()) >= CLIENTS
        assert stack.state["RestartCount"] == 0
        assert stack.events("oom") == []
        manifest = json.loads(stack.execute("sh", "-c", "cat models/reranker/*/manifest.json").out)
        assert manifest["too_large"]["int8"] > 1_000_000_000

        with_models = held(stack)
        with stack.client() as client:
            for role in ROLES:
                assert client.post(f"/models/{role}/unload").status_code == 200
        assert with_models - held(stack) > 200_000_000
        assert held(stack) - at_rest < 150_000_000
