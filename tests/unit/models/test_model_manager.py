"""The manager, with tiny models from a hub on the loopback interface."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from src.errors import InvalidSetting, ModelUnavailable
from src.models import model_manager
from src.models.catalog.model_catalog import Catalog
from src.models.infer.linear_head import LinearHead
from src.models.model_manager import ModelManager, get_model_manager
from tests.unit.models import tiny
from tests.unit.models.conftest import MakeSettings
from tests.unit.models.loopback_hub import COMMIT, LoopbackHub

SENTENCES = [
    "the kitchen light turns on around seven every weekday",
    "save energy",
    "",
    "hall motion at night door opens",
]


@pytest.fixture
def manager(settings: MakeSettings, catalog: Catalog, prepared: Path) -> ModelManager:
    """One whose models are in its cache."""
    assert settings().models_dir == prepared
    return ModelManager(settings(), catalog=catalog)


@pytest.mark.usefixtures("prepared")
def test_vectors_are_the_models_own_in_the_order_of_the_texts(settings: MakeSettings, catalog: Catalog) -> None:
    manager = ModelManager(settings(quantization="fp32"), catalog=catalog)
    vectors = manager.generate_embeddings(SENTENCES)
    tensors, tokenizer = tiny.encoder_tensors(seed=1), tiny.tokenizer()
    expected = [tiny.reference_vector(tensors, tokenizer.encode(text).ids) for text in SENTENCES]
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=2e-5)


def test_a_texts_vector_does_not_depend_on_the_other_texts(manager: ModelManager) -> None:
    words = tiny.WORDS.split()
    texts = [" ".join(words[start : start + length]) for start in range(6) for length in range(1, 24)]
    together = manager.generate_embeddings(texts)
    alone = np.concatenate([manager.generate_embeddings([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_no_texts_have_no_vectors(manager: ModelManager) -> None:
    assert manager.generate_embeddings([]).shape == (0, tiny.WIDTH)
    assert manager.classify([]) == []
    assert manager.rerank("save energy", []) == []


@pytest.mark.usefixtures("prepared")
def test_the_best_candidates_come_first_by_the_models_own_logits(settings: MakeSettings, catalog: Catalog) -> None:
    manager = ModelManager(settings(quantization="fp32"), catalog=catalog)
    candidates = [*SENTENCES, "heating off when hall door opens", "comfort", "comfort"]
    ranked = manager.rerank("save energy at night", candidates, top_k=5)

    tensors, tokenizer = tiny.reranker_tensors(seed=2), tiny.tokenizer("xlm-roberta")
    pairs = [tokenizer.encode("save energy at night", candidate).ids for candidate in candidates]
    logits = [tiny.reference_logit(tensors, pair) for pair in pairs]
    order = sorted(range(len(candidates)), key=lambda index: -logits[index])
    assert [one.index for one in ranked] == order[:5]
    np.testing.assert_allclose([one.score for one in ranked], [logits[index] for index in order[:5]], atol=1e-3)


def test_equals_keep_their_order(manager: ModelManager) -> None:
    assert [one.index for one in manager.rerank("save energy", ["comfort"] * 40, top_k=40)] == list(range(40))


def test_a_question_longer_than_the_model_reads_is_the_callers_to_mend(manager: ModelManager) -> None:
    with pytest.raises(InvalidSetting, match="query"):
        manager.rerank("light " * 100, ["the door"])


def test_threads_share_one_load_and_one_conversion(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    manager = ModelManager(settings(), catalog=catalog)
    with ThreadPoolExecutor(64) as pool:
        models = list(pool.map(lambda _: manager.get_embedding_model(), range(64)))
    assert len(set(map(id, models))) == 1
    assert sum(request.startswith("GET") and "safetensors" in request for request in hub.requests) == 1


def test_without_a_reranker_the_caller_is_told_and_the_hub_left_alone_for_a_minute(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    (hub.folder / "tiny/reranker/config.json").unlink()
    now = [0.0]
    manager = ModelManager(settings(), catalog=catalog, clock=lambda: now[0])
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match=r"config\.json: 404"):
            manager.rerank("save energy", SENTENCES)
    assert hub.asked_for("config.json") == 1
    info = manager.get_model_info()["reranker"]
    assert info["state"] == "failed"
    assert "404" in info["error"]

    tiny.write_model(hub.folder / "tiny/reranker", tiny.reranker_tensors(seed=2), tiny.xlmr_config())
    now[0] = 61.0
    assert len(manager.rerank("save energy", SENTENCES)) == len(SENTENCES)


def test_without_a_classifier_the_linear_head_answers_and_says_so(
    manager: ModelManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = (("comfort", "low"), ("energy", "high"), ("security", "medium"), ("convenience", "low"))
    weights = np.random.default_rng(0).normal(size=(len(pairs), tiny.WIDTH))
    head = LinearHead(pairs, weights, np.zeros(len(pairs)), f"tiny/embedding@{COMMIT[:7]}", {}, "0123456789abcdef")
    monkeypatch.setattr(LinearHead, "load", lambda: head)

    labels = manager.classify(SENTENCES[:2])

    assert [label.made_by for label in labels] == ["linear-head@0123456"] * 2
    for label, shares in zip(labels, head.probabilities(manager.generate_embeddings(SENTENCES[:2])), strict=True):
        comfort, energy, security, convenience = shares.tolist()
        assert label.category == pairs[int(shares.argmax())][0]
        assert label.priority_probabilities == pytest.approx(
            {"high": energy, "medium": security, "low": comfort + convenience}
        )
    with pytest.raises(ModelUnavailable, match="tiny/classifier"):
        manager.get_classifier_model()


def test_a_head_of_another_embedding_model_is_refused_and_descriptions_answer(
    manager: ModelManager, caplog: pytest.LogCaptureFixture
) -> None:
    labels = manager.classify(SENTENCES[:2])  # the service's own head, over tiny vectors

    assert [label.made_by for label in labels] == ["category: embedding-labels, priority: none"] * 2
    assert [label.priority for label in labels] == [None, None]
    assert all(sum(label.category_probabilities.values()) == pytest.approx(1) for label in labels)
    (refused,) = [line for line in caplog.messages if line.startswith("linear_head_refused")]
    assert LinearHead.load().embedding in refused
    assert f"tiny/embedding@{COMMIT[:7]}" in refused


def test_a_cache_entry_that_does_not_compile_is_a_missing_model(
    manager: ModelManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no such operation")

    monkeypatch.setattr("src.models.infer.runtime.Runtime.load", fails)
    with pytest.raises(ModelUnavailable, match="no such operation"):
        manager.generate_embeddings(["light"])


def test_information_before_and_after_the_load(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    manager = ModelManager(settings(), catalog=catalog)
    before = manager.get_model_info()
    assert list(before) == ["embedding", "reranker", "classifier"]
    assert before["embedding"]["state"] == "not_loaded"
    assert before["embedding"]["source"] is None
    assert not hub.requests

    manager.generate_embeddings(["light"])
    after = manager.get_model_info()["embedding"]
    assert after["state"] == "loaded"
    assert after["source"] == f"hub tiny/embedding@{COMMIT}"
    assert after["revision"] == COMMIT
    assert after["precision"] == "int8_weights"
    assert after["size_bytes"] > 1000
    assert after["load_seconds"] > 0
    assert after["error"] is None


def test_names_carry_model_revision_and_precision(
    settings: MakeSettings, catalog: Catalog, manager: ModelManager
) -> None:
    wanted = ModelManager(settings(quantization="int8"))
    assert wanted.embedding_id == "sentence-transformers/all-MiniLM-L6-v2@1110a24:int8"
    # A head that was not fetched yet has no commit.
    assert ModelManager(settings(quantization="fp16"), catalog=catalog).reranker_id == "tiny/reranker@main:fp16"
    assert manager.reranker_id == f"tiny/reranker@{COMMIT[:7]}:int8_weights"
    assert manager.embedding_id == f"tiny/embedding@{COMMIT[:7]}:int8_weights"


def test_there_is_one_manager_however_many_threads_ask(monkeypatch: pytest.MonkeyPatch, settings: MakeSettings) -> None:
    monkeypatch.setattr(model_manager, "_manager", None)
    monkeypatch.setattr(model_manager, "get_settings", settings)
    with ThreadPoolExecutor(16) as pool:
        managers = list(pool.map(lambda _: get_model_manager(), range(64)))
    assert len(set(map(id, managers))) == 1


def test_the_modules_functions_ask_the_one_manager(monkeypatch: pytest.MonkeyPatch, manager: ModelManager) -> None:
    monkeypatch.setattr(model_manager, "_manager", manager)
    assert model_manager.get_embedding_model() is manager.get_embedding_model()
    assert model_manager.get_reranker_model() is manager.get_reranker_model()
    with pytest.raises(ModelUnavailable):
        model_manager.get_classifier_model()


def test_importing_the_manager_loads_no_engine() -> None:
    code = "import sys, src.models.model_manager; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    service = Path(model_manager.__file__).parents[2]
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=service, capture_output=True, text=True, check=True
    ).stdout
    for name in ("openvino", "tokenizers", "huggingface_hub", "torch", "transformers"):
        assert f"'{name}'" not in loaded
