"""``import``: a history file into the service's store."""

from __future__ import annotations

from pathlib import Path

from src.analysis.importing import import_history
from src.analysis.request import DetectRequest
from src.commands.reading import by_size
from src.commands.stored import open_store
from src.domain.instants import instant_now
from src.domain.patterns import Json
from src.history.source import read_in_parts
from src.routine_tables import left_out_line
from src.settings import load_settings
from src.terminal import Terminal


def import_file(file: Path, terminal: Terminal, *, time_zone: str | None, entities: Path | None) -> None:
    """Add a history file to the service's store and print how much of it was new.

    Raises:
        InputError: what is wrong with the file. StoreError.
    """
    settings = load_settings()
    request = DetectRequest(history=str(file), entities=str(entities) if entities else None, time_zone=time_zone)
    request.check()
    store = open_store(settings)
    try:
        with terminal.progress() as progress:
            imported = import_history(
                store,
                request,
                time_zone=time_zone or settings.tz or None,
                read=read_in_parts,
                progress=progress,
                now=instant_now(),
            )
    finally:
        store.close()
    for warning in imported.warnings:
        terminal.warn(warning)
    added, known = int(imported.inputs["added"]), int(imported.inputs.get("known", 0))
    skipped = by_size(imported.skipped)
    value: Json = {
        "source": imported.inputs["source"],
        "added": added,
        "known": known,
        "skipped": skipped,
        "warnings": list(imported.warnings),
    }
    terminal.result(value, f"{added:,} events added, {known:,} known already.", left_out_line(skipped))
