"""The one place that holds loaded models: a lazy, thread-safe singleton."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal, cast, overload

import numpy as np
from numpy.typing import NDArray

from src.box.budget import Budget
from src.box.memory import available_memory
from src.domain.patterns import Json
from src.errors import InvalidSetting, ModelBusy, ModelError, ModelUnavailable
from src.models.catalog.model_catalog import Catalog, ModelCard, ModelCatalog, Role, load_catalog
from src.models.download.board import DownloadBoard
from src.models.infer.answers import Classification as Classification
from src.models.infer.answers import Ranked as Ranked
from src.models.infer.classifier import Classifier
from src.models.infer.embedding import EmbeddingModel
from src.models.infer.fallback_classifier import FallbackClassifier
from src.models.infer.linear_head import LinearHead
from src.models.infer.reranker import Reranker
from src.models.infer.runtime import Runtime
from src.models.infer.token_vectors import TokenVectors
from src.models.loader import Loaded, Loader, LoadRecord, Model, labels_for
from src.models.model_info import LastError, model_info
from src.models.prepare.acquire import Acquirer
from src.models.prepare.cache import Entry
from src.models.slot import RetryPolicy, Slot, Unloading
from src.models.unloading import Unloader
from src.observability import metrics
from src.settings import Settings, get_settings

logger = logging.getLogger(__name__)

_UNLOAD_PATIENCE = 5.0


class ModelManager:
    """Loads each model on the first call that needs it, once however many threads ask, and unloads it when idle.

    Models are named as the catalog names them; a :class:`Role` stands for the first model of that role. Every method
    that asks a model may raise ModelUnavailable, and ModelBusy when too many texts wait for it; ``classify`` falls back
    to the embedding model's vectors by itself and says so in ``made_by``; ``rerank`` does not fall back, its caller has
    the evidence.

    A load that failed is not tried again for a minute, then two, and so on up to half an hour; until then every call
    fails at once with what was wrong. :meth:`load` tries at once.

    Args:
        catalog: the models; None: those of the settings. Tests pass tiny ones.
        clock: seconds, monotonic; failed loads, unreachable hubs and idle models are timed by it.
        wall: seconds since the epoch; what people read is told by it.
        memory: bytes this process may have; None: unknown.
        budget: of memory, None: one of its own.

    Attributes:
        budget: what conversions and loads take their memory from. When there is too little in it, models are unloaded.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        catalog: Catalog | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        memory: Callable[[], int | None] = available_memory,
        budget: Budget | None = None,
    ) -> None:
        self._precision = settings.quantization
        self._clock = clock
        self._wall = wall
        cards = load_catalog(settings) if catalog is None else catalog
        self._catalog = cards if isinstance(cards, ModelCatalog) else ModelCatalog(cards.values())
        self.budget = budget or Budget()
        self._acquirer = Acquirer(settings, clock, budget=self.budget)
        self._runtime = Runtime(settings.inference_threads)
        self._loader = Loader(settings, self._acquirer, self._runtime, clock, self.budget)
        self._slots = {name: self._slot(card) for name, card in self._catalog.items()}
        metrics.expect_models(self._slots)
        self._records: dict[str, LoadRecord] = {}
        self._errors: dict[str, LastError] = {}
        self._labels = labels_for(self._catalog[Role.CLASSIFIER], settings.labels)
        self._fallback = Slot(self._load_fallback, clock, RetryPolicy(first=0.0))  # the embedding model's is kept
        self._unloader = Unloader(self._slots, settings.model_idle_unload, memory)
        self.budget.relieved_by(self._unloader.relieve)

    @property
    def embedding_id(self) -> str:
        """Names the embedding model with revision and precision without loading it; part of a vector's cache key.

        Before its files are here, the precision is the one that is wanted; then it is the one that is served.
        """
        return self.identifier(Role.EMBEDDING)

    @property
    def reranker_id(self) -> str:
        """As ``embedding_id``, for the reranker."""
        return self.identifier(Role.RERANKER)

    @property
    def downloads(self) -> DownloadBoard:
        """How far the fetching of models is."""
        return self._acquirer.board

    def identifier(self, name: str) -> str:
        """As ``embedding_id``, for any model of the catalog.

        Raises:
            UnknownModel: the catalog has none of that name.
        """
        card = self._card(name)
        manifest = self._acquirer.cache.peek(card.name, card.key(self._precision)) or {}
        return card.identifier(manifest.get("served", self._precision), manifest.get("revision"))

    def get_embedding_model(self) -> EmbeddingModel:
        """The embedding model, loaded. Held without a lease: see :meth:`use`."""
        return cast("EmbeddingModel", self._get(Role.EMBEDDING))

    def get_reranker_model(self) -> Reranker:
        """The reranker, loaded. Held without a lease: see :meth:`use`."""
        return cast("Reranker", self._get(Role.RERANKER))

    def get_classifier_model(self) -> Classifier:
        """The classifier itself, loaded; its fallback is only in :meth:`classify`. Held without a lease."""
        return cast("Classifier", self._get(Role.CLASSIFIER))

    @overload
    def use(self, name: Literal[Role.EMBEDDING]) -> AbstractContextManager[EmbeddingModel]: ...
    @overload
    def use(self, name: Literal[Role.RERANKER]) -> AbstractContextManager[Reranker]: ...
    @overload
    def use(self, name: Literal[Role.CLASSIFIER]) -> AbstractContextManager[Classifier]: ...
    @overload
    def use(self, name: str) -> AbstractContextManager[Model]: ...
    @contextmanager
    def use(self, name: str) -> Iterator[Any]:  # which model, the overloads tell
        """Lease a model, loaded if need be: it is not unloaded before the block ends.

            with manager.use(Role.EMBEDDING) as model:
                vectors = model.embed(texts)

        A model that was got without a lease keeps answering after an unload, but its memory is given back only when
        its last holder lets go of it.

        Raises:
            ModelUnavailable: no source has it, now or lately.
            UnknownModel: the catalog has none of that name.
        """
        card = self._card(name)
        try:
            with self._slots[card.name].use() as loaded:
                yield loaded.model
        except (ModelError, RuntimeError) as error:
            if not isinstance(error, ModelBusy):  # which is no fault of the model's
                self._errors[card.name] = LastError(self._wall(), str(error))
            raise

    def generate_embeddings(
        self, texts: Sequence[str], model: str | None = None, *, query: bool = False
    ) -> NDArray[np.float32]:
        """float32 (n, dimensions), rows of unit length. A text's vector does not depend on the other texts.

        Args:
            model: name of an embedding model; None: the one of the role, with 384 dimensions.
            query: the texts are questions; some models were taught to have these marked.

        Raises:
            UnknownModel: the catalog has none of that name.
            InvalidSetting: the model of that name makes no vectors.
        """
        card = self._card(model or Role.EMBEDDING)
        if card.role is not Role.EMBEDDING:
            known = ", ".join(other.name for other in self._catalog.of_role(Role.EMBEDDING))
            raise InvalidSetting("model", model, f"an embedding model: {known}")
        assert card.dimensions is not None
        if not texts:
            return np.empty((0, card.dimensions), np.float32)
        with self.use(card.name) as loaded:
            assert isinstance(loaded, EmbeddingModel)
            prefix = card.query_prefix if query else card.passage_prefix
            return loaded.embed([prefix + text for text in texts] if prefix else texts)

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The tokens of each text with the embedding model's vectors before pooling, for late interaction."""
        if not texts:
            return []
        with self.use(Role.EMBEDDING) as model:
            return model.token_vectors(texts)

    def rerank(self, query: str, candidates: Sequence[str], top_k: int = 10) -> list[Ranked]:
        """The ``top_k`` most relevant candidates, best first; of equals, the earlier one first.

        Raises:
            InvalidSetting: the query alone is longer than the model reads.
        """
        if not candidates:
            return []
        with self.use(Role.RERANKER) as model:
            scores = model.score(query, candidates)
        best = np.argsort(-scores, kind="stable")[: max(top_k, 0)]
        return [Ranked(int(index), float(scores[index])) for index in best]

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Category and priority of each text, in the order of the texts."""
        if not texts:
            return []
        try:
            with self.use(Role.CLASSIFIER) as model:
                return model.classify(texts)
        except ModelUnavailable as error:
            logger.debug("classifier_fallback why=%r", error.message)
            vectors = self.generate_embeddings(texts)  # first: that settles the model's revision
            return self._fallback.get().predict(vectors)

    def classify_pattern(self, text: str) -> Json:
        """``classify`` for one text, as JSON with ``category`` and ``priority``."""
        return self.classify([text])[0].to_json()

    def get_model_info(self) -> Json:
        """By name, for every model of the catalog: see :func:`src.models.model_info.model_info`. Loads nothing."""
        return {name: self._info(card) for name, card in self._catalog.items()}

    def waiting(self) -> dict[str, int]:
        """How many texts or pairs wait for each model that is loaded, by its name."""
        held = {name: slot.value for name, slot in self._slots.items()}
        return {name: loaded.model.waiting for name, loaded in held.items() if loaded is not None}

    def prepare(self, name: str) -> Entry:
        """Have a model's files in the cache, verified, without loading them (``scripts/download-models.py``).

        Raises:
            ModelUnavailable: lists what was tried and why it failed.
            UnknownModel: the catalog has none of that name.
        """
        return self._acquirer.acquire(self._card(name))

    def load(self, name: str) -> None:
        """Load a model now, however lately a load failed.

        Raises:
            ModelUnavailable: lists what was tried and why it failed.
            UnknownModel: the catalog has none of that name.
        """
        self._get(name, again=True)

    def unload(self, name: str, timeout: float = _UNLOAD_PATIENCE) -> Unloading:
        """Give a model's memory back, at the first moment in which nobody uses it. Nobody is made to wait for that.

        Args:
            timeout: seconds to wait for that moment; when it did not come, ``in_use``, and nothing has changed.

        Raises:
            UnknownModel: the catalog has none of that name.
        """
        return self._unloader.unload(self._card(name).name, timeout)

    def sweep(self) -> list[str]:
        """Unload what has not been used for MODEL_IDLE_UNLOAD seconds; the names. A thread calls it now and then."""
        return self._unloader.sweep()

    def warm_up(self, names: Iterable[str] | None = None) -> dict[str, ModelError]:
        """Load models, which has each answer one text, so that the first question need not wait.

        Args:
            names: None: the model of each role.

        Returns:
            those that failed, by name, with the reason.

        Raises:
            UnknownModel: the catalog has none of that name.
        """
        failed: dict[str, ModelError] = {}
        for card in [self._card(name) for name in (Role if names is None else names)]:
            try:
                self._get(card.name)
            except ModelError as error:
                failed[card.name] = error
        return failed

    def close(self) -> None:
        """Break off what is being fetched or converted, and stop unloading what is idle. Loaded models stay usable."""
        self._acquirer.close()
        self._unloader.stop()

    def _card(self, name: str) -> ModelCard:
        return self._catalog[name] if isinstance(name, Role) else self._catalog.by_name(name)

    def _slot(self, card: ModelCard) -> Slot[Loaded]:
        return Slot(lambda: self._load(card), self._clock)

    def _get(self, name: str, *, again: bool = False) -> Model:
        return self._slots[self._card(name).name].get(again=again).model

    def _load(self, card: ModelCard) -> Loaded:
        try:
            with metrics.loading(card.name):
                loaded = self._loader.load(card)
        except ModelUnavailable as error:
            self._errors[card.name] = LastError(self._wall(), str(error))
            raise
        self._records[card.name] = loaded.record
        self._unloader.watch()
        return loaded

    def _load_fallback(self) -> FallbackClassifier:
        head = LinearHead.load()
        embedding = self.embedding_id
        if head.reads(embedding):
            return FallbackClassifier(head, self._labels, self.generate_embeddings)
        logger.warning("linear_head_refused trained_on=%s embedding=%s", head.embedding, embedding)
        return FallbackClassifier(None, self._labels, self.generate_embeddings)

    def _info(self, card: ModelCard) -> Json:
        record = self._records.get(card.name)
        manifest = record.manifest if record else self._acquirer.cache.peek(card.name, card.key(self._precision))
        return model_info(
            card,
            self._precision,
            self._slots[card.name],
            manifest,
            record,
            self._errors.get(card.name),
            since_epoch=self._wall() - self._clock(),
        )


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
