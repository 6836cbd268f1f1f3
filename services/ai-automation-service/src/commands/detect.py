"""``detect``: the whole pipeline over one file, on a store of its own that is gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

from src.analysis.importing import import_history
from src.analysis.pipeline import DetectRequest, Pipeline
from src.box.temporary import temporary_files_below
from src.commands.reading import Reading, by_size
from src.commands.stored import every_pattern, run_json, span_of_run
from src.domain.instants import instant_now
from src.domain.patterns import Json
from src.domain.runs import RunTrigger
from src.history import read_history
from src.models.model_manager import ModelManager
from src.routine_tables import home_line, left_out_line, made_by_line, patterns_table, shortlist_table
from src.settings import load_settings
from src.store import Store
from src.terminal import Terminal


def detect_file(reading: Reading, terminal: Terminal, *, interest: str | None, top_k: int) -> None:
    """Print the routines of a file and the shortlists made of them; leave nothing behind.

    Raises:
        InputError: what is wrong with the file or the arguments. ModelError, StoreError.
    """
    reading.check()
    place = reading.place()
    settings = load_settings() if place is None else load_settings(latitude=place[0], longitude=place[1])
    temporary_files_below(settings.data_dir)
    time_zone = reading.time_zone or settings.tz or None
    source = DetectRequest(
        history=str(reading.file),
        entities=str(reading.entities) if reading.entities else None,
        interest=interest,
        top_k=top_k,
    )
    source.check()
    with tempfile.TemporaryDirectory(prefix="ai-automation-") as folder, terminal.progress() as progress:
        store = Store.open(f"sqlite:///{Path(folder) / 'detect.db'}")
        try:
            imported = import_history(
                store, source, time_zone=time_zone, read=read_history, progress=progress, now=instant_now()
            )
            # Bounds without an offset are on the home's clock, which is known only now.
            start, end = reading.bounds(store.events.time_zone() or "UTC")
            request = DetectRequest(
                start=start, end=end, time_zone=time_zone, kinds=reading.kinds, interest=interest, top_k=top_k
            )
            run = store.runs.start(trigger=RunTrigger.CLI, request=request.to_json(), now=instant_now())
            models = ModelManager(settings)
            pipeline = Pipeline(store, models, settings, clock=instant_now, budget=models.budget)
            run = pipeline.run(run, request, progress=progress)
            patterns = every_pattern(store)
            shortlists = store.runs.shortlists(run.id)
        finally:
            store.close()
    left_out = by_size(imported.skipped, run.left_out)
    warnings = [*imported.warnings, *run.inputs["warnings"]]
    value: Json = {
        "events": run.inputs["events"],
        "entities": run.inputs["entities"],
        "span": span_of_run(run),
        "patterns": [pattern.to_json() for pattern in patterns],
        "left_out": left_out,
        "warnings": warnings,
        "shortlists": [shortlist.to_json() for shortlist in shortlists],
        "made_by": {role: run.versions[role] for role in ("embedding", "reranker", "classifier")},
        "run": run_json(run),
    }
    for warning in warnings:
        terminal.warn(warning)
    terminal.result(
        value,
        home_line(value["events"], value["entities"], value["span"]),
        left_out_line(left_out),
        patterns_table(patterns),
        *(shortlist_table(shortlist) for shortlist in shortlists if patterns),
        made_by_line(value["made_by"]),
    )
