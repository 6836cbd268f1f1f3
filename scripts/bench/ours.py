"""The service's own models, asked as the service asks them: text in, answer out, through the ModelManager."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scripts.bench.engines import ROOT

_SERVICE = "services/ai-automation-service"


class Ours:
    """A ModelManager whose settings come from the environment, but for folders, threads and hub.

    Args:
        root: the checkout whose service is measured.
        home: holds the models of random weights, and the catalog that names them.
        models: where the service keeps its own forms of them.
    """

    def __init__(self, root: Path, home: Path, models: str, threads: int) -> None:
        sys.path.insert(0, str(root / _SERVICE))
        from src.models.model_manager import ModelManager
        from src.settings import load_settings

        catalog = home / "catalog.toml"
        settings = load_settings(
            models_dir=home / models,
            model_catalog=str(catalog) if catalog.exists() else "",
            inference_threads=threads,
            hf_hub_offline=True,
        )
        self._models = ModelManager(settings)

    def embed(self, texts: list[str]) -> object:
        """float32 (texts, 384)."""
        return self._models.generate_embeddings(texts)

    def rerank(self, query: str, passages: list[str]) -> object:
        """All passages, best first."""
        return self._models.rerank(query, passages, top_k=len(passages))

    def classify(self, texts: list[str], _: int) -> object:
        """One classification a text, by the classifier and not by what replaces it; its prompts are its own."""
        return self._models.get_classifier_model().classify(texts)


def ours(home: Path, threads: int) -> Ours:
    """The service of this checkout."""
    return Ours(ROOT, home, "models", threads)


def before(home: Path, threads: int) -> Ours:
    """The service of the checkout that ``BENCH_BEFORE`` names."""
    return Ours(Path(os.environ["BENCH_BEFORE"]).absolute(), home, "models-before", threads)
