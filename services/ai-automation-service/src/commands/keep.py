"""``import``: a history into the service's store."""

from __future__ import annotations

from pathlib import Path

from src.analysis.home_view import client_of, look
from src.analysis.importing import import_source
from src.analysis.request import DetectRequest
from src.analysis.sources import Reading, source_of
from src.commands.reading import by_size
from src.commands.stored import open_store
from src.domain.instants import instant_now
from src.domain.patterns import Json
from src.history.source import read_in_parts
from src.routine_tables import left_out_line
from src.settings import HISTORY_WORDS, load_settings
from src.terminal import Terminal


def import_file(file: Path, terminal: Terminal, *, time_zone: str | None, entities: Path | None) -> None:
    """Add a history to the service's store and print how much of it was new.

    Args:
        file: a path, or a word of HISTORY for a source that the settings know.

    Raises:
        InputError: what is wrong with the file, or the source is not set. HomeAssistantError. StoreError.
    """
    settings = load_settings()
    request = DetectRequest(history=str(file), entities=str(entities) if entities else None, time_zone=time_zone)
    request.check()
    store = open_store(settings)
    try:
        with terminal.progress() as progress:
            ha = client_of(settings) if request.history in HISTORY_WORDS else None
            reading = Reading(settings, ha, look(ha, store), read_in_parts, progress, instant_now())
            source = source_of(request, reading)
            assert source is not None, "a path or a word was given"
            zone = time_zone or settings.tz or None
            imported = import_source(store, source, time_zone=zone, progress=progress, now=reading.now)
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
