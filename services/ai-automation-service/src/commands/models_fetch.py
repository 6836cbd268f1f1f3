"""``models download`` and ``models convert``: have models prepared, and show how far that is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from src.commands.model_progress import showing
from src.domain.patterns import Json
from src.errors import ModelError, ModelUnavailable
from src.models.catalog.model_catalog import ModelCard
from src.models.download.board import DownloadBoard
from src.models.prepare.acquire import Acquirer
from src.models.prepare.cache import Entry, ModelCache
from src.models.prepare.upkeep import replacing
from src.settings import Settings
from src.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one model.

    Attributes:
        entry: None when it could not be had; ``error`` says why then.
        seconds: it took.
    """

    card: ModelCard
    entry: Entry | None
    error: ModelError | None
    seconds: float

    def to_json(self) -> Json:
        """``ready``, ``tried`` when it is not, otherwise where it came from, its size and the seconds it took."""
        named: Json = {"name": self.card.name, "role": self.card.role.value, "ready": self.entry is not None}
        if self.entry is None:
            tried = self.error.tried if isinstance(self.error, ModelUnavailable) else [str(self.error)]
            return {**named, "tried": tried}
        manifest = self.entry.manifest
        return {
            **named,
            **{field: manifest[field] for field in ("model", "source", "revision", "precision")},
            "bytes": self.entry.size,
            "seconds": round(self.seconds, 1),
        }


def fetch_models(
    cards: Sequence[ModelCard],
    settings: Settings,
    terminal: Terminal,
    *,
    then: Callable[[Fetched], None] = lambda fetched: None,
) -> list[Fetched]:
    """Each model from the cache, else from the first of its sources that has it; one after another.

    Args:
        then: called with each as soon as it is known.
    """
    board = DownloadBoard()
    acquirer = Acquirer(settings, board=board)
    results = []
    for card in cards:
        with showing(board, terminal):
            results.append(_fetch(acquirer, card))
        then(results[-1])
    return results


def _fetch(acquirer: Acquirer, card: ModelCard) -> Fetched:
    started = time.perf_counter()
    try:
        entry = acquirer.acquire(card)
    except ModelError as error:
        return Fetched(card, None, error, time.perf_counter() - started)
    return Fetched(card, entry, None, time.perf_counter() - started)


def convert_again(card: ModelCard, settings: Settings, terminal: Terminal) -> Fetched:
    """Prepare a model anew, asking no hub. What was there before serves until then, and stays when that fails.

    Raises:
        ModelLocked: another process is preparing it.
    """
    cache = ModelCache(settings.models_dir)
    key = card.key(settings.quantization)
    with replacing(cache, card.name, key):
        (fetched,) = fetch_models([card], settings.model_copy(update={"hf_hub_offline": True}), terminal)
    return fetched
