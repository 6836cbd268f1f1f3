"""A run has all night: it asks a busy model again. Who waits for an answer is told at once, and asks again himself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from src.errors import ModelBusy
from src.models.infer.token_vectors import TokenVectors
from src.models.model_manager import Classification, Ranked

logger = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST = 600.0  # seconds that a run waits for busy models, all its questions together
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


class Models(Protocol):
    """What the analysis asks of the :class:`~src.models.model_manager.ModelManager`; each may raise ModelError."""

    @property
    def embedding_id(self) -> str: ...

    @property
    def reranker_id(self) -> str: ...

    def generate_embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]: ...

    def rerank(self, query: str, candidates: Sequence[str], top_k: int = 10) -> list[Ranked]: ...

    def classify(self, texts: Sequence[str]) -> list[Classification]: ...


class PatientModels:
    """Models that are asked again, while they are busy, after as long as they say. For one run.

    Raises ModelBusy only once the run has waited its time.

    Args:
        pause: waits for some seconds; what it raises ends the work.
        longest: seconds.
    """

    def __init__(self, models: Models, pause: Callable[[float], None], longest: float = LONGEST) -> None:
        self._models = models
        self._pause = pause
        self._left = longest

    @property
    def embedding_id(self) -> str:
        return self._models.embedding_id

    @property
    def reranker_id(self) -> str:
        return self._models.reranker_id

    def generate_embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._ask(lambda: self._models.generate_embeddings(texts))

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        return self._ask(lambda: self._models.token_vectors(texts))

    def rerank(self, query: str, candidates: Sequence[str], top_k: int = 10) -> list[Ranked]:
        return self._ask(lambda: self._models.rerank(query, candidates, top_k))

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        return self._ask(lambda: self._models.classify(texts))

    def _ask(self, ask: Callable[[], T]) -> T:
        while True:
            try:
                return ask()
            except ModelBusy as error:
                seconds = min(max(error.seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)
                if seconds > self._left:
                    raise
                logger.info("model_busy", extra={"role": error.about, "seconds": seconds, "left": self._left})
            self._left -= seconds
            self._pause(seconds)
