"""Trains the linear head from the labelled sentences and measures it on families of routines it has not seen.

    python scripts/train_linear_head.py            writes src/models/data/linear_head.json and shows the figures
    python scripts/train_linear_head.py --check    trains, and fails if that file would change

Embeds with the service's own embedding model in float32, so that the head does not change with the way INT8 is done;
the figures are of the INT8 vectors that are served. The same sentences give the same head: nothing is drawn at random
but the intervals' bootstrap, which has a fixed seed. Takes seconds with OPENBLAS_NUM_THREADS=1, which suits such small
matrices; on a busy machine several threads wait for each other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize, minimize_scalar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "services" / "ai-automation-service"))

from scripts.measure_classifier import (
    LABELS,
    PAIRS,
    FloatArray,
    IntArray,
    Sentences,
    baselines,
    figures,
    macro_f1,
    read_sentences,
)
from src.domain.patterns import Json
from src.models.infer.linear_head import WEIGHTS, LinearHead
from src.models.model_manager import ModelManager
from src.settings import load_settings

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)  # C: the inverse of the penalty on the weights
FOLDS = 5
SAME = 0.01  # two heads whose probabilities differ by less are the same


def fit(vectors: FloatArray, classes: IntArray, strength: float) -> tuple[FloatArray, FloatArray]:
    """Weights (pairs, dimensions) and intercepts (pairs,) of the penalised maximum likelihood.

    Minimises ``strength * sum of the losses + |weights|² / 2``; intercepts are not penalised.
    """
    count = len(PAIRS)
    wide = np.column_stack([vectors, np.ones(len(vectors))])
    wanted = np.eye(count)[classes]

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        matrix = flat.reshape(count, -1)
        logs = log_softmax(wide @ matrix.T)
        penalised = matrix.copy()
        penalised[:, -1] = 0.0
        gradient = strength * (np.exp(logs) - wanted).T @ wide + penalised
        return float(-strength * (wanted * logs).sum() + (penalised**2).sum() / 2), gradient.ravel()

    start = np.zeros(count * wide.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-10, "gtol": 1e-6})
    matrix = found.x.reshape(count, -1)
    return matrix[:, :-1], matrix[:, -1]


@dataclass(frozen=True)
class Recipe:
    """How to train: chosen from the training sentences alone.

    Attributes:
        strength: the one whose predictions of families left out of the training have the best macro-F1, averaged over
            category and priority (the weakest of equals).
        temperature: divides the logits so that the same left-out predictions are as likely as can be.
        accuracy: of these predictions, by ``category`` and ``priority``.
    """

    strength: float
    temperature: float
    accuracy: dict[str, float]

    def weights(self, vectors: FloatArray, classes: IntArray) -> tuple[FloatArray, FloatArray]:
        """Weights and intercepts of the calibrated regression."""
        weights, intercepts = fit(vectors, classes, self.strength)
        return weights / self.temperature, intercepts / self.temperature


def choose(sentences: Sentences, vectors: FloatArray) -> Recipe:
    """The recipe, by cross-validation over the families of the training sentences."""
    seen = ~sentences.held_out
    vectors, classes, families = vectors[seen], sentences.classes[seen], sentences.families[seen]
    labels = {name: of_all[seen] for name, of_all in sentences.labels.items()}
    order = sorted(set(families.tolist()), key=lambda family: hashlib.sha256(family.encode()).digest())
    fold = np.array([order.index(family) % FOLDS for family in families])

    def left_out(strength: float) -> FloatArray:
        logits = np.empty((len(vectors), len(PAIRS)))
        for number in range(FOLDS):
            weights, intercepts = fit(vectors[fold != number], classes[fold != number], strength)
            logits[fold == number] = vectors[fold == number] @ weights.T + intercepts
        return logits

    tried = {strength: left_out(strength) for strength in STRENGTHS}

    def answers(strength: float, name: str) -> IntArray:
        return np.asarray(summed(np.exp(log_softmax(tried[strength])), name).argmax(axis=1), np.int64)

    def quality(strength: float) -> tuple[float, float]:
        scores = [macro_f1(labels[name], answers(strength, name), len(known)) for name, known in LABELS.items()]
        return float(np.mean(scores)), -strength

    best = max(STRENGTHS, key=quality)

    def surprise(log_temperature: float) -> float:
        return log_loss(classes, log_softmax(tried[best] / np.exp(log_temperature)))

    return Recipe(
        strength=best,
        temperature=float(np.exp(minimize_scalar(surprise, bounds=(-3.0, 3.0), method="bounded").x)),
        accuracy={name: round(float((answers(best, name) == labels[name]).mean()), 3) for name in LABELS},
    )


def summed(probabilities: FloatArray, name: str) -> FloatArray:
    """Probabilities of the pairs (n, pairs) to those of ``category`` or ``priority`` (n, labels)."""
    place = list(LABELS).index(name)
    belongs = np.array([[float(pair[place] == label) for label in LABELS[name]] for pair in PAIRS])
    return np.asarray(probabilities @ belongs, np.float64)


def log_softmax(logits: FloatArray) -> FloatArray:
    """Log-probabilities of the rows of (n, classes)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float64)


def log_loss(labels: IntArray, logs: FloatArray) -> float:
    """Mean surprise at the labels, natural logarithm."""
    return float(-logs[np.arange(len(labels)), labels].mean())


def make_head(sentences: Sentences, vectors: FloatArray, served: FloatArray, embedding: str) -> LinearHead:
    """The head, trained on all sentences, with the figures of one that was trained on the training sentences only.

    Args:
        vectors: float64 (n, dimensions), of all sentences, to train on.
        served: the same as the service makes them, to measure on.
        embedding: id of the model that made them.
    """
    held = sentences.held_out
    recipe = choose(sentences, vectors)
    measured = LinearHead(
        PAIRS, *recipe.weights(vectors[~held], sentences.classes[~held]), embedding, {}, sentences.sha256
    )
    shares = measured.probabilities(served[held])
    found: Json = {
        "train": {"sentences": int((~held).sum()), "families": len(set(sentences.families[~held].tolist()))},
        "held_out": {"sentences": int(held.sum()), "families": len(set(sentences.families[held].tolist()))},
        "cross_validation": {"folds": FOLDS, "strength": recipe.strength, "accuracy": recipe.accuracy},
        **{
            name: {"linear_head": figures(name, summed(shares, name), sentences), **baselines(name, sentences)}
            for name in LABELS
        },
    }
    weights, intercepts = recipe.weights(vectors, sentences.classes)
    return LinearHead(PAIRS, weights, intercepts, embedding, found, sentences.sha256)


def as_text(head: LinearHead) -> str:
    """The content of ``linear_head.json``: a line for each part, and for each row of weights."""
    value = head.to_json()
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value.pop("weights"))
    lines = [f"{json.dumps(key)}: {json.dumps(part)}" for key, part in value.items()]
    return "{\n" + ",\n".join(lines) + f',\n"weights": [\n{rows}\n]\n}}\n'


def main() -> int:
    """Train, show the figures, and write or check the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file would change")
    check = parser.parse_args().check
    sentences = read_sentences()
    exact = ModelManager(load_settings(quantization="fp32"))
    vectors, served = (
        models.generate_embeddings(sentences.texts).astype(np.float64)
        for models in (exact, ModelManager(load_settings(quantization="int8")))
    )
    head = make_head(sentences, vectors, served, exact.embedding_id.removesuffix(":fp32"))
    print(json.dumps(head.figures, indent=2))
    if not check:
        WEIGHTS.write_text(as_text(head), "utf-8")
        return 0
    there = LinearHead.load()
    same = there.data_sha256 == head.data_sha256 and there.pairs == head.pairs
    # Not to the byte: another processor rounds the sums differently.
    same = same and float(np.abs(there.probabilities(vectors) - head.probabilities(vectors)).max()) < SAME
    print(f"{WEIGHTS.name} is {'up to date' if same else 'not what these sentences give'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
