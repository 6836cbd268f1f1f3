"""From a card of the catalog to a model that answers, with a record of what that took."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from src.box.budget import Budget, TooLittleMemory
from src.box.memory import ProcessMemory, process_memory
from src.domain.labels import DEFAULT_LABELS, Labels
from src.domain.patterns import Json
from src.errors import ModelError, ModelUnavailable
from src.models.catalog.model_catalog import ModelCard, Role
from src.models.infer.arm_products import on_arm
from src.models.infer.classifier import Classifier
from src.models.infer.embedding import EmbeddingModel
from src.models.infer.reranker import Reranker
from src.models.infer.runtime import Runtime
from src.models.prepare.acquire import Acquirer
from src.models.prepare.cache import Entry
from src.settings import Settings

Model = EmbeddingModel | Reranker | Classifier

logger = logging.getLogger(__name__)

# Bytes that setting a model up takes at its peak: by the engine itself, and for each byte of its files.
_ENGINE, _SPREAD = 60 << 20, 1.6
# On arm64 weights that alone are rounded are unpacked to float32, but for embedding tables: of flan-t5-small's bytes
# four fifths, of an encoder's less.
_SPREAD_UNPACKED = 4.0
_PATIENCE = 30.0  # seconds that a load waits for memory


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """What a load took.

    Attributes:
        manifest: of the cache entry.
        size: bytes of its files.
        seconds: fetching and preparing included.
        memory_bytes: by which the process's resident memory grew while the model was set up and answered one text, file
            pages included; what other threads did meanwhile is in it. None where the system does not tell.
        anonymous_bytes: of it what is no file page.
    """

    manifest: Json
    size: int
    seconds: float
    memory_bytes: int | None
    anonymous_bytes: int | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model and the record of its load."""

    model: Model
    record: LoadRecord


class Loader:
    """Loads models for one process. Threads may load different ones at once.

    Files are fetched side by side, but only one model at a time is set up: each takes all processors, and the memory
    it takes can be told.

    Args:
        clock: seconds, monotonic.
        budget: that the models' memory is taken from; None: one of its own.
    """

    def __init__(
        self,
        settings: Settings,
        acquirer: Acquirer,
        runtime: Runtime,
        clock: Callable[[], float],
        budget: Budget | None = None,
    ) -> None:
        self._precision = settings.quantization
        self._waiting = settings.model_queue
        self._labels = settings.labels
        self._acquirer = acquirer
        self._runtime = runtime
        self._clock = clock
        self._budget = budget or Budget()
        self._one = threading.Lock()

    def load(self, card: ModelCard) -> Loaded:
        """The model of a card, which has answered one text.

        Raises:
            ModelUnavailable: no source has it, or what they have cannot be set up, does not fit into memory or does not
                run.
        """
        started = self._clock()
        entry = self._acquirer.acquire(card)
        try:
            needed = memory_to_load(entry.size, entry.manifest.get("served", self._precision))
            with self._budget.hold(f"the model {card.name}", [needed], patience=_PATIENCE) as claim, self._one:
                self._runtime.start()
                before = process_memory()
                model = self._make(card, entry)
                _ask_once(model)
                resident, anonymous = _growth(before, process_memory())
                claim.stays = max(0, anonymous or 0)
        except (ModelError, RuntimeError, OSError, MemoryError, TooLittleMemory) as error:
            raise ModelUnavailable(card.name, [f"cache entry {entry.folder.name}: {error}"]) from error
        seconds = self._clock() - started
        logger.info("model_loaded name=%s source=%r seconds=%.2f", card.name, entry.manifest["source"], seconds)
        return Loaded(model, LoadRecord(entry.manifest, entry.size, seconds, resident, anonymous))

    def _make(self, card: ModelCard, entry: Entry) -> Model:
        if card.role is Role.EMBEDDING:
            assert card.dimensions is not None
            return EmbeddingModel(
                entry.folder,
                self._runtime,
                max_tokens=card.max_tokens,
                dimensions=card.dimensions,
                waiting=self._waiting,
                name=card.name,
            )
        if card.role is Role.RERANKER:
            return Reranker(
                entry.folder, self._runtime, max_tokens=card.max_tokens, waiting=self._waiting, name=card.name
            )
        return Classifier(
            entry.folder,
            self._runtime,
            made_by=card.identifier(entry.manifest.get("served", self._precision), entry.manifest["revision"]),
            labels=labels_for(card, self._labels),
            max_tokens=card.max_tokens,
            waiting=self._waiting,
            name=card.name,
        )


def memory_to_load(size: int, served: str) -> int:
    """Bytes that setting up a model takes at its peak.

    Args:
        size: of its files.
        served: the precision that they have.
    """
    unpacked = served == "int8_weights" and on_arm()
    return _ENGINE + int((_SPREAD_UNPACKED if unpacked else _SPREAD) * size)


def _ask_once(model: Model) -> None:
    """The engine lays out the weights when they are first used: only then the model is really in memory, and runs."""
    text = "The kitchen light turns on around 07:10 on weekdays."
    if isinstance(model, EmbeddingModel):
        model.embed([text])
    elif isinstance(model, Reranker):
        model.score("save energy", [text])
    else:
        model.classify([text])


def labels_for(card: ModelCard, asked: Labels) -> Labels:
    """What a classifier tells apart: what the settings ask for; where that is the default, what its card says."""
    return card.labels or asked if asked == DEFAULT_LABELS else asked


def _growth(before: ProcessMemory | None, after: ProcessMemory | None) -> tuple[int | None, int | None]:
    if before is None or after is None:
        return None, None
    return after.resident - before.resident, after.anonymous - before.anonymous
