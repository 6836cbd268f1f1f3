"""Measures classifiers on the held-out sentences: the keyword baseline, the commonest label, and what needs a model.

    python scripts/measure_classifier.py                  the two baselines
    python scripts/measure_classifier.py --descriptions   and the nearest description, which serves for other categories
    python scripts/measure_classifier.py --flan-t5        and the service's flan-t5, fetched if need be

``scripts/train_linear_head.py`` measures the linear head by the same functions.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "services" / "ai-automation-service"))

from src.domain.labels import CATEGORIES, PRIORITIES
from src.domain.patterns import Json
from src.errors import ServiceError
from src.models.infer.classifier import Classifier
from src.models.infer.embedding_labels import EmbeddingLabels
from src.models.infer.linear_head import WEIGHTS
from src.models.model_manager import ModelManager
from src.settings import load_settings

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "classification.md"
SENTENCES = WEIGHTS.with_name("labelled_sentences.csv")
BOOTSTRAPS = 2000

LABELS = {"category": CATEGORIES, "priority": PRIORITIES}
# Comfort and convenience are never of high priority: see the rule in docs/classification.md.
PAIRS = (
    *(("energy", priority) for priority in LABELS["priority"]),
    *(("comfort", priority) for priority in ("medium", "low")),
    *(("security", priority) for priority in ("high", "medium")),
    *(("convenience", priority) for priority in ("medium", "low")),
)

# What the service itself writes; the other sentences are there so that the head learns meanings, not one wording.
OWN_WORDING = re.compile(r" around \d\d:\d\d |^When .* within ")

# What somebody would write in ten minutes instead of training: the first line with a matching word decides.
KEYWORDS = {
    "category": (
        (
            "security",
            "lock door gate garage alarm camera siren smoke carbon gas leak water valve burglar doorbell motion",
        ),
        ("energy", "off charger charging heater boiler eco standby power electricity solar meter"),
        ("comfort", "light lamp heat heating thermostat cool fan blinds curtains music radio scene air"),
    ),
    "priority": (
        ("high", "lock locked alarm smoke gas water leak night leaves heating boiler charger nobody"),
        ("medium", "door gate camera thermostat heat cool fan washing dishwasher vacuum all motion"),
    ),
}
KEYWORD_ELSE = {"category": "convenience", "priority": "low"}


@dataclass(frozen=True)
class Sentences:
    """The labelled sentences, in the order of the file.

    Attributes:
        labels: ``category`` and ``priority`` of each, int64 (n,), places in :data:`LABELS`.
        classes: int64 (n,), places in :data:`PAIRS`.
        families: what each says, however it says it; a family is trained on as a whole or held out as a whole.
        held_out: bool (n,).
    """

    texts: list[str]
    labels: dict[str, IntArray]
    classes: IntArray
    families: NDArray[np.str_]
    held_out: NDArray[np.bool_]
    sha256: str

    @property
    def held_out_texts(self) -> list[str]:
        """In the order of the file."""
        return [text for text, held in zip(self.texts, self.held_out, strict=True) if held]


def read_sentences(path: Path = SENTENCES) -> Sentences:
    """Raises ValueError on an unknown split, label or pair of labels."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not {row["split"] for row in rows} <= {"train", "held_out"}:
        raise ValueError("split must be train or held_out")
    return Sentences(
        texts=[row["sentence"] for row in rows],
        labels={name: np.array([known.index(row[name]) for row in rows], np.int64) for name, known in LABELS.items()},
        classes=np.array([PAIRS.index((row["category"], row["priority"])) for row in rows], np.int64),
        families=np.array([row["family"] for row in rows]),
        held_out=np.array([row["split"] == "held_out" for row in rows]),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def figures(name: str, probabilities: FloatArray, sentences: Sentences) -> Json:
    """How good answers to ``category`` or ``priority`` are on the held-out sentences.

    Args:
        probabilities: (held-out sentences, labels); a method that gives none has 1 for its answer.
    """
    held = sentences.held_out
    labels = sentences.labels[name][held]
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    own = np.array([OWN_WORDING.search(text) is not None for text in sentences.held_out_texts])
    found: Json = {
        "accuracy": round(float(right.mean()), 3),
        "accuracy_95": interval(right, sentences.families[held]),
        "accuracy_own_wording": round(float(right[own].mean()), 3),
        "macro_f1": round(macro_f1(labels, predicted, len(LABELS[name])), 3),
    }
    if ((probabilities > 0) & (probabilities < 1)).any():
        surprise = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
        found["log_loss"] = round(float(surprise), 3)
        found["mean_confidence"] = round(float(probabilities.max(axis=1).mean()), 3)
    return found


def baselines(name: str, sentences: Sentences) -> Json:
    """Figures of the keywords and of always giving the commonest label of the training sentences."""
    certain = np.eye(len(LABELS[name]))
    commonest = Counter(sentences.labels[name][~sentences.held_out].tolist()).most_common(1)[0][0]
    read = np.array([by_keywords(name, text) for text in sentences.held_out_texts], np.int64)
    return {
        "keywords": figures(name, certain[read], sentences),
        "commonest_label": figures(name, certain[np.full(len(read), commonest)], sentences),
    }


def by_keywords(name: str, text: str) -> int:
    """The keyword baseline's answer to ``category`` or ``priority``, a place in :data:`LABELS`."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    chosen = next((label for label, keys in KEYWORDS[name] if words & set(keys.split())), KEYWORD_ELSE[name])
    return LABELS[name].index(chosen)


def by_descriptions(sentences: Sentences, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> Json:
    """Figures of the nearest description for ``category``, as if the service had no head for these labels."""
    described = EmbeddingLabels.of(CATEGORIES, embed)
    return figures("category", described.probabilities(embed(sentences.held_out_texts)), sentences)


def by_flan_t5(sentences: Sentences, classifier: Classifier) -> dict[str, Json]:
    """Figures of the classifier by ``category`` and ``priority``."""
    answers = classifier.classify(sentences.held_out_texts)
    found = {}
    for name, known in LABELS.items():
        given = [getattr(answer, f"{name}_probabilities") for answer in answers]
        shares = np.array([[each[label] for label in known] for each in given], np.float64)
        found[name] = figures(name, shares, sentences)
    return found


def macro_f1(labels: IntArray, predicted: IntArray, count: int) -> float:
    """Mean of the labels' F1 scores; a label that is neither there nor predicted is left out."""
    scores = []
    for label in range(count):
        hits = int(((labels == label) & (predicted == label)).sum())
        seen = int((labels == label).sum()) + int((predicted == label).sum())
        if seen:
            scores.append(2 * hits / seen)
    return float(np.mean(scores))


def interval(right: NDArray[np.bool_], families: NDArray[np.str_]) -> list[float]:
    """95 % interval of the accuracy; whole families are drawn anew, since their sentences stand or fall together."""
    groups = [right[families == family] for family in sorted(set(families.tolist()))]
    hits, sizes = np.array([group.sum() for group in groups]), np.array([len(group) for group in groups])
    drawn = np.random.default_rng(1).integers(0, len(groups), (BOOTSTRAPS, len(groups)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), [0.025, 0.975])
    return [round(float(low), 3), round(float(high), 3)]


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--descriptions", action="store_true", help="measure the nearest description as well")
    parser.add_argument("--flan-t5", action="store_true", help="measure the service's flan-t5 as well")
    options = parser.parse_args()
    sentences = read_sentences()
    found = {name: baselines(name, sentences) for name in LABELS}
    # Whatever labels the service is set to, the sentences have these.
    models = ModelManager(load_settings(categories=",".join(CATEGORIES), priorities=",".join(PRIORITIES)))
    try:
        if options.descriptions:
            found["category"]["descriptions"] = by_descriptions(sentences, models.generate_embeddings)
        if options.flan_t5:
            for name, of in by_flan_t5(sentences, models.get_classifier_model()).items():
                found[name]["flan_t5"] = of
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
