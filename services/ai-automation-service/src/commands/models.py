"""``models``: which models are here, fetch them, check their files, and so on; one function an action."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from src.commands.model_choice import all_models, model_named, models_named, models_of_deployment, models_used
from src.commands.model_tables import cards_json, fetched_table, info_json, info_table, models_table
from src.commands.models_bench import bench_model, bench_table
from src.commands.models_fetch import Fetched, convert_again, fetch_models
from src.commands.models_remove import remove_model
from src.errors import ModelError, ModelUnavailable
from src.models.catalog.model_catalog import ModelCard
from src.models.prepare.cache import ModelCache
from src.settings import Settings, load_settings
from src.terminal import Terminal


def run_models(options: argparse.Namespace, terminal: Terminal) -> None:
    """Carry out ``options.action``.

    Raises:
        UnknownModel: a name that is not in the catalog.
        ModelError: a model could not be had or is not what it should be, once all were tried.
    """
    settings = load_settings()
    if options.action == "list":
        _list(_chosen(options, settings), settings, terminal)
    elif options.action == "download":
        _download(_chosen(options, settings), settings, terminal)
    elif options.action == "verify":
        _verify(_chosen(options, settings), settings, terminal)
    elif options.action == "remove":
        card = model_named(options.name, settings)
        remove_model(card, settings, terminal, downloads=options.downloads, sure=options.yes)
    elif options.action == "info":
        value = info_json(model_named(options.name, settings), settings)
        terminal.result(value, info_table(value))
    elif options.action == "convert":
        _convert(model_named(options.name, settings), options.precision, settings, terminal)
    else:
        measured = bench_model(model_named(options.name, settings), settings, terminal)
        terminal.result(measured, bench_table(measured))


def _chosen(options: argparse.Namespace, settings: Settings) -> Sequence[ModelCard]:
    if options.all:
        return list(all_models(settings).values())
    if options.deployment:
        return list(models_of_deployment(options.deployment, settings).values())
    return models_named(options.names, settings) or models_used(settings)


def _list(cards: Sequence[ModelCard], settings: Settings, terminal: Terminal) -> None:
    value = cards_json(cards, settings)
    terminal.result(value, models_table(value))


def _download(cards: Sequence[ModelCard], settings: Settings, terminal: Terminal) -> None:
    _result(fetch_models(cards, settings, terminal), terminal)


def _convert(card: ModelCard, precision: str | None, settings: Settings, terminal: Terminal) -> None:
    wanted = load_settings(quantization=precision) if precision else settings
    _result([convert_again(card, wanted, terminal)], terminal)


def _result(fetched: Sequence[Fetched], terminal: Terminal) -> None:
    """Those that are here; raises the error of the first that is not."""
    missing = next((each.error for each in fetched if each.error is not None), None)
    if missing is None or not terminal.as_json:  # with JSON, stdout is one document: the error's
        terminal.result({each.card.name: each.to_json() for each in fetched}, fetched_table(fetched))
    if missing is not None:
        raise missing


def _verify(cards: Sequence[ModelCard], settings: Settings, terminal: Terminal) -> None:
    cache = ModelCache(settings.models_dir)
    first: ModelError | None = None
    for card in cards:
        try:
            entry = cache.find(card.name, card.key(settings.quantization))
            if entry is None:
                raise ModelUnavailable(card.name, [f"{cache.root}: not downloaded yet"])
        except ModelError as error:
            terminal.say(f"{card.name}: {error.message}")
            first = first or error
        else:
            terminal.say(f"{card.name}: {entry.folder}")
    if first is not None:
        raise first
    value = cards_json(cards, settings)
    for model in value.values():
        model["state"] = "verified"
    terminal.result(value, models_table(value))
