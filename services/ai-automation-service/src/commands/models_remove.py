"""``models remove``: free the space a model takes."""

from __future__ import annotations

import shutil
import sys

from src.domain.patterns import Json
from src.errors import InputError
from src.models.catalog.model_catalog import HubSource, ModelCard
from src.models.download.hub import downloads_folder
from src.models.download.hub_layout import HubLayout
from src.models.prepare.cache import ModelCache
from src.models.prepare.upkeep import kept, remove_entries, size_of
from src.settings import Settings
from src.terminal import Terminal


class NotSure(InputError):
    """Nobody is there to be asked."""

    code = "not_sure"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Removing {name} needs a yes, and there is no terminal to ask at.", "Give --yes as well.", about=name
        )


def remove_model(card: ModelCard, settings: Settings, terminal: Terminal, *, downloads: bool, sure: bool) -> None:
    """Remove a model's entries, and with ``downloads`` what was fetched for them, once a person agrees.

    Raises:
        NotSure: there is nobody to ask.
        ModelLocked: another process is preparing the model.
    """
    cache = ModelCache(settings.models_dir)
    folders = kept(cache, card.name)
    repositories = []
    if downloads:
        fetched = downloads_folder(settings.models_dir)
        names = dict.fromkeys(source.repository for source in card.sources if isinstance(source, HubSource))
        repositories = [HubLayout(fetched, name).root for name in names]
    there = [folder for folder in (*folders, *repositories) if folder.is_dir()]
    size = sum(size_of(folder) for folder in there)
    if there and not (sure or _agreed(card.name, size, terminal)):
        terminal.say("Nothing was removed.")
        there, size = [], 0
    elif there:
        remove_entries(cache, card.name)
        for folder in repositories:
            shutil.rmtree(folder, ignore_errors=True)
    removed: Json = {"name": card.name, "removed": [str(folder) for folder in there], "bytes": size}
    lines = [f"Removed {folder}" for folder in there] or [f"There is nothing of {card.name} to remove."]
    terminal.result(removed, *lines, f"{size / 1e6:.1f} MB freed.")


def _agreed(name: str, size: int, terminal: Terminal) -> bool:
    if not sys.stdin.isatty():
        raise NotSure(name)
    terminal.err.print(
        f"Remove {size / 1e6:.1f} MB of {name}? It is fetched or made again when it is needed. [y/N] ", end=""
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")
