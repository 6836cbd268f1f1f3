"""The process that ``models bench`` starts: ``python -m src.commands.models_measure NAME``.

Settings come as one JSON document on standard input, the figures go as one to standard output.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING

from src.box.memory import process_memory
from src.commands.model_choice import model_named
from src.domain.patterns import Json
from src.errors import ServiceError
from src.models.catalog.model_catalog import ModelCard
from src.models.infer.embedding import EmbeddingModel
from src.models.infer.reranker import Reranker
from src.models.infer.runtime import Runtime
from src.models.loader import Loader
from src.models.prepare.acquire import Acquirer
from src.settings import Settings, load_settings

if TYPE_CHECKING:
    from src.models.loader import Model

SIZES = (1, 32, 256)  # texts of one call
_SECONDS = 1.0  # for which each cell is repeated, after a first round that is not counted
_QUERY = "save energy at night"

Answer = Callable[[Sequence[str]], object]


def measure(card: ModelCard, settings: Settings, clock: Callable[[], float] = time.perf_counter) -> Json:
    """How long a model takes to load from the cache, how much memory the process has then, and its speed.

    Args:
        clock: seconds, monotonic.

    Returns:
        ``load_seconds``; ``memory_bytes``, resident after all has been measured; ``texts_per_second`` by length of the
        texts and texts of one call.

    Raises:
        ModelUnavailable: it could not be had.
    """
    loader = Loader(settings, Acquirer(settings), Runtime(settings.inference_threads), clock)
    started = clock()
    model = loader.load(card).model
    load_seconds = clock() - started
    answer = _answering(model)
    rates = {
        length: {str(size): rate(answer, texts(length, size), clock) for size in SIZES} for length in ("short", "long")
    }
    memory = process_memory()
    return {
        "name": card.name,
        "model": card.identifier(settings.quantization),
        "load_seconds": round(load_seconds, 3),
        "memory_bytes": memory and memory.resident,
        "texts_per_second": rates,
    }


def texts(length: str, count: int) -> list[str]:
    """Different sentences as the service sees them: about 12 tokens, or about 40."""
    short = [f"The light in room {number} turns on around {7 + number % 12:02}:10." for number in range(count)]
    if length == "short":
        return short
    tail = " when the front door opens after sunset and nobody has been at home for more than two hours, on most days"
    return [sentence.removesuffix(".") + tail + "." for sentence in short]


def rate(answer: Answer, batch: Sequence[str], clock: Callable[[], float]) -> float:
    """Texts a second: the median of rounds that last a second together."""
    answer(batch)
    seconds: list[float] = []
    while sum(seconds) < _SECONDS:
        started = clock()
        answer(batch)
        seconds.append(clock() - started)
    return round(len(batch) / median(seconds), 1)


def _answering(model: Model) -> Answer:
    if isinstance(model, EmbeddingModel):
        return model.embed
    if isinstance(model, Reranker):
        return lambda passages: model.score(_QUERY, passages)
    return model.classify


def main() -> int:
    """Ends with 1 and a sentence on standard error when it cannot be measured."""
    settings = load_settings(**json.loads(sys.stdin.read()))
    try:
        measured = measure(model_named(sys.argv[1], settings), settings)
    except ServiceError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"{json.dumps(measured)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
