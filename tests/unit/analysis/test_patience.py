"""A run that meets a busy model waits, within bounds, and does not take it for a missing one."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event
from typing import Any, cast

import pytest

from src.analysis.patience import LONGEST, PatientModels
from src.analysis.pipeline import DetectRequest, Pipeline
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import ModelBusy, ModelUnavailable, RunInterrupted
from src.models.model_manager import ModelManager
from src.settings import load_settings
from src.store import Store
from tests.unit.analysis.worlds import Clockwork, CountingModels, Found, Source, after, at

METHODS = ("generate_embeddings", "token_vectors", "rerank", "classify")


class BusyModels(CountingModels):
    """Models of which some answer that they are busy, so many times."""

    def __init__(self, *, busy: dict[str, int], seconds: float = 5.0, without: Sequence[str] = ()) -> None:
        super().__init__(without=without)
        self.busy = dict(busy)
        self.seconds = seconds
        self.asked = dict.fromkeys(METHODS, 0)

    def _meet(self, method: str) -> None:
        self.asked[method] += 1
        if self.busy.get(method, 0):
            self.busy[method] -= 1
            raise ModelBusy(method, 4096, self.seconds)

    def generate_embeddings(self, texts: Sequence[str]) -> Any:
        self._meet("generate_embeddings")
        return super().generate_embeddings(texts)

    def token_vectors(self, texts: Sequence[str]) -> Any:
        self._meet("token_vectors")
        return super().token_vectors(texts)

    def rerank(self, query: str, candidates: Sequence[str], top_k: int = 10) -> Any:
        self._meet("rerank")
        return super().rerank(query, candidates, top_k)

    def classify(self, texts: Sequence[str]) -> Any:
        self._meet("classify")
        return super().classify(texts)


def ask(models: PatientModels, method: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {"rerank": ("door", ["the door opens"])}
    getattr(models, method)(*arguments.get(method, (["the door opens"],)))


@pytest.mark.parametrize("method", METHODS)
def test_a_busy_model_is_asked_again_when_it_said(method: str) -> None:
    pauses: list[float] = []
    models = BusyModels(busy={method: 2})
    ask(PatientModels(models, pauses.append), method)
    assert pauses == [5.0, 5.0]
    assert models.asked[method] == 3


@pytest.mark.parametrize(("said", "waited"), [(0.01, 1.0), (7.5, 7.5), (3600.0, 30.0)])
def test_a_pause_is_neither_a_moment_nor_an_hour(said: float, waited: float) -> None:
    pauses: list[float] = []
    ask(PatientModels(BusyModels(busy={"rerank": 1}, seconds=said), pauses.append), "rerank")
    assert pauses == [waited]


def test_what_a_run_waits_is_bounded_over_all_its_questions() -> None:
    pauses: list[float] = []
    models = BusyModels(busy={"rerank": 3, "classify": 9})
    patient = PatientModels(models, pauses.append, longest=25.0)
    ask(patient, "rerank")
    with pytest.raises(ModelBusy):
        ask(patient, "classify")
    assert pauses == [5.0] * 5
    with pytest.raises(ModelBusy):
        ask(patient, "classify")
    assert pauses == [5.0] * 5


def test_a_missing_model_is_not_waited_for() -> None:
    pauses: list[float] = []
    with pytest.raises(ModelUnavailable):
        ask(PatientModels(BusyModels(busy={}, without=["reranker"]), pauses.append), "rerank")
    assert pauses == []


class Night:
    """Runs of the pipeline over one home, whose waits are counted instead of waited."""

    def __init__(self, store: Store, source: Source, found: Found, clock: Clockwork) -> None:
        found.patterns = [
            at("07:12:00", ("light.kitchen", "on"), id="p_lamp"),
            after(("binary_sensor.front_door", "on"), ("light.hall", "on"), id="p_door"),
        ]
        self.store, self.source, self.found, self.clock = store, source, found, clock
        self.pauses: list[float] = []
        self.stop_after = 10**9  # pauses
        self.stopping = Event()

    def run(self, models: CountingModels) -> Run:
        pipeline = Pipeline(
            self.store,
            cast("ModelManager", models),
            load_settings(tz="", history=""),
            clock=self.clock,
            read=self.source.read,
            mine=self.found.mine,
            wait=self.wait,
        )
        request = DetectRequest(history=str(self.source.path))
        started = self.store.runs.start(trigger=RunTrigger.NIGHTLY, request=request.to_json(), now=self.clock())
        return pipeline.run(started, request, stopping=self.stopping)

    def wait(self, stopping: Event, seconds: float) -> None:
        assert stopping is self.stopping
        self.pauses.append(seconds)
        if len(self.pauses) >= self.stop_after:
            stopping.set()


@pytest.fixture
def night(store: Store, source: Source, found: Found, clock: Clockwork) -> Night:
    return Night(store, source, found, clock)


@pytest.mark.parametrize("method", ["generate_embeddings", "rerank", "classify"])
def test_a_run_is_as_good_as_if_nobody_had_been_in_its_way(night: Night, method: str) -> None:
    run = night.run(BusyModels(busy={method: 3}))
    assert night.pauses == [5.0] * 3
    assert run.inputs["warnings"] == ["The zone was assumed."]
    assert run.versions["embedding"] == "bag-of-words@1"
    assert run.versions["reranker"] == "shared-words@1"
    assert run.versions["classifier"] == "fixed@1"


def test_a_model_that_stays_busy_is_replaced_in_the_end_and_the_run_says_so(night: Night) -> None:
    run = night.run(BusyModels(busy={"rerank": 10**9}))
    assert sum(night.pauses) == LONGEST
    assert run.state is RunState.SUCCEEDED
    assert run.versions["reranker"] == "late-interaction/bag-of-words@1"
    assert run.inputs["warnings"][-1] == (
        "The rerank model was busy for too long, so its declared fallback did the work."
    )


def test_a_run_that_waits_ends_when_the_service_stops(night: Night) -> None:
    night.stop_after = 2
    with pytest.raises(RunInterrupted):
        night.run(BusyModels(busy={"rerank": 10**9}))
    assert len(night.pauses) == 2
    (run,) = night.store.runs.page(limit=1).items
    assert (run.state, (run.error or {})["code"], run.stage) == (RunState.FAILED, "run_interrupted", "rerank")
