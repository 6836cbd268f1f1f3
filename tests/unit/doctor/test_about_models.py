"""Models that are not here: what serves instead, and when nothing does."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from src.doctor.about_models import look_at_hub, look_at_models
from src.doctor.finding import Finding, Level
from src.models.catalog.model_catalog import CLASSIFIER, EMBEDDING, RERANKER, ModelCard, WheelSource
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
