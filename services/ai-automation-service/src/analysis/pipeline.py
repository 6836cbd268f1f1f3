"""The pipeline: history in, a published run out.

import -> load -> mine -> describe -> identify -> embed -> retrieve -> rerank -> classify -> publish
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Protocol

from src.analysis.actionable import suggestible
from src.analysis.classification import classify, labelled
from src.analysis.coverage import as_switched, covered
from src.analysis.embedding import Vectors, embed
from src.analysis.explanations import explained
from src.analysis.importing import ReadHistory, import_history
from src.analysis.interests import Interest, interests_for
from src.analysis.outcome import failure, made_by, stood_in
from src.analysis.patience import Models, PatientModels
from src.analysis.provenance import log_inputs, software_versions
from src.analysis.ranking import Retrieved, rerank, retrieve
from src.analysis.remarks import remarks
from src.analysis.request import DetectRequest
from src.analysis.sentences import describe
from src.analysis.stages import Stages
from src.domain.events import EventLog
from src.domain.identity import identify
from src.domain.local_time import DAY, isoformat
from src.domain.patterns import Json, Kind, MadeBy, Pattern, Status
from src.domain.position import placed
from src.domain.progress import Progress, silent
from src.domain.runs import Run, RunResult, Shortlist
from src.domain.whys import Why
from src.errors import InvalidSetting, ModelError, NoHistory, ServiceError
from src.history import read_history
from src.mining import Memory, MiningResult, mine
from src.models.model_manager import ModelManager
from src.settings import Settings
from src.store.store import Store

__all__ = ["Clock", "DetectRequest", "Mine", "Pipeline", "failure"]

logger = logging.getLogger(__name__)

Clock = Callable[[], int]  # µs since the epoch, UTC

# What a person has answered already is not suggested again.
_ANSWERED = (Status.REJECTED, Status.SNOOZED)


class Mine(Protocol):
    """The signature of :func:`src.mining.mine`."""

    def __call__(
        self,
        log: EventLog,
        *,
        kinds: Sequence[Kind] | None,
        known: Sequence[Pattern],
        memory: Memory,
        progress: Progress,
    ) -> MiningResult: ...


@dataclass(frozen=True)
class _Routines:
    """What a history holds, before any model has seen it; the log itself is gone, the models need its memory more."""

    found: tuple[Pattern, ...]
    mined: MiningResult
    whys: tuple[Why, ...]
    inputs: Json
    warnings: tuple[str, ...]
    left_out: dict[str, int]
    whole: bool


class Pipeline:
    """Joins store, miner and models. One call of :meth:`run` is one run record.

    Args:
        wait: for an event, so many seconds at most; a run waits so for a model that is busy.
    """

    def __init__(
        self,
        store: Store,
        models: ModelManager,
        settings: Settings,
        *,
        clock: Clock,
        read: ReadHistory = read_history,
        mine: Mine = mine,
        wait: Callable[[Event, float], object] = Event.wait,
    ) -> None:
        self._store = store
        self._models = models
        self._settings = settings
        self._clock = clock
        self._read = read
        self._mine = mine
        self._wait = wait
        self._memory = Memory()  # from night to night; runs do not overlap

    def run(
        self, run: Run, request: DetectRequest, *, progress: Progress = silent, stopping: Event | None = None
    ) -> Run:
        """Execute a run that was already recorded with ``store.runs.start``, and publish or fail it.

        Whatever goes wrong after the start is recorded in the run before it is raised again.

        Args:
            stopping: once set, the run ends before its next stage, or while it waits for a model, as interrupted.

        Raises:
            ServiceError: what went wrong; the previous results stay in place.
        """
        stages = Stages(self._store, run.id, progress, stopping, self._wait)
        try:
            result = self._execute(request, stages, progress)
            with stages.stage("publish"):
                return self._store.runs.publish(run.id, result, now=self._clock())
        except BaseException as error:
            self._record(run, error)
            raise

    def _execute(self, request: DetectRequest, stages: Stages, progress: Progress) -> RunResult:
        request.check()
        routines = self._find(request, stages, progress)
        return self._suggest(routines, request, stages, progress)

    def _find(self, request: DetectRequest, stages: Stages, progress: Progress) -> _Routines:
        """From the history to described routines with the ids they keep."""
        store = self._store
        time_zone = request.time_zone or self._settings.tz or None
        zone_before = self._settings.tz or store.events.time_zone()
        with stages.stage("import"):
            imported = import_history(
                store, request, time_zone=time_zone, read=self._read, progress=progress, now=self._clock() + DAY
            )
        with stages.stage("load"):
            log = self._load(request, time_zone)
            mined_from = log_inputs(log)
            ahead = self._dated_ahead(request)
        with stages.stage("mine"):
            # All kinds, whatever was asked for: which of two explanations of a habit stands needs both.
            stored = store.patterns.all()
            mined = self._mine(log, kinds=None, known=stored, memory=self._memory, progress=progress)
            wanted = [each for each in mined.patterns if request.kinds is None or each.kind in request.kinds]
        with stages.stage("describe"):
            described = [pattern.with_(sentence=describe(pattern, log.info)) for pattern in wanted]
            whys = explained(mined.whys, log.info)
            if imported.automations is not None:
                automations = as_switched(imported.automations, log)
                described = [each.with_(covered_by=covered(each, automations, log.info)) for each in described]
        with stages.stage("identify"):
            found = _continued(described, stored, automations_known=imported.automations is not None)
        same_zone = zone_before is None or request.time_zone in (None, zone_before)
        return _Routines(
            found=tuple(found),
            mined=mined,
            whys=whys,
            inputs={**imported.inputs, **mined_from},
            warnings=(*imported.warnings, *ahead, *remarks(mined)),
            left_out=dict(Counter(imported.skipped) + Counter(mined.left_out)),
            whole=same_zone and all(part is None for part in (request.kinds, request.start, request.end)),
        )

    def _suggest(self, routines: _Routines, request: DetectRequest, stages: Stages, progress: Progress) -> RunResult:
        """Embedded, retrieved, reranked and classified."""
        models = PatientModels(self._models, stages.pause)
        found, mined = routines.found, routines.mined
        interests = interests_for(request.interest)
        with stages.stage("embed"):
            texts = [pattern.sentence for pattern in found] + [interest.question for interest in interests]
            # Without a pattern there is nothing to compare a question with.
            vectors = (
                embed(self._store, models, texts, now=self._clock(), progress=progress, between=stages.check)
                if found
                else Vectors(None)
            )
        open_ones = suggestible([pattern for pattern in found if pattern.status not in _ANSWERED])
        with stages.stage("retrieve"):
            retrieved = [(interest, retrieve(interest.question, open_ones, vectors)) for interest in interests]
        with stages.stage("rerank"):
            ranked, no_reranker = self._rerank(retrieved, request.top_k, vectors, models, stages, progress)
        with stages.stage("classify"):
            shortlisted = {pattern.id for shortlist in ranked for pattern in shortlist.patterns}
            labels, no_classifier = classify(found, shortlisted, models)
        patterns = tuple(labelled(pattern.with_(made_by=MadeBy(embedding=vectors.model)), labels) for pattern in found)
        shortlists = tuple(
            replace(each, patterns=tuple(labelled(pattern, labels) for pattern in each.patterns)) for each in ranked
        )
        missing = [error for error in (vectors.missing, no_reranker, no_classifier) if error is not None]
        for error in missing:
            logger.warning("model_missing", extra={"role": error.about, "code": error.code, "why": error.message})
        return RunResult(
            patterns=patterns,
            shortlists=shortlists,
            inputs={**routines.inputs, "warnings": [*routines.warnings, *map(stood_in, missing)]},
            versions={**software_versions(), **made_by(patterns, shortlists)},
            counts={
                "events": routines.inputs["events"],
                "entities": routines.inputs["entities"],
                "tested": sum(mined.tested.values()),
                **{f"tested_{kind}": tested for kind, tested in mined.tested.items()},
                "found": len(patterns),
                "embedded": vectors.embedded,
                "embedded_from_cache": vectors.cached,
                "retrieved": sum(len(each) for _, each in retrieved),
                "shortlisted": len(shortlisted),
                "classified": len(labels),
            },
            timings=dict(stages.timings),
            left_out=routines.left_out,
            whole=routines.whole,
            replaced=mined.replaced,
            whys=routines.whys,
        )

    def _load(self, request: DetectRequest, time_zone: str | None) -> EventLog:
        """The events to mine: RETENTION_DAYS back from the newest, unless the request names a start.

        Raises:
            NoHistory: the store holds no events. InvalidSetting: none of them lie in the asked-for span.
        """
        span = self._store.events.span()
        if span is None:
            raise NoHistory
        # What a wrong clock dated into the future must not push the real history out of the days that are mined.
        tomorrow = self._clock() + DAY
        newest = min(span[1], tomorrow) if span[0] < tomorrow else span[1]
        if request.end is not None:
            newest = min(newest, request.end)
        start = newest - self._settings.retention_days * DAY if request.start is None else request.start
        log = self._store.events.load(start, min(newest + 1, request.end or newest + 1))
        if time_zone is not None:
            log = replace(log, time_zone=time_zone)
        log = placed(log, self._settings.position)
        if not len(log):
            first, last = (isoformat(instant, log.time_zone) for instant in span)
            wanted = f"a span that holds events; the history runs from {first} to {last}"
            asked = request.to_json()
            raise InvalidSetting("start and end", (asked["start"], asked["end"]), wanted)
        return log

    def _dated_ahead(self, request: DetectRequest) -> list[str]:
        span = self._store.events.span()
        tomorrow = self._clock() + DAY
        if span is None or not span[0] < tomorrow < span[1] or request.end is not None:
            return []
        return ["Some events are dated after tomorrow. They were left out: check the clock of what wrote them."]

    def _rerank(
        self,
        retrieved: Sequence[tuple[Interest, Sequence[Retrieved]]],
        top_k: int,
        vectors: Vectors,
        models: Models,
        stages: Stages,
        progress: Progress,
    ) -> tuple[list[Shortlist], ModelError | None]:
        shortlists: list[Shortlist] = []
        missing: ModelError | None = None
        for done, (interest, candidates) in enumerate(retrieved):
            stages.check()
            progress("rerank", done, len(retrieved), "interests")
            best, error = rerank(interest.question, candidates, models, top_k=top_k, embedding=vectors.model)
            missing = missing or error
            shortlists.append(Shortlist(interest.name, tuple(best)))
        return shortlists, missing

    def _record(self, run: Run, error: BaseException) -> None:
        """Mark the run failed. An error in doing so is logged and does not hide the first."""
        if isinstance(error, ServiceError) or not isinstance(error, Exception):
            logger.warning("run_failed", extra={"run": run.id, "code": failure(run.id, error)["code"]})
        else:
            logger.error("run_failed", extra={"run": run.id, "code": "internal"}, exc_info=error)
        try:
            self._store.runs.fail(run.id, failure(run.id, error), now=self._clock())
        except Exception:
            logger.exception("run_failure_not_recorded", extra={"run": run.id})


def _continued(described: Sequence[Pattern], stored: Sequence[Pattern], *, automations_known: bool) -> list[Pattern]:
    """The found patterns with the ids of the stored ones they continue, and what people said of those.

    Args:
        automations_known: whether this run could see the home's automations; else what an earlier one saw still holds.
    """
    before = {pattern.id: pattern for pattern in stored if pattern.status is not Status.STALE}
    found: list[Pattern] = []
    for pattern in identify(described, stored):
        old = before.get(pattern.id)
        if old is not None:
            known = pattern.covered_by if automations_known else old.covered_by
            pattern = pattern.with_(status=old.status, covered_by=known)
        found.append(pattern)
    return found
