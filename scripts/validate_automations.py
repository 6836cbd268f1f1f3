"""Home Assistant's own verdict on automations, without a server: run by a Python that has Home Assistant.

    VENV/bin/python scripts/validate_automations.py FILE...

A file is YAML (one automation or a list) or, by its name, JSON Lines: each line an automation, or
``{"automation": {...}, "blueprint": "..."}`` with the blueprint that the automation uses, at the path that it names.
Every invalid one is told, a line each, with Home Assistant's reason. The exit status is 1 if there is one.

Calls what a server calls on ``POST /api/config/automation/config/<id>``: it checks how things are written, not whether
the entities and services are there. Works from 2024.3 to 2026.11.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What automations are validated against. Not every version has each.
_REGISTRIES = ("area", "category", "device", "entity", "floor", "issue", "label")
_SET_UP = ("condition", "trigger")


def _part(name: str) -> Any:
    """A module of Home Assistant; None if this version has none of that name."""
    try:
        return importlib.import_module(f"homeassistant.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"homeassistant.{name}":
            raise
        return None


async def _called(function: Any, *arguments: object) -> None:
    """Calls what is a coroutine in some versions and a plain function in others."""
    result = function(*arguments)
    if inspect.isawaitable(result):
        await result


async def bare_home_assistant(folder: Path) -> Any:
    """A Home Assistant object without integrations, enough to validate with."""
    hass = _part("core").HomeAssistant(str(folder))
    await _called(_part("loader").async_setup, hass)
    hass.config_entries = _part("config_entries").ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()  # the registries of newer versions wait for it
    for name in _REGISTRIES:
        registry = _part(f"helpers.{name}_registry")
        if registry is not None:
            if hasattr(registry, "async_setup"):
                await _called(registry.async_setup, hass)
            await _called(registry.async_load, hass)
    for name in _SET_UP:
        helper = _part(f"helpers.{name}")
        if hasattr(helper, "async_setup"):
            await _called(helper.async_setup, hass)
    return hass


async def verdict(hass: Any, automation: dict[str, Any]) -> str | None:
    """Why Home Assistant would refuse an automation; None if it takes it."""
    validate = _part("components.automation.config").async_validate_config_item
    try:
        await validate(hass, str(automation.get("id", "none")), dict(automation))
    except Exception as error:  # Whatever it raises is its answer.
        return f"{type(error).__name__}: {error}"
    return None


def automations_of(file: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """The automations of a file; blueprints that come with them are put where Home Assistant looks for them."""
    if file.suffix != ".jsonl":
        document = _part("util.yaml").load_yaml(str(file))
        yield from document if isinstance(document, list) else [document]
        return
    for line in file.read_text("utf-8").splitlines():
        entry = json.loads(line)
        automation = entry.get("automation", entry)
        if "blueprint" in entry:
            path = folder / "blueprints" / "automation" / automation["use_blueprint"]["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(entry["blueprint"], "utf-8")
        yield automation


async def _main(files: list[Path]) -> int:
    valid = invalid = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hass = await bare_home_assistant(folder)
        for file in files:
            for automation in automations_of(file, folder):
                why = await verdict(hass, automation)
                valid, invalid = valid + (why is None), invalid + (why is not None)
                if why is not None:
                    print(json.dumps({"id": automation.get("id"), "alias": automation.get("alias"), "why": why}))
        await hass.async_stop(force=True)
    print(f"Home Assistant {_part('const').__version__}: {valid} valid, {invalid} invalid")
    return int(invalid > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(_main([Path(name) for name in sys.argv[1:]])))
