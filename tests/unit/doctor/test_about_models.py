"""Models that are not here: what serves instead, and when nothing does."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from src.doctor.about_models import look_at_hub, look_at_models
from src.doctor.finding import Finding, Level
from src.models.catalog.model_catalog import CLASSIFIER, EMBEDDING, RERANKER, HubSource, ModelCard, WheelSource
from src.models.download.hub import downloads_folder
from src.models.download.hub_layout import HubLayout
from src.models.prepare.cache import ModelCache, seal
from tests.integration.loopback import closed_port
from tests.unit.doctor.conftest import Situated

PACKAGE = next(source.package for source in EMBEDDING.sources if isinstance(source, WheelSource))


@pytest.fixture
def _no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)  # which says that there is none


@pytest.fixture
def away(situated: Situated) -> dict[str, Any]:
    """Settings whose hub does not answer."""
    return {"hf_hub_offline": False, "hf_endpoint": f"http://127.0.0.1:{closed_port()}"}


def put(situated: Situated, *cards: ModelCard) -> None:
    """Models into the cache, for the doctor's eyes: none of them is loaded."""
    cache = ModelCache(situated().settings.models_dir)
    for card in cards:
        with cache.lock(card.name, 1.0):
            staged = cache.stage(card.name)
            (staged / "model.bin").write_bytes(b"weights")
            seal(staged, {"source": "hub"})
            cache.publish(staged, card.key("int8"))


def told_of_models(situated: Situated, **settings: Any) -> dict[str, Finding]:
    return {found.check: found for found in look_at_models(situated(**settings))}


def test_a_hub_that_is_away_is_no_failure_while_something_serves(situated: Situated, away: dict[str, Any]) -> None:
    """The embedding model comes from its package, and the two others have stand-ins that need only that one."""
    (found,) = look_at_hub(situated(**away))
    assert found.level is Level.WARNING
    assert "without reranker: similarity by sentence and by word" in found.fact
    assert "without classifier: the embedding model's vectors give category and priority" in found.fact
    assert "embedding:" not in found.fact
    assert "mirror" in found.remedy


@pytest.mark.usefixtures("_no_package")
def test_a_hub_that_is_away_is_a_failure_where_nothing_serves(situated: Situated, away: dict[str, Any]) -> None:
    (found,) = look_at_hub(situated(**away))
    assert found.level is Level.FAILED
    assert "without embedding: nothing finds patterns by what they mean" in found.fact
    assert "without reranker: the evidence alone" in found.fact
    assert "without classifier: nothing gives patterns a category" in found.fact


@pytest.mark.usefixtures("_no_package")
def test_with_the_embedding_model_here_its_vectors_serve_for_the_others(
    situated: Situated, away: dict[str, Any]
) -> None:
    put(situated, EMBEDDING)
    (found,) = look_at_hub(situated(**away))
    assert found.level is Level.WARNING
    assert "without classifier: the embedding model's vectors" in found.fact


def test_a_hub_is_not_needed_for_what_is_here_or_in_a_package(situated: Situated, away: dict[str, Any]) -> None:
    put(situated, RERANKER, CLASSIFIER)
    (found,) = look_at_hub(situated(**away))
    assert found.level is Level.NOTE
    assert "can be made of what is here" in found.fact
    put(situated, EMBEDDING)
    (found,) = look_at_hub(situated(**away))
    assert found.level is Level.NOTE
    assert "every model is here" in found.fact


def test_offline_each_model_that_is_missing_says_what_serves_instead(situated: Situated) -> None:
    found = told_of_models(situated, hf_hub_offline=True)
    assert found["embedding"].level is Level.NOTE
    assert "the first use makes it from" in found["embedding"].fact
    assert PACKAGE.replace("_", "-") in found["embedding"].fact.replace("_", "-")
    for name in ("reranker", "classifier"):
        assert found[name].level is Level.WARNING
        assert "HF_HUB_OFFLINE forbids" in found[name].fact
        assert "HF_HUB_OFFLINE=0" in found[name].remedy


def test_a_hub_that_may_be_asked_comes_before_a_package(situated: Situated) -> None:
    hub, package = (source.name for source in EMBEDDING.sources)
    fact = told_of_models(situated, hf_hub_offline=False)["embedding"].fact
    assert fact == f"not here; the first use fetches it from {hub} or, where that fails, makes it from {package}"


def test_only_sources_of_the_precision_that_is_set_are_named(situated: Situated) -> None:
    prebuilt, weights = (source.name for source in RERANKER.sources)
    assert prebuilt in told_of_models(situated, hf_hub_offline=False)["reranker"].fact
    fact = told_of_models(situated, hf_hub_offline=False, quantization="fp16")["reranker"].fact
    assert fact == f"not here; the first use fetches it from {weights}"


@pytest.mark.parametrize("number", [0, 1], ids=["the head of main", "a commit"])
def test_what_was_downloaded_before_needs_no_hub(number: int, situated: Situated) -> None:
    source = [source for source in RERANKER.sources if isinstance(source, HubSource)][number]
    layout = HubLayout(downloads_folder(situated().settings.models_dir), source.repository)
    commit = source.revision or "5" * 40
    for file in source.files:
        place = layout.file(commit, file.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"weights")
    if source.revision is None:
        assert told_of_models(situated, hf_hub_offline=True)["reranker"].level is Level.WARNING
        (layout.root / "refs").mkdir()
        (layout.root / "refs/main").write_text(commit)
    found = told_of_models(situated, hf_hub_offline=True)["reranker"]
    assert found.level is Level.NOTE
    assert found.fact == f"not here; the first use makes it from {source.name}"


@pytest.mark.usefixtures("_no_package")
def test_offline_without_anything_that_makes_vectors(situated: Situated) -> None:
    found = told_of_models(situated, hf_hub_offline=True)
    assert {name: found[name].level for name in ("embedding", "reranker", "classifier")} == {
        "embedding": Level.FAILED,
        "reranker": Level.WARNING,
        "classifier": Level.FAILED,
    }
    put(situated, CLASSIFIER)
    assert told_of_models(situated, hf_hub_offline=True)["embedding"].level is Level.FAILED


def test_an_embedding_model_beside_the_one_that_serves_is_not_missed_by_anything_else(situated: Situated) -> None:
    found = told_of_models(situated, hf_hub_offline=True, embedding_deployment="minimal")
    assert found["bge-large-en-v1.5"].level is Level.WARNING
    assert "what names it is refused" in found["bge-large-en-v1.5"].fact
