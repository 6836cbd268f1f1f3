"""The pipeline: history in, a published run out.

look -> import -> load -> mine -> describe -> identify -> embed -> retrieve -> rerank -> classify -> publish
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

from src.analysis.actionable import suggestible
from src.analysis.classification import classify, labelled
from src.analysis.discovery import Clock, Discovery, Mine, Routines
from src.analysis.embedding import Vectors, embed
from src.analysis.home_view import Describe
from src.analysis.importing import ReadHistory
from src.analysis.interests import Interest, interests_for
from src.analysis.outcome import failure, made_by, stood_in
from src.analysis.patience import Models, PatientModels
from src.analysis.provenance import software_versions
from src.analysis.ranking import Retrieved, rerank, retrieve
from src.analysis.request import DetectRequest
from src.analysis.run_memory import room_for_runs
from src.analysis.sentences import worded
from src.analysis.stages import Stages
from src.box.budget import Budget
from src.domain.corrections import Correction, corrected
from src.domain.patterns import MadeBy, Pattern, Status
from src.domain.progress import Progress, silent
from src.domain.runs import Run, RunResult, Shortlist
from src.errors import ModelError, ServiceError
from src.history.source import read_in_parts
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from src.mining import mine
from src.models.model_manager import ModelManager
from src.settings import Settings
from src.store.store import Store

__all__ = ["Clock", "DetectRequest", "Mine", "Pipeline", "failure"]

logger = logging.getLogger(__name__)

# What a person has answered already is not suggested again.
_ANSWERED = (Status.REJECTED, Status.SNOOZED)


class Pipeline:
    """Joins store, miner and models. One call of :meth:`run` is one run record.

    Args:
        home_assistant, describe_home, read, mine: as :class:`~src.analysis.discovery.Discovery` takes them.
        wait: for an event, so many seconds at most; a run waits so for a model that is busy.
        budget: that the memory of a run is taken from, the models' own; None: one of its own.
    """

    def __init__(
        self,
        store: Store,
        models: ModelManager,
        settings: Settings,
        *,
        clock: Clock,
        home_assistant: Callable[[], HomeAssistant | None] | None = None,
        describe_home: Describe = describe_home,
        read: ReadHistory = read_in_parts,
        mine: Mine = mine,
        wait: Callable[[Event, float], object] = Event.wait,
        budget: Budget | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._settings = settings
        self._clock = clock
        self._wait = wait
        self._budget = budget or Budget()
        self._discovery = Discovery(
            store,
            settings,
            clock=clock,
            home_assistant=home_assistant,
            describe_home=describe_home,
            read=read,
            mine=mine,
        )

    def run(
        self, run: Run, request: DetectRequest, *, progress: Progress = silent, stopping: Event | None = None
    ) -> Run:
        """Execute a run that was already recorded with ``store.runs.start``, and publish or fail it.

        Whatever goes wrong after the start is recorded in the run before it is raised again.

        Args:
            stopping: once set, the run ends before its next stage, with its next word of progress, or while it waits
                for a model, as interrupted.

        Raises:
            ServiceError: what went wrong; the previous results stay in place.
        """
        stages = Stages(self._store, run.id, progress, stopping, self._wait)
        try:
            result = self._execute(request, stages, stages.report)
            with stages.stage("publish"):
                return self._store.runs.publish(run.id, result, now=self._clock())
        except BaseException as error:
            self._record(run, error)
            raise

    def _execute(self, request: DetectRequest, stages: Stages, progress: Progress) -> RunResult:
        request.check()
        with room_for_runs(self._budget, stages.check) as room:
            routines = self._discovery.find(request, stages, progress, room)
        return self._suggest(routines, request, stages, progress)

    def _suggest(self, routines: Routines, request: DetectRequest, stages: Stages, progress: Progress) -> RunResult:
        """Embedded, retrieved, reranked and classified."""
        models = PatientModels(self._models, stages.pause)
        found, mined = routines.found, routines.mined
        interests = interests_for(request.interest)
        corrections = self._corrections(found)
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
            replace(
                each,
                patterns=tuple(
                    corrected(labelled(pattern, labels), corrections.get(pattern.id)) for pattern in each.patterns
                ),
            )
            for each in ranked
        )
        kinds = Counter(str(each.kind) for each in found)
        # Each once: the classifier's stand-in asks for the embedding model too.
        errors = (vectors.missing, no_reranker, no_classifier)
        missing = {stood_in(error): error for error in errors if error is not None}
        for error in missing.values():
            logger.warning("model_missing", extra={"role": error.about, "code": error.code, "why": error.message})
        return RunResult(
            patterns=patterns,
            shortlists=shortlists,
            inputs={**routines.inputs, "warnings": [*routines.warnings, *missing]},
            versions={**software_versions(), **made_by(patterns, shortlists)},
            counts={
                "events": routines.inputs["events"],
                "entities": routines.inputs["entities"],
                "tested": sum(mined.tested.values()),
                **{f"tested_{kind}": tested for kind, tested in mined.tested.items()},
                "found": len(patterns),
                **{f"found_{kind}": kinds[kind] for kind in {**mined.tested, **kinds}},
                "muted": len(routines.muted),
                "embedded": vectors.embedded,
                "embedded_from_cache": vectors.cached,
                "retrieved": sum(len(each) for _, each in retrieved),
                "shortlisted": len(shortlisted),
                "classified": len(labels),
            },
            timings=dict(stages.timings),
            left_out=routines.left_out,
            whole=routines.whole,
            replaced=mined.replaced | routines.muted,
            whys=routines.whys,
            corrections=corrections,
        )

    def _corrections(self, found: Sequence[Pattern]) -> dict[str, Correction]:
        """What people set right about what was found, in the words of what it is now."""
        standing = self._store.patterns.corrections()
        info = self._store.entities.info() if standing else {}
        return {each.id: worded(standing[each.id], each, info) for each in found if each.id in standing}

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
            self._store.runs.fail(run.id, failure(run.id, error, self._settings.secrets), now=self._clock())
        except Exception:
            logger.exception("run_failure_not_recorded", extra={"run": run.id})
