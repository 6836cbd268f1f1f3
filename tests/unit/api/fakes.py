"""Small stand-ins for the parts below the API, in memory, that keep to those parts' contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, cast

from src.analysis.pipeline import DetectRequest
from src.api.services import Services
from src.domain.answers import Answer, Reason, Verdict
from src.domain.corrections import Correction
from src.domain.local_time import DAY
from src.domain.patterns import (
    Action,
    Evidence,
    Holdout,
    Json,
    Kind,
    MadeBy,
    Pattern,
    Scores,
    StateTrigger,
    Status,
    TimeTrigger,
)
from src.domain.runs import Run, RunState, RunTrigger, Shortlist
from src.domain.whys import Why
from src.errors import InvalidSetting, ModelUnavailable, NotFound, RunInProgress, ServiceError
from src.jobs.runner import RunProgress, Submitted
from src.models.download.board import DownloadBoard
from src.settings import Settings
from src.store.pages import Page

NOW = 1_760_752_800_000_000  # 2025-10-18T02:00:00Z
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def evidence(**changes: Any) -> Evidence:
    return replace(
        Evidence(
            hits=19,
            opportunities=22,
            rate=19 / 22,
            rate_low=0.667,
            rate_high=0.953,
            expected_rate=0.06,
            lift=14.4,
            p_value=1.2e-14,
            q_value=3.1e-12,
            holdout=Holdout(6, 7),
            spread_minutes=8.5,
            first_seen="2025-09-01T07:08:12+02:00",
            last_seen="2025-10-09T07:11:40+02:00",
        ),
        **changes,
    )


KITCHEN = Pattern(
    id="p_00000000000000a1",
    kind=Kind.TIME_OF_DAY,
    trigger=TimeTrigger("07:10:00", WORKDAYS),
    actions=(Action("light.kitchen", "on"),),
    evidence=evidence(),
    sentence="The kitchen light turns on around 07:10 on weekdays.",
    scores=Scores(0.61, 3.2, 1),
    category="comfort",
    priority="medium",
    made_by=MadeBy("embedder int8", "reranker int8", "classifier int8"),
)
HALL = Pattern(
    id="p_00000000000000b2",
    kind=Kind.CO_OCCURRENCE,
    trigger=StateTrigger("binary_sensor.front_door", "on", 12.5, 60.0),
    actions=(Action("light.hall", "on"),),
    evidence=evidence(hits=40, opportunities=50, rate=0.8, holdout=Holdout(11, 14)),
    sentence="The hall light turns on soon after the front door opens.",
)
GONE = replace(KITCHEN, id="p_00000000000000c3", sentence="The radio turns on around 08:00.", status=Status.STALE)


class FakePatterns:
    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.kept = {pattern.id: pattern for pattern in patterns}

    def get(self, pattern_id: str) -> Pattern:
        if pattern_id not in self.kept:
            raise NotFound("pattern", pattern_id)
        return self.kept[pattern_id]

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        kind: str | None = None,
        status: Sequence[Status] | None = None,
        category: str | None = None,
    ) -> Page[Pattern]:
        wanted = set(status) if status is not None else set(Status) - {Status.STALE}
        chosen = [
            pattern
            for pattern in self.kept.values()
            if pattern.status in wanted and kind in (None, pattern.kind) and category in (None, pattern.category)
        ]
        if cursor is not None and not cursor.isdecimal():
            raise InvalidSetting("cursor", cursor, "the next of a page that was listed before")
        begin = int(cursor or 0)
        following = str(begin + limit) if begin + limit < len(chosen) else None
        return Page(tuple(chosen[begin : begin + limit]), following)


class FakeAnnouncements:
    """Has nobody to announce to."""

    def start(self) -> None: ...

    def refresh(self) -> None: ...

    def close(self, timeout: float = 5.0) -> None: ...


class FakeTending:
    """Has nothing to look after."""

    def __init__(self) -> None:
        self.started = self.closed = False

    def start(self) -> None:
        self.started = True

    def close(self) -> None:
        self.closed = True


class FakeResuming(FakeTending):
    """Has nothing to do again."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


class FakeAnswers:
    """Keeps what it was told, and gives the pattern its status."""

    def __init__(self, patterns: FakePatterns) -> None:
        self._patterns = patterns
        self.given: list[Answer] = []

    def give(
        self,
        pattern_id: str,
        verdict: Verdict,
        *,
        reasons: Sequence[Reason] = (),
        note: str = "",
        days: int | None = None,
        correction: Correction | None = None,
    ) -> Pattern:
        form = self._patterns.get(pattern_id)
        until = None if days is None else NOW + days * DAY
        self.given.append(Answer(pattern_id, verdict, NOW, form, tuple(reasons), note, until, correction))
        if verdict.status is not None:
            self._patterns.kept[pattern_id] = replace(form, status=verdict.status)
        return self._patterns.get(pattern_id)

    def history(self, pattern_id: str) -> list[Answer]:
        self._patterns.get(pattern_id)
        return [answer for answer in self.given if answer.pattern_id == pattern_id]


class FakeRuns:
    def __init__(self) -> None:
        self.kept: dict[str, Run] = {}
        self.published: dict[str, list[Shortlist]] = {}
        self.reasons: dict[str, list[Why]] = {}

    def get(self, run_id: str) -> Run:
        if run_id not in self.kept:
            raise NotFound("run", run_id)
        return self.kept[run_id]

    def page(self, *, limit: int = 20, cursor: str | None = None) -> Page[Run]:
        return Page(tuple(reversed(self.kept.values()))[:limit], None)

    def latest_success(self) -> Run | None:
        return next((run for run in reversed(self.kept.values()) if run.state is RunState.SUCCEEDED), None)

    def resumed_by(self, stopped: Run) -> Run | None:
        first = stopped.resumes or stopped.id
        later = [run for run in self.kept.values() if run.resumes == first and run.id != stopped.id]
        return later[-1] if later else None

    def shortlists(self, run_id: str) -> list[Shortlist]:
        return self.published.get(run_id, [])

    def whys(self, run_id: str) -> list[Why]:
        return self.reasons.get(run_id, [])


@dataclass
class FakeEvents:
    zone: str | None = None
    empty: bool = False

    def time_zone(self) -> str | None:
        return self.zone

    def span(self) -> tuple[int, int] | None:
        return None if self.empty else (NOW, NOW)


@dataclass
class FakeStore:
    patterns: FakePatterns
    runs: FakeRuns = field(default_factory=FakeRuns)
    events: FakeEvents = field(default_factory=FakeEvents)
    broken: ServiceError | None = None
    closed: bool = False

    def check(self) -> None:
        if self.broken is not None:
            raise self.broken

    def close(self) -> None:
        self.closed = True


class FakeRunner:
    """Begins runs; the test ends them with :meth:`finish`."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self.requests: list[DetectRequest] = []
        self.ended: dict[str, Event] = {}
        self.outcome: Run | None = None
        self.raises: ServiceError | None = None
        self.recovered = self.stopped = self.closed = False

    def recover(self) -> list[Run]:
        self.recovered = True
        return []

    def submit(
        self, request: DetectRequest, *, trigger: RunTrigger, night: str | None = None, resumes: str | None = None
    ) -> Submitted:
        if self.raises is not None:
            raise self.raises
        running = [run for run in self._store.runs.kept.values() if run.state is RunState.RUNNING]
        if running:
            if request == self.requests[-1]:
                return Submitted(running[0], joined=True)
            raise RunInProgress(running[0].id)
        self.requests.append(request)
        run = Run(
            id=f"r_{len(self.requests):016x}",
            state=RunState.RUNNING,
            trigger=trigger,
            created_at=NOW,
            night=night,
            resumes=resumes,
            stage="mine",
            request={"top_k": request.top_k},
        )
        self._store.runs.kept[run.id] = run
        self.ended[run.id] = Event()
        return Submitted(run, joined=False)

    def finish(
        self, run_id: str, *shortlists: Shortlist, error: Json | None = None, versions: Json | None = None
    ) -> None:
        state = RunState.SUCCEEDED if error is None else RunState.FAILED
        run = self._store.runs.get(run_id)
        self._store.runs.published[run_id] = list(shortlists)
        self._store.runs.kept[run_id] = replace(
            run,
            versions=versions or {},
            state=state,
            finished_at=NOW + 5_000_000,
            stage="publish",
            counts={"found": 2},
            error=error,
        )
        self.ended[run_id].set()

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        self.ended[run_id].wait(timeout)
        return self._store.runs.get(run_id)

    def progress(self, run_id: str) -> RunProgress | None:
        return RunProgress("mine", 3, 10, "entities") if run_id in self.ended else None

    def stop(self) -> None:
        self.stopped = True

    def close(self, timeout: float = 10.0) -> None:
        self.closed = True


@dataclass
class FakeNightly:
    next_run: datetime | None = field(default_factory=lambda: datetime.fromisoformat("2025-10-19T03:00:00+02:00"))
    started: bool = False
    stopped: bool = False
    closed: bool = False

    def start(self) -> None:
        self.started = True

    def stop(self) -> None:
        self.stopped = True

    def close(self) -> None:
        self.closed = True


class FakeModels:
    """Three models that were never used; what ``missing`` names cannot be had."""

    def __init__(self) -> None:
        self.downloads = DownloadBoard()
        self.states = dict.fromkeys(("embedding", "reranker", "classifier"), "not_loaded")
        self.missing: dict[str, list[str]] = {}
        self.loads: list[str] = []
        self.closed = False
        self.in_use: set[str] = set()
        self.may_load = Event()
        self.may_load.set()

    def get_model_info(self) -> Json:
        return {
            name: {
                "name": name,
                "role": name,
                "model": f"tiny/{name}",
                "state": state,
                "source": None,
                "revision": None,
                "precision": "int8",
                "size_bytes": None,
                "load_seconds": None,
                "memory_bytes": None,
                "anonymous_bytes": None,
                "parity": None,
                "in_use": 0,
                "last_used": None,
                "error": None,
                "retry_at": None,
                "last_error": None,
                "licence": "MIT",
            }
            for name, state in self.states.items()
        }

    def waiting(self) -> dict[str, int]:
        return {}

    def load(self, name: str) -> None:
        self.loads.append(name)
        self.may_load.wait()
        if name in self.missing:
            raise ModelUnavailable(name, self.missing[name])
        self.states[name] = "loaded"

    def unload(self, name: str) -> str:
        if name in self.in_use:
            return "in_use"
        self.states[name] = "unloaded"
        return "unloaded"

    def close(self) -> None:
        self.closed = True


@dataclass
class World:
    """The fakes of one test, and the Services made of them."""

    store: FakeStore
    runner: FakeRunner
    nightly: FakeNightly
    models: FakeModels
    answers: FakeAnswers
    services: Services


def world(folder: Path, *patterns: Pattern, **settings: Any) -> World:
    """A service over some patterns, with its folders in ``folder``."""
    kept = FakePatterns(patterns)
    store, answers = FakeStore(kept), FakeAnswers(kept)
    runner, nightly, models = FakeRunner(store), FakeNightly(), FakeModels()
    services = Services(
        settings=Settings(data_dir=folder / "data", models_dir=folder / "models", **settings),
        store=cast(Any, store),
        models=cast(Any, models),
        answers=cast(Any, answers),
        runner=cast(Any, runner),
        nightly=cast(Any, nightly),
        resuming=cast(Any, FakeResuming()),
        announcements=cast(Any, FakeAnnouncements()),
        live=None,
        clock=lambda: NOW,
        deployments=cast(Any, None),
        tending=cast(Any, FakeTending()),
    )
    return World(store, runner, nightly, models, answers, services)
