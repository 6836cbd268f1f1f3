"""The service as a process of its own: a model of a person's own is fetched from a hub while somebody watches."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.models.conftest import SERVICE
from tests.unit.models import tiny
from tests.unit.models.loopback_hub import Hang, LoopbackHub

CATALOG = f"""
[[model]]
name = "tiny"
role = "embedding"
model = "tiny/embedding"
max_tokens = 64
dimensions = {tiny.WIDTH}
pooling = "mean"
licence = "MIT"
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """Knows ``tiny/embedding``."""
    tiny.write_model(tmp_path / "hub/tiny/embedding", tiny.encoder_tensors(seed=1), tiny.bert_config())
    with LoopbackHub(tmp_path / "hub").running() as running:
        yield running


@contextmanager
def serving(home: Path, hub: LoopbackHub) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A server without a grace of its own: it waits for as long as a request is open."""
    (home / "models").mkdir()
    (home / "models/catalog.toml").write_text(CATALOG)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "DATA_DIR": str(home / "data"),
        "MODELS_DIR": str(home / "models"),
        "HF_ENDPOINT": hub.endpoint,
        "HUB_PROBE_TIMEOUT": "30",
    }
    with socket.create_server(("127.0.0.1", 0)) as listening, (home / "log").open("w") as log:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "src.main:create_app", "--factory", "--fd", str(listening.fileno())],
            cwd=SERVICE,
            env=environment,
            pass_fds=[listening.fileno()],
            stderr=log,
            stdout=log,
        )
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()
        print((home / "log").read_text())  # shown when the test fails


def events(lines: Iterator[str]) -> Iterator[dict[str, object]]:
    return (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def test_a_model_is_loaded_while_somebody_watches(tmp_path: Path, hub: LoopbackHub) -> None:
    with serving(tmp_path, hub) as (process, client):
        assert client.get("/models").json()["tiny"]["state"] == "not_loaded"
        with client.stream("GET", "/models/downloads") as watched:
            started = client.post("/models/tiny/load?wait=false")
            assert (started.status_code, started.headers["location"]) == (202, "/models/downloads")
            stages = []
            for event in events(watched.iter_lines()):
                assert event["name"] == "tiny"
                stages.append(event["stage"])
                if event["stage"] in ("done", "failed"):
                    break
        assert stages[-1] == "done"
        assert "converting" in stages
        loaded = client.post("/models/tiny/load").json()
        assert (loaded["state"], loaded["source"].split("@")[0]) == ("loaded", "hub tiny/embedding")
        assert loaded["memory_bytes"] is not None
        assert client.post("/models/tiny/unload").json()["state"] == "unloaded"
        latest = client.get("/models/downloads", headers={"Accept": "application/json"}).json()
        assert [(model["name"], model["stage"]) for model in latest] == [("tiny", "done")]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def test_a_stop_ends_streams_waiting_loads_and_downloads_in_order(tmp_path: Path, hub: LoopbackHub) -> None:
    hub.misbehave("model.safetensors", Hang(1000))
    with (
        serving(tmp_path, hub) as (process, client),
        client.stream("GET", "/models/downloads") as watched,
        client.stream("POST", "/models/tiny/load?wait=false") as started,
    ):
        assert started.status_code == 202
        assert hub.hanging.wait(60)
        process.send_signal(signal.SIGTERM)
        # What is left of the stream can be read to its end: a connection that was cut off would raise.
        assert all(event["stage"] != "done" for event in events(watched.iter_lines()))
        process.wait(timeout=20)  # while the hub hangs on
