"""The one place that holds loaded models: a lazy, thread-safe singleton."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from src.domain.patterns import Json
from src.errors import ModelError, ModelUnavailable
from src.models.acquire import Acquirer
from src.models.cache import Entry
from src.models.catalog import CATALOG, Catalog, ModelCard, Role
from src.models.embedding import EmbeddingModel
from src.models.reranker import Reranker
from src.models.runtime import Runtime
from src.models.single_flight import SingleFlight
from src.settings import Settings, get_settings

if TYPE_CHECKING:
    from src.models.classifier import Classifier
    from src.models.linear_head import LinearHead

logger = logging.getLogger(__name__)

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate after reranking.

    Attributes:
        index: its place in the candidates that were passed in.
        score: the cross-encoder's logit; higher is more relevant.
    """

    index: int
    score: float


@dataclass(frozen=True, slots=True)
class Classification:
    """What a sentence is about, and how much it matters.

    Attributes:
        category: ``energy`` | ``comfort`` | ``security`` | ``convenience``.
        priority: ``high`` | ``medium`` | ``low``.
        category_probabilities, priority_probabilities: sum to 1 each.
        made_by: the model or the declared fallback that gave the labels.
    """

    category: str
    priority: str
    category_probabilities: dict[str, float]
    priority_probabilities: dict[str, float]
    made_by: str

    def to_json(self) -> Json:
        return {
            "category": self.category,
            "priority": self.priority,
            "category_probabilities": self.category_probabilities,
            "priority_probabilities": self.priority_probabilities,
            "made_by": self.made_by,
        }


class ModelManager:
    """Loads each model on the first call that needs it, once however many threads ask.

    Every method may raise ModelUnavailable or ModelCorrupt of its own role; ``classify`` falls back to the
    linear head by itself and says so in ``made_by``; ``rerank`` does not fall back, its caller has the evidence.

    Args:
        catalog: the models; tests pass tiny ones.
        clock: seconds, monotonic; failed loads and unreachable hubs are remembered by it.
    """

    def __init__(
        self, settings: Settings, *, catalog: Catalog = CATALOG, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._precision = settings.quantization
        self._catalog = catalog
        self._acquirer = Acquirer(settings, clock)
        self._runtime = Runtime(settings.inference_threads)
        self._entries: dict[Role, Entry] = {}
        self._embedding = SingleFlight(lambda: self._load(Role.EMBEDDING, self._make_embedding), clock)
        self._reranker = SingleFlight(lambda: self._load(Role.RERANKER, self._make_reranker), clock)
        self._classifier = SingleFlight(lambda: self._load(Role.CLASSIFIER, self._make_classifier), clock)
        self._head = SingleFlight(_load_head, clock)

    @property
    def embedding_id(self) -> str:
        """Names the embedding model with revision and precision without loading it; part of a vector's cache key."""
        return self._identifier(Role.EMBEDDING)

    @property
    def reranker_id(self) -> str:
        """As ``embedding_id``, for the reranker."""
        return self._identifier(Role.RERANKER)

    def get_embedding_model(self) -> EmbeddingModel:
        """The embedding model, loaded."""
        return self._embedding.get()

    def get_reranker_model(self) -> Reranker:
        """The reranker, loaded."""
        return self._reranker.get()

    def get_classifier_model(self) -> Classifier:
        """The classifier itself, loaded; its fallback is only in :meth:`classify`."""
        return self._classifier.get()

    def generate_embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, 384), rows of unit length. A text's vector does not depend on the other texts."""
        return self.get_embedding_model().embed(texts)

    def rerank(self, query: str, candidates: Sequence[str], top_k: int = 10) -> list[Ranked]:
        """The ``top_k`` most relevant candidates, best first; of equals, the earlier one first.

        Raises:
            InvalidSetting: the query alone is longer than the model reads.
        """
        if not candidates:
            return []
        scores = self.get_reranker_model().score(query, candidates)
        best = np.argsort(-scores, kind="stable")[: max(top_k, 0)]
        return [Ranked(int(index), float(scores[index])) for index in best]

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Category and priority of each text, in the order of the texts."""
        if not texts:
            return []
        try:
            classifier = self.get_classifier_model()
        except ModelUnavailable as error:
            logger.debug("classifier_fallback why=%r", error.message)
            return self._head.get().predict(self.generate_embeddings(texts))
        return classifier.classify(texts)

    def classify_pattern(self, text: str) -> Json:
        """``classify`` for one text, as JSON with ``category`` and ``priority``."""
        return self.classify([text])[0].to_json()

    def get_model_info(self) -> Json:
        """State, source, revision, precision, size, load time and last error by role. Loads nothing."""
        return {role.value: self._info(role) for role in self._catalog}

    def prepare(self, role: Role) -> Entry:
        """Have a role's files in the cache, verified, without loading them (``scripts/download-models.py``).

        Raises:
            ModelUnavailable: lists what was tried and why it failed.
        """
        return self._acquirer.acquire(self._catalog[role])

    def _load(self, role: Role, make: Callable[[ModelCard, Entry], M]) -> M:
        card = self._catalog[role]
        entry = self._acquirer.acquire(card)
        try:
            model = make(card, entry)
        except (ModelError, RuntimeError, OSError) as error:
            raise ModelUnavailable(role, [f"cache entry {entry.folder.name}: {error}"]) from error
        self._entries[role] = entry
        logger.info("model_loaded role=%s source=%r", role, entry.manifest["source"])
        return model

    def _make_embedding(self, card: ModelCard, entry: Entry) -> EmbeddingModel:
        assert card.dimensions is not None
        return EmbeddingModel(entry.folder, self._runtime, max_tokens=card.max_tokens, dimensions=card.dimensions)

    def _make_reranker(self, card: ModelCard, entry: Entry) -> Reranker:
        return Reranker(entry.folder, self._runtime, max_tokens=card.max_tokens)

    def _make_classifier(self, card: ModelCard, entry: Entry) -> Classifier:
        from src.models.classifier import Classifier

        made_by = card.identifier(self._precision, entry.manifest["revision"])
        return Classifier(entry.folder, self._runtime, made_by=made_by, max_tokens=card.max_tokens)

    def _identifier(self, role: Role) -> str:
        card = self._catalog[role]
        manifest = self._acquirer.cache.peek(card.name, card.key(self._precision)) or {}
        return card.identifier(self._precision, manifest.get("revision"))

    def _info(self, role: Role) -> Json:
        card, slot = self._catalog[role], self._slot(role)
        entry = self._entries.get(role)
        manifest = entry.manifest if entry else self._acquirer.cache.peek(card.name, card.key(self._precision))
        failure = slot.failure
        outputs = manifest["outputs"].values() if manifest else ()
        return {
            "model": card.model,
            "state": "loaded" if slot.value is not None else "failed" if failure else "not_loaded",
            "source": manifest.get("source") if manifest else None,
            "revision": (manifest or {}).get("revision", card.revision),
            "precision": self._precision,
            "size_bytes": sum(int(output["bytes"]) for output in outputs) if manifest else None,
            "load_seconds": slot.seconds,
            "error": failure.message if failure else None,
            "licence": card.licence,
        }

    def _slot(self, role: Role) -> SingleFlight[EmbeddingModel] | SingleFlight[Reranker] | SingleFlight[Classifier]:
        if role is Role.EMBEDDING:
            return self._embedding
        return self._reranker if role is Role.RERANKER else self._classifier


def _load_head() -> LinearHead:
    from src.models.linear_head import LinearHead

    return LinearHead.load()


_manager: ModelManager | None = None
_manager_lock = threading.Lock()


def get_model_manager() -> ModelManager:
    """The process's manager, made from the process's settings on the first call."""
    global _manager
    if _manager is None:
        with _manager_lock:
            if _manager is None:
                _manager = ModelManager(get_settings())
    return _manager


def get_embedding_model() -> EmbeddingModel:
    """The process's embedding model, loaded."""
    return get_model_manager().get_embedding_model()


def get_reranker_model() -> Reranker:
    """The process's reranker, loaded."""
    return get_model_manager().get_reranker_model()


def get_classifier_model() -> Classifier:
    """The process's classifier, loaded."""
    return get_model_manager().get_classifier_model()
