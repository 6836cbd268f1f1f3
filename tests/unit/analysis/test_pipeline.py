"""What a run leaves behind: its record, the patterns people see, and nothing at all when it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from src.analysis.pipeline import DetectRequest, Pipeline
from src.analysis.stages import STAGES
from src.domain.patterns import Kind, Pattern, Status
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import (
    HistoryEmpty,
    HistoryNotFound,
    InvalidSetting,
    ModelCorrupt,
    NoHistory,
    RunInterrupted,
    UnknownTimeZone,
)
from src.models.model_manager import Classification, ModelManager
from src.settings import load_settings
from src.store import Store
from tests.unit.analysis.worlds import Clockwork, CountingModels, Found, Source, after, at, evidence, us
from tests.unit.store.worlds import leave

Detect = Callable[..., Run]

LAMP = at("07:12:00", ("light.kitchen", "on"), id="p_lamp")
DOOR = after(("binary_sensor.front_door", "on"), ("light.hall", "on"), id="p_door")
MOTION = after(("binary_sensor.front_door", "on"), ("binary_sensor.hall_motion", "on"), id="p_motion")


@pytest.fixture
def detect(store: Store, models: CountingModels, source: Source, found: Found, clock: Clockwork) -> Detect:
    """Run the pipeline once over the source, or as asked."""

    def run(request: DetectRequest | None = None, *, models: CountingModels = models, **options: Any) -> Run:
        pipeline = Pipeline(
            store,
            cast("ModelManager", models),
            load_settings(tz="", history=""),
            clock=clock,
            read=source.read,
            mine=found.mine,
        )
        request = request or DetectRequest(history=str(source.path))
        started = store.runs.start(trigger=RunTrigger.API, request=request.to_json(), now=clock())
        return pipeline.run(started, request, **options)

    found.patterns = [LAMP, DOOR, MOTION]
    return run


def shown(store: Store) -> dict[str, Pattern]:
    return {pattern.id: pattern for pattern in store.patterns.page(limit=500).items}


def test_a_run_publishes_named_ranked_and_classified_patterns(detect: Detect, store: Store) -> None:
    run = detect()
    assert run.state is RunState.SUCCEEDED
    lamp = shown(store)["p_lamp"]
    assert lamp.sentence == "The Kitchen Ceiling light turns on around 07:10 on weekdays."
    assert (lamp.category, lamp.priority) == ("comfort", "medium")
    assert lamp.made_by.embedding == "bag-of-words@1"
    assert lamp.made_by.classifier == "fixed@1"
    lists = store.runs.shortlists(run.id)
    assert [each.interest for each in lists] == ["save energy", "safer nights", "more comfort", "less effort"]
    for each in lists:
        assert {pattern.id for pattern in each.patterns} == {"p_lamp", "p_door"}
        assert [pattern.scores.rank for pattern in each.patterns if pattern.scores] == [1, 2]
        assert all(pattern.category == "comfort" for pattern in each.patterns)
        assert all(pattern.made_by.reranker == "shared-words@1" for pattern in each.patterns)


def test_the_record_says_what_was_read_by_which_versions_and_what_came_of_it(detect: Detect, source: Source) -> None:
    run = detect()
    assert run.inputs["source"] == str(source.path)
    assert run.inputs["format"] == "csv"
    assert run.inputs["span"] == {"start": "2026-03-01T07:00:00+01:00", "end": "2026-03-30T08:00:00+02:00"}
    assert run.inputs["time_zone"] == "Europe/Berlin"
    assert run.inputs["warnings"] == ["The zone was assumed."]
    assert len(run.inputs["log_sha256"]) == 64
    assert run.versions["embedding"] == "bag-of-words@1"
    assert run.versions["reranker"] == "shared-words@1"
    assert run.versions["classifier"] == "fixed@1"
    assert run.versions["service"]
    assert run.versions["python"]
    assert run.versions["numpy"]
    assert run.counts["events"] == 30
    assert run.counts["entities"] == 1
    assert run.counts["tested"] == 100
    assert run.counts["found"] == 3
    assert run.counts["muted"] == 0
    assert run.counts["embedded"] == 3 + 4
    assert run.counts["embedded_from_cache"] == 0
    assert run.counts["retrieved"] == 2 * 4
    assert run.counts["shortlisted"] == 2
    assert run.left_out == {"bad_timestamp": 2, "could_be_chance": 7}
    assert list(run.timings) == list(STAGES[:-1])
    assert run.stage == "publish"


def test_every_stage_is_told_as_it_begins(detect: Detect) -> None:
    told: list[str] = []
    detect(progress=lambda stage, done, total, unit="": told.append(stage))
    assert [stage for stage in dict.fromkeys(told) if stage in STAGES] == list(STAGES)


def test_a_sentence_that_did_not_change_is_embedded_once(
    detect: Detect, models: CountingModels, found: Found, clock: Clockwork
) -> None:
    detect()
    before = list(models.embedded)
    assert len(before) == len(set(before))
    clock.forward(days=1)
    found.patterns = [
        at("07:11:00", ("light.kitchen", "on"), id="p_lamp"),
        DOOR,
        at("21:00:00", ("light.hall", "off"), id="p_new"),
    ]
    run = detect()
    assert models.embedded[len(before) :] == ["The hall light turns off around 21:00 on weekdays."]
    assert run.counts["embedded"] == 1
    assert run.counts["embedded_from_cache"] == 2 + 4


def test_another_embedding_model_embeds_again(detect: Detect) -> None:
    detect()
    other = CountingModels()
    other.embedding_id = "bag-of-words@2"
    assert detect(models=other).counts["embedded"] == 3 + 4


def test_a_model_that_learns_its_revision_by_loading_names_the_right_one(detect: Detect, store: Store) -> None:
    class Unpinned(CountingModels):
        embedding_id = "bag-of-words@main"

        def generate_embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.embedding_id = "bag-of-words@3"
            return super().generate_embeddings(texts)

    assert detect(models=Unpinned()).versions["embedding"] == "bag-of-words@3"
    known = store.embeddings.get("bag-of-words@3", [store.patterns.get("p_lamp").sentence])
    assert len(known) == 1
    assert store.embeddings.get("bag-of-words@main", [store.patterns.get("p_lamp").sentence]) == {}


def test_a_routine_keeps_its_id_its_status_and_its_place_over_months_of_drift(
    detect: Detect, store: Store, found: Found, clock: Clockwork
) -> None:
    detect()
    leave(store, "p_lamp", Status.ACCEPTED)
    for night in range(40):
        clock.forward(days=1)
        minutes = 7 * 60 + 12 + 3 * night
        moved = f"{minutes // 60:02d}:{minutes % 60:02d}:00"
        found.patterns = [at(moved, ("light.kitchen", "on"), id=f"p_mined_{night}"), DOOR]
        detect()
    assert set(shown(store)) == {"p_lamp", "p_door"}
    assert shown(store)["p_lamp"].status is Status.ACCEPTED
    assert shown(store)["p_lamp"].sentence == "The Kitchen Ceiling light turns on around 09:10 on weekdays."


def test_what_was_rejected_is_not_suggested_again(detect: Detect, store: Store) -> None:
    detect()
    leave(store, "p_door", Status.REJECTED)
    run = detect()
    for each in store.runs.shortlists(run.id):
        assert [pattern.id for pattern in each.patterns] == ["p_lamp"]
    assert store.patterns.get("p_door").status is Status.REJECTED


def test_a_routine_that_is_gone_fades_becomes_stale_and_may_come_back(
    detect: Detect, store: Store, found: Found, clock: Clockwork
) -> None:
    detect()
    found.patterns = [LAMP]
    clock.forward(days=1)
    detect()
    assert store.patterns.get("p_door").status is Status.NEW
    assert store.patterns.get("p_door").evidence.drift == "fading"
    clock.forward(days=7)
    detect()
    assert store.patterns.get("p_door").status is Status.STALE
    found.patterns = [LAMP, DOOR]
    run = detect()
    assert store.patterns.get("p_door").status is Status.NEW
    assert {p.status for each in store.runs.shortlists(run.id) for p in each.patterns} == {Status.NEW}


def test_a_run_over_a_part_only_adds(detect: Detect, store: Store, found: Found, clock: Clockwork) -> None:
    detect()
    found.patterns = [at("21:00:00", ("light.hall", "off"), id="p_new")]
    run = detect(DetectRequest(kinds=(Kind.TIME_OF_DAY,)))
    assert set(shown(store)) == {"p_lamp", "p_new", "p_door", "p_motion"}
    assert run.counts["found"] == 1
    detect(DetectRequest(time_zone="Asia/Tokyo"))
    assert set(shown(store)) == {"p_lamp", "p_new", "p_door", "p_motion"}
    clock.forward(days=8)
    assert detect().whole
    assert set(shown(store)) == {"p_new"}


@pytest.mark.parametrize(
    ("without", "made_by"),
    [
        (["reranker"], ("bag-of-words@1", "late-interaction/bag-of-words@1", "fixed@1")),
        (["embedding"], (None, "shared-words@1", "fixed@1")),
        (["embedding", "reranker"], (None, "evidence", "fixed@1")),
        (["embedding", "reranker", "classifier"], (None, "evidence", None)),
    ],
)
def test_a_missing_model_is_replaced_openly(
    detect: Detect, store: Store, without: list[str], made_by: tuple[str | None, ...]
) -> None:
    run = detect(models=CountingModels(without=without))
    assert run.state is RunState.SUCCEEDED
    for each in store.runs.shortlists(run.id):
        assert len(each.patterns) == 2
        for pattern in each.patterns:
            said = pattern.made_by
            assert (said.embedding, said.reranker, said.classifier) == made_by
            assert pattern.scores is not None
            assert (pattern.scores.similarity is None) == ("embedding" in without)
    assert (run.versions["embedding"], run.versions["reranker"], run.versions["classifier"]) == made_by
    assert len(run.inputs["warnings"]) == 1 + len(without)
    for role, warning in zip(without, run.inputs["warnings"][1:], strict=True):
        assert role in warning


def test_a_model_that_two_parts_of_a_run_miss_is_told_once(detect: Detect, caplog: pytest.LogCaptureFixture) -> None:
    class StoodInByEmbedding(CountingModels):
        def classify(self, texts: Sequence[str]) -> list[Classification]:
            self._need("embedding")
            return super().classify(texts)

    told = detect(models=StoodInByEmbedding(without=["embedding"])).inputs["warnings"]
    assert sum("embedding" in warning for warning in told) == 1
    assert [record.message for record in caplog.records].count("model_missing") == 1


def test_vectors_that_are_known_serve_without_the_model(detect: Detect, store: Store) -> None:
    detect()
    run = detect(models=CountingModels(without=["embedding"]))
    assert run.versions["embedding"] == "bag-of-words@1"
    assert run.counts["embedded"] == 0


def test_a_free_question_gives_one_shortlist_of_the_wanted_length(detect: Detect, store: Store) -> None:
    detect()
    run = detect(DetectRequest(interest="Which light turns on?", top_k=1))
    (only,) = store.runs.shortlists(run.id)
    assert only.interest == "Which light turns on?"
    assert len(only.patterns) == 1


def test_a_home_without_routines_is_a_result(
    detect: Detect, store: Store, found: Found, models: CountingModels
) -> None:
    found.patterns = []
    run = detect()
    assert run.state is RunState.SUCCEEDED
    assert [each.patterns for each in store.runs.shortlists(run.id)] == [()] * 4
    assert not models.embedded
    assert not models.reranked


def test_the_hundred_nearest_of_many_are_reranked(
    detect: Detect, source: Source, found: Found, models: CountingModels
) -> None:
    found.patterns = [at("07:00:00", (f"light.lamp_{n}", "on"), id=f"p_{n:03d}") for n in range(250)]
    run = detect(DetectRequest(history=str(source.path), interest="lamps", top_k=100))
    assert models.reranked == [("lamps", 100)]
    assert run.counts["retrieved"] == 100
    assert len(models.classified) <= 250
    assert run.counts["classified"] >= 200


def test_a_span_and_a_zone_are_taken_as_asked(detect: Detect, source: Source, found: Found) -> None:
    detect()
    run = detect(
        DetectRequest(
            start=us("2026-03-05T00:00:00+00:00"), end=us("2026-03-15T00:00:00+00:00"), time_zone="Asia/Tokyo"
        )
    )
    assert run.counts["events"] == 10
    assert found.logs[-1].time_zone == "Asia/Tokyo"
    assert run.inputs["time_zone"] == "Asia/Tokyo"
    assert run.request["start"] == "2026-03-05T00:00:00+00:00"


def test_only_the_days_of_the_retention_are_mined(
    store: Store, source: Source, found: Found, models: CountingModels, clock: Clockwork
) -> None:
    source.days = 100
    clock.forward(days=200)
    pipeline = Pipeline(
        store,
        cast("ModelManager", models),
        load_settings(tz="Europe/Helsinki", retention_days=30),
        clock=clock,
        read=source.read,
        mine=found.mine,
    )
    request = DetectRequest(history=str(source.path))
    run = store.runs.start(trigger=RunTrigger.API, request=request.to_json(), now=clock())
    assert pipeline.run(run, request).counts["events"] == 31
    assert source.time_zones == ["Europe/Helsinki"]


def test_events_from_a_wrong_clock_do_not_push_the_real_ones_out(
    detect: Detect, source: Source, clock: Clockwork
) -> None:
    source.days = 100
    clock.forward(days=-30)
    run = detect()
    assert 0 < run.counts["events"] < 100
    assert "dated after tomorrow" in run.inputs["warnings"][-1]


def test_a_file_is_read_whole_and_a_database_from_where_the_last_import_stopped(
    detect: Detect, source: Source, store: Store
) -> None:
    detect()
    detect()
    assert source.since == [None, None]
    source.path.write_bytes(b"SQLite format 3\x00 and pages")
    run = detect()
    assert source.since[-1] == source.log().span[1] - 3_600_000_000
    assert run.inputs["added"] == 0
    assert run.inputs["known"] == 1
    assert run.counts["events"] == 30


def test_a_database_without_news_is_no_failure(detect: Detect, source: Source) -> None:
    source.path.write_bytes(b"SQLite format 3\x00 and pages")
    detect()
    source.silent = True
    run = detect()
    assert run.state is RunState.SUCCEEDED
    assert (run.inputs["added"], run.inputs["known"]) == (0, 0)
    assert run.counts["found"] == 3
    assert run.counts["muted"] == 0


def test_a_source_that_knows_no_zone_is_read_in_the_homes(detect: Detect, source: Source) -> None:
    detect(DetectRequest(history=str(source.path), time_zone="Europe/Helsinki"))
    source.time_zone = None
    run = detect()
    assert source.time_zones == ["Europe/Helsinki", None, "Europe/Helsinki"]
    assert run.inputs["time_zone"] == "Europe/Helsinki"


def failed(store: Store) -> Run:
    (run,) = store.runs.page(limit=1).items
    assert run.state is RunState.FAILED
    assert run.error is not None
    return run


def test_a_failed_run_leaves_the_results_before_it(detect: Detect, store: Store, found: Found) -> None:
    detect()
    before = shown(store)
    found.patterns = []
    found.error = HistoryEmpty("x.csv", {})
    with pytest.raises(HistoryEmpty):
        detect()
    run = failed(store)
    assert run.stage == "mine"
    assert run.error == {
        "code": "history_empty",
        "message": found.error.message,
        "remedy": found.error.remedy,
    }
    assert shown(store) == before


def test_an_error_nobody_foresaw_is_recorded_and_logged_with_its_cause(
    detect: Detect, store: Store, found: Found, caplog: pytest.LogCaptureFixture
) -> None:
    found.error = ZeroDivisionError("division by zero")
    with pytest.raises(ZeroDivisionError):
        detect()
    error = failed(store).error
    assert error is not None
    assert error["code"] == "internal"
    assert "ZeroDivisionError: division by zero" in error["message"]
    assert error["remedy"]
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(1)])
def test_a_run_that_is_interrupted_says_so(
    detect: Detect, store: Store, found: Found, interruption: BaseException
) -> None:
    found.error = interruption
    with pytest.raises(type(interruption)):
        detect()
    error = failed(store).error
    assert error is not None
    assert error["code"] == "run_interrupted"


def test_a_run_that_is_told_to_stop_ends_before_its_next_stage(detect: Detect, store: Store) -> None:
    stopping = Event()

    def stop_after_mining(stage: str, done: float, total: float, unit: str = "") -> None:
        if stage == "describe":
            stopping.set()

    with pytest.raises(RunInterrupted):
        detect(progress=stop_after_mining, stopping=stopping)
    assert failed(store).stage == "describe"
    assert shown(store) == {}


def test_a_run_that_lost_its_place_cannot_publish(detect: Detect, store: Store, clock: Clockwork) -> None:
    def taken_over(stage: str, done: float, total: float, unit: str = "") -> None:
        if stage == "classify":
            for run in store.runs.running():
                store.runs.fail(run.id, {"code": "run_interrupted", "message": "", "remedy": ""}, now=clock())

    with pytest.raises(RunInterrupted):
        detect(progress=taken_over)
    assert shown(store) == {}


def test_nothing_imported_is_said(detect: Detect, store: Store) -> None:
    with pytest.raises(NoHistory):
        detect(DetectRequest())
    assert (failed(store).error or {})["code"] == "no_history"


def test_a_span_without_events_names_the_span_there_is(detect: Detect, store: Store) -> None:
    detect()
    with pytest.raises(InvalidSetting, match="2026-03-01"):
        detect(DetectRequest(start=us("2027-01-01T00:00:00+00:00")))


def test_a_corrupt_model_is_a_missing_one(
    detect: Detect, models: CountingModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrupt(*_: object, **__: object) -> None:
        raise ModelCorrupt("reranker", "sha256 differs")

    monkeypatch.setattr(models, "rerank", corrupt)
    run = detect()
    assert run.versions["reranker"] == "late-interaction/bag-of-words@1"
    assert "sha256 differs" in run.inputs["warnings"][-1]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (DetectRequest(top_k=0), InvalidSetting),
        (DetectRequest(top_k=101), InvalidSetting),
        (DetectRequest(interest="  "), InvalidSetting),
        (DetectRequest(interest="a" * 1001), InvalidSetting),
        (DetectRequest(kinds=()), InvalidSetting),
        (DetectRequest(start=5, end=5), InvalidSetting),
        (DetectRequest(time_zone="Mars/Olympus"), UnknownTimeZone),
        (DetectRequest(history="/nowhere/history.csv"), HistoryNotFound),
        (DetectRequest(history="bad\0name"), HistoryNotFound),
    ],
)
def test_what_can_be_seen_at_once_is_refused(request_: DetectRequest, error: type[Exception]) -> None:
    with pytest.raises(error):
        request_.check()


def test_a_weak_home_still_gets_its_strongest_first(detect: Detect, store: Store, found: Found) -> None:
    weak = at("07:00:00", ("light.a", "on"), id="p_weak", evidence=evidence(rate_low=0.41))
    strong = at("09:00:00", ("light.b", "on"), id="p_strong", evidence=evidence(rate_low=0.9))
    found.patterns = [weak, strong]
    run = detect(models=CountingModels(without=["embedding", "reranker"]))
    for each in store.runs.shortlists(run.id):
        assert [pattern.id for pattern in each.patterns] == ["p_strong", "p_weak"]
