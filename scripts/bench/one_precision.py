"""One model at one precision in a process of its own: how long it takes to load, its memory, its speed, its answers.

    python -m scripts.bench.one_precision NAME PRECISION SECONDS ANSWERS

Figures go to standard output as one line of JSON; what the model answers to the fixed sentences is saved as ANSWERS
(``.npz``). Conversion happens before anything is measured.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.bench.engines import ROOT
from scripts.bench.texts import QUERY, texts
from scripts.bench.worker import Json, memory_mb, repeated

sys.path.insert(0, str(ROOT / "services" / "ai-automation-service"))

from src.models.catalog.model_catalog import Role, load_catalog
from src.models.model_manager import ModelManager
from src.settings import load_settings

SENTENCES = ROOT / "services/ai-automation-service/src/models/data/parity_sentences.txt"
_QUERIES = (
    QUERY,
    "What happens when somebody comes home?",
    "Which routines save energy?",
    "water",
    "When does the train leave?",
)
_PASSAGES = 100


class _Measured:
    """The model, asked by its role.

    Args:
        name: of the catalog.
    """

    def __init__(self, name: str, precision: str) -> None:
        settings = load_settings(quantization=precision)
        self.card = load_catalog(settings).by_name(name)
        self.models = ModelManager(settings)

    def speeds(self, seconds: float) -> Json:
        """Items a second: texts of an embedding model, else of a hundred passages."""
        if self.card.role is Role.EMBEDDING:
            cells = {
                f"{kind} x{size}": texts(kind, size, "speed") for kind in ("short", "long") for size in (1, 32, 256)
            }
        else:
            cells = {f"{_PASSAGES} passages": texts("passage", _PASSAGES, "speed")}
        return {cell: self._speed(given, seconds) for cell, given in cells.items()}

    def answers(self) -> dict[str, NDArray[np.float32]]:
        """Vectors (texts, width); logits (queries, passages); or probabilities (texts, labels) by question."""
        sentences = SENTENCES.read_text("utf-8").splitlines()
        if self.card.role is Role.EMBEDDING:
            return {"vectors": self.models.generate_embeddings(sentences, self.card.name)}
        if self.card.role is Role.RERANKER:
            with self.models.use(self.card.name) as reranker:
                scores = [reranker.score(query, sentences[:_PASSAGES]) for query in _QUERIES]  # type: ignore[union-attr]
            return {"scores": np.stack(scores)}
        with self.models.use(self.card.name) as classifier:
            found = classifier.classify(sentences)  # type: ignore[union-attr]
        return {
            "categories": np.array([list(each.category_probabilities.values()) for each in found], np.float32),
            "priorities": np.array([list(each.priority_probabilities.values()) for each in found], np.float32),
        }

    def _speed(self, given: list[str], seconds: float) -> float:
        self._ask(given)
        rate: float = repeated(lambda _: self._ask(given), len(given), seconds)["rate"]
        return round(rate, 1)

    def _ask(self, given: list[str]) -> object:
        if self.card.role is Role.EMBEDDING:
            return self.models.generate_embeddings(given, self.card.name)
        with self.models.use(self.card.name) as model:
            if self.card.role is Role.RERANKER:
                return model.score(QUERY, given)  # type: ignore[union-attr]
            return model.classify(given)  # type: ignore[union-attr]


def main() -> None:
    """Measure what the arguments say."""
    name, precision, seconds, target = sys.argv[1], sys.argv[2], float(sys.argv[3]), Path(sys.argv[4])
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    measured = _Measured(name, precision)
    entry = measured.models.prepare(measured.card.name)
    before = memory_mb()
    start = time.perf_counter()
    measured.models.load(measured.card.name)
    figures: Json = {
        "precision": precision,
        "size_mb": round(entry.size / 1e6, 1),
        "load_seconds": round(time.perf_counter() - start, 2),
        "source": entry.manifest["source"],
    }
    loaded = memory_mb()
    if "resident_mb" in loaded:
        figures["memory_mb"] = loaded["resident_mb"] - before["resident_mb"]
    np.savez(target, **measured.answers())  # type: ignore[arg-type]  # numpy's stub takes no mapping of arrays
    figures |= {"speeds": measured.speeds(seconds), "process_peak_mb": memory_mb()["peak_mb"]}
    print(json.dumps(figures), file=answer)


if __name__ == "__main__":
    main()
