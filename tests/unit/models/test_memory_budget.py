"""Conversions and loads take their memory from one budget: what does not fit is made smaller, waits, or is refused."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from src.box.budget import Budget
from src.box.memory import BoxMemory
from src.errors import ModelUnavailable
from src.models.catalog.model_catalog import Catalog, Role
from src.models.download.board import Download, DownloadBoard
from src.models.loader import memory_to_load
from src.models.model_manager import ModelManager
from src.models.prepare.acquire import Acquirer
from src.models.prepare.conversion_memory import ways
from src.settings import load_settings
from tests.unit.models.conftest import MakeSettings

MB = 1_000_000


def free(megabytes: int) -> Budget:
    """Of a container that has so much left."""
    return Budget(lambda: BoxMemory(megabytes * MB * 16 // 15 + 1, 0))


class Posts(DownloadBoard):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Download] = []

    def post(self, download: Download) -> None:
        self.seen.append(download)
        super().post(download)


def test_weights_alone_are_rounded_where_calibrating_does_not_fit(
    settings: MakeSettings, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    entry = Acquirer(settings(quantization="int8"), budget=free(200)).acquire(catalog[Role.EMBEDDING])
    assert entry.manifest["precision"] == "int8"
    assert entry.manifest["served"] == "int8_weights"
    assert entry.manifest["parity"] == {}
    assert entry.manifest["too_large"]["int8"] > 330 * MB
    assert "model_converted_smaller name=embedding wanted=int8" in caplog.text


def test_the_settings_limit_is_kept_in_the_same_way(settings: MakeSettings, catalog: Catalog) -> None:
    asked = settings(quantization="int8", model_convert_memory=300)
    entry = Acquirer(asked, budget=free(10_000)).acquire(catalog[Role.EMBEDDING])
    assert entry.manifest["served"] == "int8_weights"


def test_with_enough_memory_nothing_is_too_large(settings: MakeSettings, catalog: Catalog) -> None:
    entry = Acquirer(settings(), budget=free(10_000)).acquire(catalog[Role.EMBEDDING])
    assert entry.manifest["served"] == "int8_weights"
    assert entry.manifest["too_large"] == {}


def test_what_does_not_fit_at_all_is_refused_and_leaves_nothing(settings: MakeSettings, catalog: Catalog) -> None:
    asked = settings()
    with pytest.raises(
        ModelUnavailable, match=r"the model reranker takes 150 MB and 100 MB .* give the container more"
    ):
        Acquirer(asked, budget=free(100)).acquire(catalog[Role.RERANKER])
    assert [path for path in asked.models_dir.rglob("*") if path.name == "model.xml"] == []


def test_a_conversion_waits_for_the_run_and_says_so(settings: MakeSettings, catalog: Catalog) -> None:
    over, begun = threading.Event(), threading.Event()

    def wait(changed: threading.Condition, seconds: float) -> None:
        over.set()
        changed.wait(30)

    budget = Budget(lambda: BoxMemory(320 * MB, 0), wait=wait)

    def run() -> None:
        with budget.hold("The run", [200 * MB], patience=0.0):
            begun.set()
            assert over.wait(60)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(30)
    posts = Posts()
    entry = Acquirer(settings(), board=posts, budget=budget).acquire(catalog[Role.EMBEDDING])
    thread.join()
    assert entry.manifest["served"] == "int8_weights"
    assert "memory: The run" in [download.message for download in posts.seen if download.stage == "waiting"]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, _: threading.Condition, seconds: float) -> None:
        self.now += seconds


class Small:
    """A manager in a container with room for one loaded model."""

    def __init__(self, models: Path, catalog: Catalog) -> None:
        self.clock = Clock()
        settings = load_settings(
            models_dir=models, hf_hub_offline=True, inference_threads=1, quantization="int8_weights"
        )
        budget = Budget(lambda: BoxMemory(160 * MB, 100 * MB * len(self.loaded)), self.clock, self.clock.wait)
        self.manager = ModelManager(settings, catalog=catalog, clock=self.clock, budget=budget)

    @property
    def loaded(self) -> list[str]:
        return [name for name, told in self.manager.get_model_info().items() if told["state"] == "loaded"]


@pytest.fixture
def small(prepared: Path, catalog: Catalog) -> Small:
    return Small(prepared, catalog)


def test_a_model_that_nobody_used_lately_makes_room(small: Small, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    small.manager.load("embedding")
    small.clock.now += 60
    before = small.clock.now
    small.manager.load("reranker")
    assert small.loaded == ["reranker"]
    assert small.clock.now == before
    assert "model_unloaded name=embedding why=memory" in caplog.text


def test_one_that_was_just_used_is_waited_for(small: Small) -> None:
    small.manager.load("embedding")
    small.manager.load("reranker")
    assert small.loaded == ["reranker"]
    assert small.clock.now == 1020


def test_one_in_use_stays_and_the_other_is_refused_with_a_word(small: Small) -> None:
    small.manager.load("embedding")
    with (
        small.manager.use("embedding"),
        pytest.raises(ModelUnavailable, match=r"the model reranker takes .* give the container more memory"),
    ):
        small.manager.load("reranker")
    assert small.loaded == ["embedding"]
    assert small.clock.now == 1030


@pytest.mark.parametrize(
    ("graph", "form", "precision", "expected"),
    [
        ("bert-reranker", "weights", "int8", [("int8", 1164), ("int8_weights", 483)]),
        ("bert-reranker", "weights", "int8_weights", [("int8_weights", 483)]),
        ("bert-reranker", "weights", "fp32", [("fp32", 1595)]),
        ("t5-classifier", "weights", "int8", [("int8", 483)]),
        ("bert-reranker", "openvino", "int8", [("int8", 1262)]),
        ("optimum-embedding", "weights", "int8", [("int8", 3480)]),
    ],
)
def test_what_a_reranker_of_1112_megabytes_would_take(
    graph: str, form: str, precision: str, expected: list[tuple[str, int]]
) -> None:
    found = ways(graph, form, precision, 1112 * MB)  # type: ignore[arg-type]  # names by parameter
    assert [(name, size // MB) for name, size in found] == expected
    assert json.loads(json.dumps(found)) == [list(way) for way in found]


@pytest.mark.parametrize(
    ("machine", "served", "expected"),
    [
        ("x86_64", "int8_weights", 510),
        ("x86_64", "int8", 510),
        ("aarch64", "int8", 510),
        ("aarch64", "int8_weights", 1182),
    ],
)
def test_what_loading_280_megabytes_would_take(
    machine: str, served: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On arm64 weights that alone are rounded take four bytes each."""
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert memory_to_load(280 * MB, served) // MB == expected
