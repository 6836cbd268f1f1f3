"""The flan-t5 classifier, over a tiny random model that went through the service's own conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from src.domain.labels import CATEGORIES, DEFAULT_LABELS, PRIORITIES, Labels
from src.errors import ModelBusy, ModelCorrupt
from src.models.catalog.model_catalog import CATALOG, HubSource, Role, SourceFile
from src.models.convert.conversion import Shape, convert_weights
from src.models.infer.answers import Classification
from src.models.infer.classifier import CONTENT_FREE, Classifier, answers, calibrated, question
from src.models.infer.runtime import Network, Runtime
from src.models.model_manager import ModelManager
from src.settings import load_settings
from tests.unit.classifier import tiny_t5
from tests.unit.models.loopback_hub import COMMIT, LoopbackHub

if TYPE_CHECKING:
    from openvino import Model

TEXTS = [
    "the kitchen light turns on around 07:10 on weekdays.",
    "when the front door opens, the hall light turns on within 2 minutes.",
    "",
    "the heating turns down around 22:30 every day. " * 20,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A converted tiny T5, in float32."""
    base = tmp_path_factory.mktemp("t5")
    source = tiny_t5.write_model(base / "source", tiny_t5.tensors(seed=1), tiny_t5.config())
    converted = base / "converted"
    converted.mkdir()
    files = {path.name: path for path in source.iterdir()}
    convert_weights(Shape("t5-classifier", None, 64), files, "fp32", converted)
    return converted


class CountingRuntime(Runtime):
    """Keeps the number of rows of each batch that its networks read."""

    def __init__(self) -> None:
        super().__init__(1)
        self.rows: list[int] = []

    def load(self, graph: Path | Model, *, fast: bool = False) -> Network:
        network, rows = super().load(graph, fast=fast), self.rows

        class Counting(Network):
            def __init__(self) -> None:
                self.parallel = network.parallel

            def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
                rows.append(len(inputs["input_ids"]))
                return network(inputs)

        return Counting()


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Classifier:
    return Classifier(folder, Runtime(1), made_by="tiny")


Shares = dict[str, float]


def expected(text: str, labels: Labels = DEFAULT_LABELS, max_tokens: int = 512) -> tuple[Shares, Shares]:
    """Probabilities of category and priority from the reference: prompt by prompt, answer by answer, loop by loop."""
    model, tokenizer = tiny_t5.Reference(tiny_t5.tensors(seed=1)), tiny_t5.tokenizer()

    def ids(said: str) -> list[int]:
        return list(tokenizer.encode(said, add_special_tokens=False).ids)

    asked = [*ids(question(labels)), tiny_t5.END]

    def pairs(said: str) -> dict[tuple[str, str], float]:
        prompt = [*ids(said)[: max_tokens - len(asked)], *asked]
        logs = model.log_probabilities(prompt, [ids(answer) for answer in answers(labels)])
        names = [(category, priority) for category in labels.categories for priority in labels.priorities]
        return dict(zip(names, np.exp(logs).tolist(), strict=True))

    found, empty = pairs(text), [pairs(nothing) for nothing in CONTENT_FREE]
    bias = {pair: sum(one[pair] for one in empty) / len(empty) for pair in found}
    category = normal(
        {
            each: sum(found[each, p] for p in labels.priorities) / sum(bias[each, p] for p in labels.priorities)
            for each in labels.categories
        }
    )
    priority = dict.fromkeys(labels.priorities, 0.0)
    for each, share in category.items():
        whole, whole_bias = (sum(of[each, p] for p in labels.priorities) for of in (found, bias))
        given = normal({p: (found[each, p] / whole) / (bias[each, p] / whole_bias) for p in labels.priorities})
        for p in labels.priorities:
            priority[p] += share * given[p]
    return category, priority


def normal(shares: Shares) -> Shares:
    return {label: share / sum(shares.values()) for label, share in shares.items()}


def assert_is(found: Classification, shares: tuple[Shares, Shares]) -> None:
    assert found.category_probabilities == pytest.approx(shares[0], abs=1e-4)
    assert found.priority_probabilities == pytest.approx(shares[1], abs=1e-4)
    assert found.category == max(shares[0], key=shares[0].__getitem__)
    assert found.priority == max(shares[1], key=shares[1].__getitem__)


def test_probabilities_are_those_of_the_answers_divided_by_the_bias_for_them(classifier: Classifier) -> None:
    found = classifier.classify(TEXTS)

    for text, one in zip(TEXTS, found, strict=True):
        assert_is(one, expected(text))
        assert one.made_by == "tiny"


def test_each_text_is_read_once_for_both_questions(folder: Path) -> None:
    runtime = CountingRuntime()
    classifier = Classifier(folder, runtime)
    runtime.rows.clear()

    classifier.classify(TEXTS)

    assert sum(runtime.rows) == len(TEXTS)
    assert classifier.classify([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_what_has_no_content_is_anything_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bias = np.log(rng.dirichlet(np.ones(12)).reshape(4, 3))

    category, priority = calibrated(bias[None], bias)

    np.testing.assert_allclose(category, np.full((1, 4), 1 / 4))
    np.testing.assert_allclose(priority, np.full((1, 3), 1 / 3))


def test_a_bias_for_a_category_does_not_touch_the_priority_after_it() -> None:
    given = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    even = np.full((2, 3), 1 / 3)
    bias = np.log(np.array([[0.9], [0.1]]) * even)

    category, priority = calibrated(np.log(np.array([[0.9], [0.1]]) * given)[None], bias)

    np.testing.assert_allclose(category, [[0.5, 0.5]])
    np.testing.assert_allclose(priority, [[0.4, 0.25, 0.35]])


def test_answers_far_too_improbable_for_floating_point_still_sum_to_one() -> None:
    logs = np.array([[[-2000.0, -1000.0], [0.0, -900.0]]])

    category, priority = calibrated(logs, np.array([[0.0, -3000.0], [-1500.0, -1.0]]))

    assert category.sum() == pytest.approx(1)
    assert priority.sum() == pytest.approx(1)


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
        assert one.category in CATEGORIES
        assert one.priority in PRIORITIES
        assert sum(one.category_probabilities.values()) == pytest.approx(1)
        assert sum(one.priority_probabilities.values()) == pytest.approx(1)


def test_a_lone_surrogate_is_text_like_any_other(classifier: Classifier) -> None:
    (found,) = classifier.classify(["the \udc80 light"])

    assert found.category in CATEGORIES


@pytest.mark.parametrize(
    "labels",
    [
        Labels(("out", "outside", "hall"), ("now", "later")),  # one label begins another
        Labels(("energy", "comfort"), ("a", "b")),
        Labels(tuple("abcdefghijkl"), tuple("mnopqrstuvwx")),
    ],
    ids=["begins", "two", "twelve"],
)
def test_the_labels_can_be_others(folder: Path, labels: Labels) -> None:
    (found,) = Classifier(folder, Runtime(1), labels=labels).classify(TEXTS[:1])

    assert_is(found, expected(TEXTS[0], labels))


def test_the_question_names_every_label() -> None:
    assert question(Labels(("heat", "light"), ("now", "soon", "never"))) == (
        "Is this routine about heat or light, and is its importance now, soon or never?"
    )


def test_a_long_text_is_cut_and_the_question_is_not(folder: Path) -> None:
    classifier = Classifier(folder, Runtime(1), max_tokens=150)
    (found,) = classifier.classify([TEXTS[3]])
    (other,) = classifier.classify([TEXTS[3] + "more that nobody reads"])

    assert_is(found, expected(TEXTS[3], max_tokens=150))
    assert other == found


def test_too_many_long_labels_for_the_model_are_told(folder: Path) -> None:
    with pytest.raises(ModelCorrupt, match="too few to ask for so many labels"):
        Classifier(folder, Runtime(1), max_tokens=20)


def test_its_queue_is_as_long_as_it_is_told(folder: Path) -> None:
    with pytest.raises(ModelBusy):  # already for the texts that it is calibrated with
        Classifier(folder, Runtime(1), waiting=0)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{}", "cannot be read"),
        ('{"version":"1.0","model":{"type":"WordLevel","vocab":{"<pad>":0,"a":1},"unk_token":"a"}}', "no token </s>"),
        (
            '{"version":"1.0","model":{"type":"WordLevel","vocab":{"<pad>":0,"</s>":1,"<unk>":2},"unk_token":"<unk>"}}',
            "cannot tell energy, comfort, security, convenience, high, medium, low apart",
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
    files = tuple(SourceFile(file.path) for file in source.files)
    tiny = replace(card, model="tiny/t5", revision=None, sources=(HubSource("tiny/t5", None, "weights", files),))

    with LoopbackHub(tmp_path / "hub").running() as hub:
        manager = ModelManager(
            load_settings(models_dir=tmp_path / "models", hf_endpoint=hub.endpoint, quantization="fp32"),
            catalog={**CATALOG, Role.CLASSIFIER: tiny},
        )
        (found,) = manager.classify(TEXTS[:1])

    assert_is(found, expected(TEXTS[0]))
    assert found.made_by == f"tiny/t5@{COMMIT[:7]}:fp32"
