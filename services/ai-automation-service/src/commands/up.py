"""``up``: from nothing to a served home: import, one run, its tables, then the API."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from src import __version__
from src.analysis.pipeline import DetectRequest, Pipeline
from src.analysis.provenance import fingerprint
from src.analysis.request import refuse_address
from src.box.temporary import temporary_files_below
from src.commands.demo import entities_beside, found_line, write_home
from src.commands.reading import by_size
from src.commands.serve import bind, serve_on
from src.commands.stored import every_pattern, open_store, span_of_run
from src.domain.instants import instant_now
from src.domain.patterns import Json
from src.domain.progress import Progress
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import DatabaseUnreachable, InvalidSetting, NotFound, ServiceError
from src.jobs.runner import Runner
from src.models.catalog.model_catalog import load_catalog
from src.models.model_manager import ModelManager
from src.models.prepare.cache import ModelCache
from src.routine_tables import home_line, left_out_line, made_by_line, patterns_table, shortlist_table
from src.settings import HISTORY_WORDS, Settings, load_settings
from src.simulation.demo import demo_home
from src.simulation.home import SimulatedHome
from src.store import Store
from src.terminal import Terminal

POLL = 0.05  # seconds between two looks at a run's progress
ROWS = 5  # of each shortlist that are shown; all are kept and served
STAMP = "shown.json"


class RunFailed(ServiceError):
    """What a run recorded as its end, raised where somebody waits for it; it keeps the code of its cause."""

    def __init__(self, error: Json) -> None:
        super().__init__(str(error["message"]), str(error["remedy"]))
        self.code = str(error["code"])


@dataclass(frozen=True)
class Source:
    """A history and the folder that keeps what was made of it.

    Homes do not mix: each history path has a folder, and in it a database, of its own.

    Attributes:
        demo: the made-up home with the truth about it, when no history was given.
    """

    file: Path
    entities: Path | None
    folder: Path
    time_zone: str | None
    demo: SimulatedHome | None = None

    @property
    def request(self) -> DetectRequest:
        """The run over it."""
        entities = str(self.entities) if self.entities else None
        return DetectRequest(history=str(self.file), entities=entities, time_zone=self.time_zone)


def choose_source(settings: Settings) -> Source:
    """HISTORY, or the demo home."""
    homes = settings.data_dir.absolute() / "homes"
    if not settings.history:
        home = demo_home()
        # A later version may bring another demo home; it must not be added to this one's events.
        file = homes / f"demo-{fingerprint(home.log)[:8]}" / "demo.csv"
        return Source(file, entities_beside(file), file.parent, home.log.time_zone, home)
    refuse_address("HISTORY", settings.history)
    if settings.history in HISTORY_WORDS:
        wanted = "the path of a file here; `python -m src.cli serve` reads the others, every night and on request"
        raise InvalidSetting("HISTORY", settings.history, wanted)
    file = Path(settings.history).absolute()
    beside = entities_beside(file)
    entities = Path(settings.history_entities).absolute() if settings.history_entities else None
    if entities is None and beside.is_file():
        entities = beside
    # A history read in another zone is another history: its wall-clock times are other instants.
    mark = hashlib.sha256(os.fsencode(file) + settings.tz.encode()).hexdigest()[:8]
    return Source(file, entities, homes / f"{file.name.partition('.')[0]}-{mark}", settings.tz or None)


def up(terminal: Terminal, *, once: bool) -> None:
    """Show the routines of HISTORY or of the demo home, then serve them until stopped.

    A second call with nothing new shows the stored results and loads no model.

    Raises:
        ServiceError: the models' catalog, the history, the address, the database or the run.
    """
    settings = load_settings()
    load_catalog(settings)  # a mistake in it is told before any work
    temporary_files_below(settings.data_dir)
    with nullcontext() if once else bind(settings.host, settings.port) as held:
        _up(settings, held, terminal)


def _up(settings: Settings, held: socket.socket | None, terminal: Terminal) -> None:
    source = choose_source(settings)
    if source.demo is None:
        source.request.check()  # before a folder is made for a path that leads nowhere
    if settings.database_url:
        terminal.warn("DATABASE_URL is for `serve`; here each home has a database of its own in DATA_DIR.")
    try:
        source.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnreachable(str(source.folder), str(error)) from error
    if source.demo is not None and not source.file.exists():
        write_home(source.demo, source.file)
    settings = load_settings(
        data_dir=source.folder,
        database_url="",
        history=str(source.file),
        history_entities=str(source.entities or ""),
        tz=source.time_zone or "",
    )
    store = open_store(settings)
    try:
        run = _current_run(store, source, settings)
        if run is None:
            run = _import_and_detect(store, source, settings, terminal)
            for warning in run.inputs["warnings"]:
                terminal.warn(str(warning))
        else:
            terminal.say("Nothing new in the history since the last run: these are its results.")
        _show(store, run, source, terminal)
    finally:
        store.close()
    if held is not None:
        serve_on(held, settings, terminal)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What a run was made from; the same again needs no other run.

    Attributes:
        files: path, bytes and modification time (ns) of what was read.
        models: roles whose model is here; once one more is, the results can be better.
    """

    version: str
    time_zone: str | None
    files: list[list[str | int]]
    models: list[str]
    run: str = ""


def _stamp(source: Source, settings: Settings) -> _Stamp:
    # A database that is being written shows its news in the write-ahead log first.
    paths = [source.file, source.file.with_name(source.file.name + "-wal"), source.entities]
    files: list[list[str | int]] = []
    for path in paths:
        if path is not None and path.is_file():
            state = path.stat()
            files.append([str(path), state.st_size, state.st_mtime_ns])
    return _Stamp(__version__, source.time_zone, files, _models_here(settings))


def _models_here(settings: Settings) -> list[str]:
    cache = ModelCache(settings.models_dir)
    return [
        card.name for card in load_catalog(settings).values() if cache.peek(card.name, card.key(settings.quantization))
    ]


def _current_run(store: Store, source: Source, settings: Settings) -> Run | None:
    """The newest successful run, when all is what it was then."""
    try:
        kept = json.loads((source.folder / STAMP).read_text("utf-8"))
        if kept != asdict(replace(_stamp(source, settings), run=kept["run"])):
            return None
        if store.runs.get(kept["run"]).state is not RunState.SUCCEEDED:
            return None
    except (OSError, ValueError, KeyError, TypeError, NotFound):
        return None  # no stamp, half a stamp, or another database: make it anew
    return store.runs.get(kept["run"])


def _import_and_detect(store: Store, source: Source, settings: Settings, terminal: Terminal) -> Run:
    # Taken before the file is read: what is written to it meanwhile is news for the next time.
    stamp = _stamp(source, settings)
    with terminal.progress() as progress:
        run = _detect(store, source.request, settings, progress)
    stamp = replace(stamp, run=run.id, models=_models_here(settings))
    partial = source.folder / f"{STAMP}.partial"
    partial.write_text(json.dumps(asdict(stamp)), "utf-8")
    partial.replace(source.folder / STAMP)
    return run


def _detect(store: Store, request: DetectRequest, settings: Settings, progress: Progress) -> Run:
    """One run, however a killed one left the store.

    Raises:
        InputError, RunInProgress: before the run. RunFailed: what the run ended with.
    """
    models = ModelManager(settings)
    pipeline = Pipeline(store, models, settings, clock=instant_now, budget=models.budget)
    runner = Runner(store, pipeline, clock=instant_now)
    try:
        runner.recover()
        run = runner.submit(request, trigger=RunTrigger.CLI).run
        while run.state is RunState.RUNNING:
            run = runner.wait(run.id, POLL)
            at = runner.progress(run.id)
            if at is not None:
                progress(at.stage, at.done, at.total, at.unit)
    finally:
        runner.close(timeout=2.0)
    if run.error is not None:
        raise RunFailed(run.error)
    return run


def _show(store: Store, run: Run, source: Source, terminal: Terminal) -> None:
    patterns = every_pattern(store)
    terminal.show(
        home_line(int(run.inputs["events"]), int(run.inputs["entities"]), span_of_run(run)),
        left_out_line(by_size(run.left_out)),
        patterns_table(patterns),
        *(shortlist_table(shortlist, ROWS) for shortlist in store.runs.shortlists(run.id) if patterns),
        made_by_line(run.versions),
    )
    if source.demo is not None:
        terminal.show(found_line(source.demo, patterns))
