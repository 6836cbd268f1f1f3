"""``models``: which models are here, fetch them, check their files."""

from __future__ import annotations

from src.domain.patterns import Json
from src.errors import ModelError, ModelUnavailable
from src.models.acquire import Acquirer
from src.models.cache import Entry
from src.models.catalog import CATALOG, ModelCard
from src.routine_tables import models_table
from src.settings import Settings, load_settings
from src.terminal import Terminal


def run_models(action: str, terminal: Terminal, *, only: str | None) -> None:
    """List, download or verify.

    Raises:
        ModelError: one of them could not be had or is not what it should be, once all were tried.
    """
    settings = load_settings()
    cards = [card for card in CATALOG.values() if only in (None, str(card.role))]
    if action == "list":
        value = {str(card.role): _listed(card, settings) for card in cards}
    else:
        value = _each(action, cards, settings, terminal)
    terminal.result(value, models_table(value))


def _listed(card: ModelCard, settings: Settings) -> Json:
    manifest = Acquirer(settings).cache.peek(card.name, card.key(settings.quantization))
    return {
        "model": card.identifier(settings.quantization),
        "state": "absent" if manifest is None else "present",
        "source": None if manifest is None else manifest["source"],
        "megabytes": None if manifest is None else _megabytes(manifest),
        "licence": card.licence,
    }


def _each(action: str, cards: list[ModelCard], settings: Settings, terminal: Terminal) -> Json:
    acquirer = Acquirer(settings)
    value: Json = {}
    first: ModelError | None = None
    for card in cards:
        try:
            entry = acquirer.acquire(card) if action == "download" else _verified(acquirer, card, settings)
        except ModelError as error:
            terminal.say(f"{card.role}: {error.message}")
            first = first or error
        else:
            value[str(card.role)] = {**_listed(card, settings), "state": "verified"}
            terminal.say(f"{card.role}: {entry.folder}")
    if first is not None:
        raise first
    return value


def _verified(acquirer: Acquirer, card: ModelCard, settings: Settings) -> Entry:
    entry = acquirer.cache.find(card.name, card.key(settings.quantization))
    if entry is None:
        raise ModelUnavailable(card.role, [f"{acquirer.cache.root}: not downloaded yet"])
    return entry


def _megabytes(manifest: Json) -> float:
    return round(sum(int(output["bytes"]) for output in manifest["outputs"].values()) / 1e6, 1)
