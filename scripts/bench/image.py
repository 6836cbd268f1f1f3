"""The service's image: how large it is, how long it takes to build, and to be healthy.

Needs a Docker engine. Builds without what earlier builds left, so pip's kept downloads of the engine go.
"""

from __future__ import annotations

import http.client
import time
from contextlib import closing

from scripts.bench.box import docker
from scripts.bench.engines import ROOT
from scripts.bench.worker import Json

_TAG = "homeiq/ai-automation-service:bench"
_NAME = "bench-image"
_PORT = 8018
_DOCKERFILE = "services/ai-automation-service/Dockerfile"
_STARTS = 5


def measured() -> Json:
    """Seconds and MB.

    Raises:
        NoEngine: nothing answers.
    """
    docker("info")
    docker("builder", "prune", "--force", "--filter", "type=exec.cachemount")
    cold = _build("--no-cache")
    starts = sorted(_started() for _ in range(_STARTS))
    return {
        "image_mb": round(int(docker("image", "inspect", "-f", "{{.Size}}", _TAG)) / 1e6),
        "build_cold_seconds": cold,
        "build_warm_seconds": _build(),
        "answers_after_seconds": round(sorted(answered for answered, _ in starts)[_STARTS // 2], 2),
        "healthy_after_seconds": round(sorted(healthy for _, healthy in starts)[_STARTS // 2], 2),
    }


def _build(*options: str) -> float:
    began = time.monotonic()
    docker("build", "-q", *options, "-f", str(ROOT / _DOCKERFILE), "-t", _TAG, str(ROOT))
    return round(time.monotonic() - began, 1)


def _started() -> tuple[float, float]:
    """Seconds from the start of a new container until it answers, and until the engine calls it healthy."""
    began = time.monotonic()
    docker("run", "-d", "--rm", "--name", _NAME, "--memory", "2g", "-p", f"127.0.0.1::{_PORT}", _TAG)
    try:
        port = int(docker("port", _NAME, str(_PORT)).rpartition(":")[2])
        while not _answers(port):
            time.sleep(0.02)
        answered = time.monotonic() - began
        while docker("inspect", "-f", "{{.State.Health.Status}}", _NAME) != "healthy":
            time.sleep(0.05)
        return answered, time.monotonic() - began
    finally:
        docker("rm", "-f", "-v", _NAME)


def _answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
