"""Category and priority from flan-t5: every allowed answer is scored, so the answer is always one of them.

A text is read once, with one question for both labels ("Is this routine about energy, comfort, ..., and is its
importance high, medium or low?"). The decoder reads the tree of all answers ("energy, high", "energy, medium", ...) in
one pass. Nothing is written and nothing is parsed: what comes out is how probable each answer is.

A small model prefers some words whatever it is asked. How probable it finds each category, and each priority after
each category, in texts without content is its bias, and is divided out (contextual calibration: Zhao et al.,
"Calibrate Before Use", https://arxiv.org/abs/2102.09690). Two of these texts are sentences of the service's own form
with nothing in them, because part of the bias comes from the form (domain-label bias: Fei et al.,
https://arxiv.org/abs/2305.19148). Calibrating by the texts of a batch would make a text's labels depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from src.domain.labels import DEFAULT_LABELS, Labels
from src.errors import ModelCorrupt
from src.models.catalog.model_catalog import Role
from src.models.infer.answers import Classification
from src.models.infer.batches import Batch
from src.models.infer.label_tree import LabelTree
from src.models.infer.request_queue import WAITING, RequestQueue
from src.models.infer.runtime import Runtime
from src.observability.metrics import ModelMetrics

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FloatArray = NDArray[np.float64]

CONTENT_FREE = (
    "N/A",
    "[MASK]",
    "",
    "Something happens around 12:00 every day.",
    "When something happens, something else happens within 5 minutes.",
)
_START, _END = "<pad>", "</s>"  # T5 begins an answer with its padding token


class Classifier:
    """A converted T5 in a folder, ready to classify. Threads may share it.

    Args:
        folder: holds ``model.xml``, ``model.bin`` and ``tokenizer.json``.
        made_by: what its classifications say they were made by.
        labels: the answers it may give; another set needs no new conversion.
        max_tokens: of text, question and end token together; a text that is too long is cut, never the question.
        waiting: texts of all callers together that may wait for it.
        name: in the catalog.

    Raises:
        ModelCorrupt: the tokenizer cannot be read, is not T5's, or cannot spell the labels.
        RuntimeError: OpenVINO cannot compile the graph.
    """

    def __init__(
        self,
        folder: Path,
        runtime: Runtime,
        *,
        made_by: str = "google/flan-t5-small",
        labels: Labels = DEFAULT_LABELS,
        max_tokens: int = 512,
        waiting: int = WAITING,
        name: str = Role.CLASSIFIER,
    ) -> None:
        self.made_by = made_by
        self._metrics = ModelMetrics(name)
        self._labels = labels
        self._tokenizer = _load_tokenizer(folder / "tokenizer.json")
        end = self._tokenizer.token_to_id(_END)
        self._question = [*self._ids(question(labels)), end]
        self._room = max_tokens - len(self._question)
        if self._room < 1:
            raise ModelCorrupt(Role.CLASSIFIER, f"its {max_tokens} tokens are too few to ask for so many labels")
        start = self._tokenizer.token_to_id(_START)
        tree = self._tree(start, end)
        network = runtime.load(folder / "model.xml", fast=True)

        def run(batch: Batch) -> FloatArray:
            (scores,) = network({"input_ids": batch.ids, "attention_mask": batch.mask, **tree.inputs()})
            return tree.log_probabilities(scores)

        self._queue = RequestQueue(run, name=name, pad=start, limit=waiting, workers=network.parallel)
        self._bias = _mean(self._log_probabilities(CONTENT_FREE))

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Category and priority of each text, in the order of the texts; none depends on the other texts.

        Raises:
            ModelBusy: more texts wait for it than may.
        """
        if not texts:
            return []
        categories, priorities = calibrated(self._log_probabilities(texts), self._bias)
        return [
            Classification(
                category=self._labels.categories[int(category.argmax())],
                priority=self._labels.priorities[int(priority.argmax())],
                category_probabilities=dict(zip(self._labels.categories, category.tolist(), strict=True)),
                priority_probabilities=dict(zip(self._labels.priorities, priority.tolist(), strict=True)),
                made_by=self.made_by,
            )
            for category, priority in zip(categories, priorities, strict=True)
        ]

    @property
    def waiting(self) -> int:
        """Texts that wait for it now."""
        return self._queue.waiting

    def _log_probabilities(self, texts: Sequence[str]) -> FloatArray:
        """(texts, categories, priorities), of each pair as the answer; they sum to 1 for each text."""
        with self._metrics.tokenizing():
            sequences = [[*self._ids(text)[: self._room], *self._question] for text in texts]
        found = self._queue.ask(sequences)
        return found.reshape(len(texts), len(self._labels.categories), len(self._labels.priorities))

    def _ids(self, text: str) -> list[int]:
        valid = text.encode("utf-8", "replace").decode("utf-8")  # JSON may carry lone surrogates, UTF-8 may not
        ids: list[int] = self._tokenizer.encode(valid, add_special_tokens=False).ids
        return ids

    def _tree(self, start: int, end: int) -> LabelTree:
        try:
            return LabelTree.of([self._ids(answer) for answer in answers(self._labels)], start=start, end=end)
        except ValueError as error:
            labels = ", ".join((*self._labels.categories, *self._labels.priorities))
            raise ModelCorrupt(Role.CLASSIFIER, f"its tokenizer cannot tell {labels} apart") from error


def question(labels: Labels) -> str:
    """What stands after each text: one question in the plain words that flan-t5 was taught with."""
    categories, priorities = _choice(labels.categories), _choice(labels.priorities)
    return f"Is this routine about {categories}, and is its importance {priorities}?"


def answers(labels: Labels) -> list[str]:
    """Every answer to :func:`question`: the priorities of the first category, those of the second, and so on."""
    return [f"{category}, {priority}" for category in labels.categories for priority in labels.priorities]


def calibrated(logs: FloatArray, bias: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probabilities of the categories and of the priorities, with the model's bias divided out.

    An answer is two choices: the category, then the priority given that category. Each is divided by the same choice
    in ``bias`` and made to sum to 1 again; what was as probable in texts without content as it is here comes out even.

    Args:
        logs: (texts, categories, priorities), logarithms of probabilities that sum to 1 for each text.
        bias: (categories, priorities), the same for texts without content.

    Returns:
        (texts, categories) and (texts, priorities), rows sum to 1; that of a priority is summed over the categories.
    """
    category, priority = _choices(logs)
    category_bias, priority_bias = _choices(bias[None])
    category = _normalised(category - category_bias)
    priority = _normalised(priority - priority_bias)
    return np.exp(category), np.exp(np.logaddexp.reduce(category[:, :, None] + priority, axis=1))


def _choices(logs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n, categories) of the category, and (n, categories, priorities) of the priority given the category."""
    category: FloatArray = np.logaddexp.reduce(logs, axis=2)
    return category, logs - category[:, :, None]


def _normalised(logs: FloatArray) -> FloatArray:
    """Logarithms of probabilities that sum to 1 along the last axis."""
    return logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True)


def _mean(logs: FloatArray) -> FloatArray:
    """Logarithm of the mean probability over the first axis."""
    mean: FloatArray = np.logaddexp.reduce(logs, axis=0) - np.log(len(logs))
    return mean


def _choice(labels: Sequence[str]) -> str:
    return f"{', '.join(labels[:-1])} or {labels[-1]}"


def _load_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(path.read_text("utf-8"))
    except Exception as error:  # the library raises nothing narrower for a broken file
        raise ModelCorrupt(Role.CLASSIFIER, f"tokenizer.json cannot be read ({error})") from error
    missing = [token for token in (_START, _END) if tokenizer.token_to_id(token) is None]
    if missing:
        raise ModelCorrupt(Role.CLASSIFIER, f"tokenizer.json has no token {' and no '.join(missing)}")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
