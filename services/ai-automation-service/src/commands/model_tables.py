"""Models as JSON and as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from src.commands.model_choice import deployments_of
from src.domain.patterns import Json
from src.models.catalog.model_catalog import ModelCard
from src.models.prepare.cache import ModelCache
from src.models.prepare.upkeep import kept
from src.settings import Settings

if TYPE_CHECKING:
    from src.commands.models_fetch import Fetched


def cards_json(cards: Iterable[ModelCard], settings: Settings) -> dict[str, Json]:
    """By name: which model it is and whether it is here, at the precision of the settings."""
    cache = ModelCache(settings.models_dir)
    return {card.name: _card_json(card, cache, settings) for card in cards}


def _card_json(card: ModelCard, cache: ModelCache, settings: Settings) -> Json:
    manifest = cache.peek(card.name, card.key(settings.quantization))
    return {
        "role": card.role.value,
        "model": card.identifier(settings.quantization),
        "state": "absent" if manifest is None else "present",
        "source": None if manifest is None else manifest["source"],
        "megabytes": None if manifest is None else _megabytes(manifest),
        "licence": card.licence,
        "deployments": deployments_of(card),
    }


def models_table(models: Mapping[str, Json]) -> RenderableType:
    """Which models are here."""
    table = _table("Name")
    table.add_column("For", overflow="fold", max_width=14)
    table.add_column("Model", overflow="fold")
    table.add_column("State", no_wrap=True)
    table.add_column("From", overflow="fold", max_width=25)
    table.add_column("MB", justify="right", no_wrap=True)
    for name, model in models.items():
        size = "" if model["megabytes"] is None else f"{model['megabytes']:.0f}"
        # Each profile has all of the one before it.
        profile = f", {model['deployments'][0]}" if model["deployments"] else ""
        above = " and up" if len(model["deployments"]) > 1 else ""
        model_id = model["model"].partition("@")[0]
        table.add_row(name, f"{model['role']}{profile}{above}", model_id, model["state"], model["source"] or "", size)
    return table


def fetched_table(fetched: Sequence[Fetched]) -> RenderableType:
    """What was fetched, and how long it took."""
    table = _table("Name", "Precision", "From")
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("Seconds", justify="right", no_wrap=True)
    for each in fetched:
        told = each.to_json()
        if told["ready"]:
            size, seconds = f"{told['bytes'] / 1e6:.1f}", f"{told['seconds']:.1f}"
            table.add_row(told["name"], told["precision"], told["source"], size, seconds)
    return table


def info_json(card: ModelCard, settings: Settings) -> Json:
    """What the catalog says of a model, its manifest at the precision of the settings, and which entries are kept."""
    cache = ModelCache(settings.models_dir)
    manifest = cache.peek(card.name, card.key(settings.quantization))
    return {
        **asdict(card),
        "sources": [source.name for source in card.sources],
        "other_forms": [source.name for source in card.other_forms],
        "state": "absent" if manifest is None else "present",
        "manifest": manifest,
        "kept": [str(folder) for folder in kept(cache, card.name)],
    }


def info_table(info: Json) -> RenderableType:
    """The same for people: a row a fact, then the files with their hashes."""
    manifest = info["manifest"]
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    stated = {name: value for name, value in info.items() if name not in ("manifest",)}
    made = (
        {} if manifest is None else {name: value for name, value in manifest.items() if name not in ("outputs", *info)}
    )
    for name, value in {**stated, **made}.items():
        if value not in (None, "", [], ()):
            facts.add_row(name.replace("_", " "), Text(_said(value)))
    if manifest is None:
        return facts
    files = _table("File", "sha256")
    files.add_column("MB", justify="right", no_wrap=True)
    for name, described in manifest["outputs"].items():
        files.add_row(name, described["sha256"], f"{described['bytes'] / 1e6:.1f}")
    return Group(facts, Text(), files)


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(_said(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _megabytes(manifest: Json) -> float:
    return round(sum(int(output["bytes"]) for output in manifest["outputs"].values()) / 1e6, 1)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
