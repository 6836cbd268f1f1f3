"""Category and priority from flan-t5: every allowed label is scored, so the answer is always one of them.

The model is never asked to write: for each text it says how probable each label is as the answer to a question. These
probabilities are calibrated by context (Zhao et al., "Calibrate Before Use", https://arxiv.org/abs/2102.09690): what
the model would answer to a question about nothing is its bias for a label, and is divided out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from src.errors import ModelCorrupt
from src.models.batches import batches
from src.models.catalog import Role
from src.models.label_tree import LabelTree
from src.models.model_manager import Classification
from src.models.runtime import Network, Runtime

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_START, _END = "<pad>", "</s>"  # T5 begins an answer with its padding token
_CONTENT_FREE = ("N/A", "[MASK]", "")
_LARGEST_BATCH = 16  # the scores of a batch are (batch, nodes, 32128) float32


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its allowed answers.

    Attributes:
        instruction: stands before the text; a text that is too long is cut at its end, never the instruction.
        labels: the answers, as the model would write them.
    """

    instruction: str
    labels: tuple[str, ...]


CATEGORY = Question(
    "Is this home routine about energy, comfort, security or convenience? ",
    ("energy", "comfort", "security", "convenience"),
)
PRIORITY = Question("Is this home routine of high, medium or low importance? ", ("high", "medium", "low"))


class Classifier:
    """A converted T5 in a folder, ready to classify. Threads may share it.

    Args:
        folder: holds ``model.xml``, ``model.bin`` and ``tokenizer.json``.
        made_by: what its classifications say they were made by.
        category, priority: the questions; their labels may be any that differ.
        max_tokens: of instruction, text and end token together.

    Raises:
        ModelCorrupt: the tokenizer cannot be read, or is not T5's.
        RuntimeError: OpenVINO cannot compile the graph.
    """

    def __init__(
        self,
        folder: Path,
        runtime: Runtime,
        *,
        made_by: str = "google/flan-t5-small",
        category: Question = CATEGORY,
        priority: Question = PRIORITY,
        max_tokens: int = 512,
    ) -> None:
        tokenizer = _load_tokenizer(folder / "tokenizer.json")
        network = runtime.load(folder / "model.xml")
        self.made_by = made_by
        self._category = _Scorer(network, tokenizer, category, max_tokens)
        self._priority = _Scorer(network, tokenizer, priority, max_tokens)

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Category and priority of each text, in the order of the texts; none depends on the other texts."""
        return [
            Classification(
                category=max(category, key=category.__getitem__),
                priority=max(priority, key=priority.__getitem__),
                category_probabilities=category,
                priority_probabilities=priority,
                made_by=self.made_by,
            )
            for category, priority in zip(self._category(texts), self._priority(texts), strict=True)
        ]


class _Scorer:
    """One question, put to the model for many texts at once."""

    def __init__(self, network: Network, tokenizer: Tokenizer, question: Question, max_tokens: int) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._question = question
        self._max_tokens = max_tokens
        self._start, self._end = tokenizer.token_to_id(_START), tokenizer.token_to_id(_END)
        answers = [tokenizer.encode(label, add_special_tokens=False).ids for label in question.labels]
        try:
            self._tree = LabelTree.of(answers, start=self._start, end=self._end)
        except ValueError as error:
            labels = ", ".join(question.labels)
            raise ModelCorrupt(Role.CLASSIFIER, f"its tokenizer cannot tell {labels} apart") from error
        nothing = _normalised(self._log_probabilities(_CONTENT_FREE))
        self._bias = np.logaddexp.reduce(nothing, axis=0) - np.log(len(nothing))  # of the mean probability

    def __call__(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """For each text the calibrated probability of each label; they sum to 1."""
        if not texts:
            return []
        probabilities = np.exp(_normalised(self._log_probabilities(texts) - self._bias))
        return [dict(zip(self._question.labels, map(float, row), strict=True)) for row in probabilities]

    def _log_probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(texts, labels), that the model writes exactly this label; not normalised over the labels."""
        prompts = [self._prompt(text) for text in texts]
        found = np.empty((len(texts), len(self._question.labels)), np.float64)
        for batch in batches(prompts, pad=self._start, largest=_LARGEST_BATCH):
            (edges,) = self._network({"input_ids": batch.ids, "attention_mask": batch.mask, **self._tree.inputs()})
            found[batch.indices] = self._tree.totals(edges)
        return found

    def _prompt(self, text: str) -> list[int]:
        valid = text.encode("utf-8", "replace").decode("utf-8")  # JSON may carry lone surrogates, UTF-8 may not
        ids = self._tokenizer.encode(self._question.instruction + valid, add_special_tokens=False).ids
        return [*ids[: self._max_tokens - 1], self._end]


def _normalised(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of probabilities that sum to 1 in each row."""
    shifted = logs - logs.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float64)


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
