"""The flan-t5 classifier, over a tiny random model that went through the service's own conversion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.errors import ModelCorrupt
from src.models.catalog import CATALOG, HubSource, Role
from src.models.classifier import CATEGORY, PRIORITY, Classifier, Question
from src.models.convert import convert_weights
from src.models.model_manager import ModelManager
from src.models.runtime import Runtime
from src.settings import load_settings
from tests.unit.classifier import tiny_t5
from tests.unit.models.loopback_hub import COMMIT, LoopbackHub

TEXTS = [
    "the kitchen light turns on around 07:10 on weekdays.",
    "when the front door opens, the hall light turns on within 2 minutes.",
    "",
    "the heating turns down around 22:30 every day. " * 20,
]
NO_CONTENT = ("N/A", "[MASK]", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A converted tiny T5, in float32."""
    base = tmp_path_factory.mktemp("t5")
    source = tiny_t5.write_model(base / "source", tiny_t5.tensors(seed=1), tiny_t5.config())
    converted = base / "converted"
    converted.mkdir()
    convert_weights("t5-classifier", {path.name: path for path in source.iterdir()}, "fp32", converted)
    return converted


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Classifier:
    return Classifier(folder, Runtime(1), made_by="tiny")


def expected(question: Question, text: str, max_tokens: int = 512) -> dict[str, float]:
    """Calibrated probabilities from the reference, each label decoded by itself."""
    model, tokenizer = tiny_t5.Reference(tiny_t5.tensors(seed=1)), tiny_t5.tokenizer()

    def ids(said: str) -> list[int]:
        return list(tokenizer.encode(said, add_special_tokens=False).ids)

    def shares(said: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        prompt = [*ids(question.instruction + said)[: max_tokens - 1], tiny_t5.END]
        raised = np.exp([model.log_probability(prompt, ids(label)) for label in question.labels])
        return np.asarray(raised / raised.sum())

    calibrated = shares(text) / np.mean([shares(nothing) for nothing in NO_CONTENT], axis=0)
    return dict(zip(question.labels, (calibrated / calibrated.sum()).tolist(), strict=True))


def test_probabilities_are_those_of_writing_each_label_divided_by_the_bias_for_it(classifier: Classifier) -> None:
    found = classifier.classify(TEXTS)

    for text, one in zip(TEXTS, found, strict=True):
        assert one.category_probabilities == pytest.approx(expected(CATEGORY, text), abs=1e-4)
        assert one.priority_probabilities == pytest.approx(expected(PRIORITY, text), abs=1e-4)
        assert one.category == max(one.category_probabilities, key=one.category_probabilities.__getitem__)
        assert one.priority == max(one.priority_probabilities, key=one.priority_probabilities.__getitem__)
        assert one.made_by == "tiny"


def test_the_company_of_other_texts_changes_nothing(classifier: Classifier) -> None:
    together = classifier.classify([*TEXTS, *TEXTS[::-1]] * 5)  # more than one batch, of several lengths
    alone = [classifier.classify([text])[0] for text in TEXTS]

    for place, text in enumerate([*TEXTS, *TEXTS[::-1]] * 5):
        one = alone[TEXTS.index(text)]
        assert together[place].category_probabilities == pytest.approx(one.category_probabilities, abs=1e-5)
        assert together[place].priority_probabilities == pytest.approx(one.priority_probabilities, abs=1e-5)


@given(st.lists(st.text(max_size=40), max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_the_answer_is_an_allowed_label(classifier: Classifier, texts: list[str]) -> None:
    found = classifier.classify(texts)

    assert len(found) == len(texts)
    for one in found:
        assert one.category in CATEGORY.labels
        assert one.priority in PRIORITY.labels
        assert sum(one.category_probabilities.values()) == pytest.approx(1)
        assert sum(one.priority_probabilities.values()) == pytest.approx(1)


def test_a_lone_surrogate_is_text_like_any_other(classifier: Classifier) -> None:
    (found,) = classifier.classify(["the \udc80 light"])

    assert found.category in CATEGORY.labels


def test_the_labels_can_be_others(folder: Path) -> None:
    # One label begins another, as "out" does "outside".
    rooms = Question("which room? ", ("out", "outside", "hall"))
    ranks = Question("how urgent? ", ("now", "later"))
    classifier = Classifier(folder, Runtime(1), category=rooms, priority=ranks)

    (found,) = classifier.classify(TEXTS[:1])

    assert found.category_probabilities == pytest.approx(expected(rooms, TEXTS[0]), abs=1e-4)
    assert found.priority_probabilities == pytest.approx(expected(ranks, TEXTS[0]), abs=1e-4)


def test_a_long_text_is_cut_and_the_question_is_not(folder: Path) -> None:
    classifier = Classifier(folder, Runtime(1), max_tokens=120)
    (found,) = classifier.classify([TEXTS[3]])
    (other,) = classifier.classify([TEXTS[3] + "more that nobody reads"])

    assert found.category_probabilities == pytest.approx(expected(CATEGORY, TEXTS[3], 120), abs=1e-4)
    assert other == found


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{}", "cannot be read"),
        ('{"version":"1.0","model":{"type":"WordLevel","vocab":{"<pad>":0,"a":1},"unk_token":"a"}}', "no token </s>"),
        (
            '{"version":"1.0","model":{"type":"WordLevel","vocab":{"<pad>":0,"</s>":1,"<unk>":2},"unk_token":"<unk>"}}',
            "cannot tell energy, comfort, security, convenience apart",
        ),
    ],
)
def test_a_tokenizer_of_something_else_is_refused(folder: Path, tmp_path: Path, content: str, complaint: str) -> None:
    for name in ("model.xml", "model.bin"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "tokenizer.json").write_text(content)

    with pytest.raises(ModelCorrupt, match=complaint):
        Classifier(tmp_path, Runtime(1))


def test_the_manager_fetches_converts_and_serves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    tiny_t5.write_model(tmp_path / "hub/tiny/t5", tiny_t5.tensors(seed=1), tiny_t5.config())
    card = CATALOG[Role.CLASSIFIER]
    source = card.sources[0]
    assert isinstance(source, HubSource)
    tiny = replace(card, model="tiny/t5", sources=(replace(source, repository="tiny/t5"),))

    with LoopbackHub(tmp_path / "hub").running() as hub:
        manager = ModelManager(
            load_settings(models_dir=tmp_path / "models", hf_endpoint=hub.endpoint, quantization="fp32"),
            catalog={**CATALOG, Role.CLASSIFIER: tiny},
        )
        (found,) = manager.classify(TEXTS[:1])

    assert found.category_probabilities == pytest.approx(expected(CATEGORY, TEXTS[0]), abs=1e-4)
    assert found.made_by == f"tiny/t5@{COMMIT[:7]}:fp32"
