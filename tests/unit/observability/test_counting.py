"""Where things happen they are counted: in a model's queue, and where runs end."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from src.analysis.pipeline import DetectRequest
from src.domain.runs import RunTrigger
from src.errors import ModelBusy, NoHistory, RunInterrupted
from src.jobs.runner import Runner
from src.models.infer.request_queue import RequestQueue
from src.observability.context import request_id, run_id
from src.observability.metrics import REGISTRY
from tests.unit.jobs.conftest import (  # noqa: F401 - fixtures
    HeldPipeline,
    clock,
    empty_store,
    new_runner,
    pipeline,
    runner,
    store,
)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"ai_automation_{name}", labels) or 0.0


def ended(outcome: str) -> float:
    return value("runs_total", trigger="api", outcome=outcome)


def test_a_batch_is_counted_without_what_fills_it_up() -> None:
    queue = RequestQueue(lambda batch: np.zeros(len(batch.ids)), name="counted", pad=0)
    queue.ask([[1] * 5, [1] * 7, [1] * 6])
    assert value("model_batch_sequences_sum", model="counted") == 3
    assert value("model_batch_tokens_sum", model="counted") == 4 * 16  # four rows, each as long as the step
    assert value("model_infer_seconds_count", model="counted") == 1


def test_a_question_that_is_not_taken_is_counted() -> None:
    queue = RequestQueue(lambda batch: np.zeros(len(batch.ids)), name="busy", pad=0, limit=0)
    with pytest.raises(ModelBusy):
        queue.ask([[1]])
    assert value("model_refused_total", model="busy") == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "succeeded"),
        (NoHistory(), "failed"),
        (ValueError("light.kitchen"), "failed"),
        (RunInterrupted("r", "the service was stopped"), "interrupted"),
    ],
    ids=["succeeded", "foreseen", "unforeseen", "interrupted"],
)
def test_a_run_is_counted_by_how_it_ended(
    runner: Runner,  # noqa: F811
    pipeline: HeldPipeline,  # noqa: F811
    error: Exception | None,
    outcome: str,
) -> None:
    pipeline.error = error
    before, timed = ended(outcome), value("run_seconds_count", trigger="api")
    runner.wait(runner.submit(DetectRequest(), trigger=RunTrigger.API).run.id)
    assert ended(outcome) == before + 1
    assert value("run_seconds_count", trigger="api") == timed + 1


def test_a_run_that_was_given_up_is_counted_once(
    runner: Runner,  # noqa: F811
    pipeline: HeldPipeline,  # noqa: F811
) -> None:
    pipeline.go.clear()
    before = {outcome: ended(outcome) for outcome in ("succeeded", "failed", "interrupted")}
    run = runner.submit(DetectRequest(), trigger=RunTrigger.API).run
    assert pipeline.began.wait(30)
    runner.close(timeout=0)
    pipeline.go.set()
    runner.wait(run.id)
    assert {outcome: ended(outcome) for outcome in before} == {**before, "interrupted": before["interrupted"] + 1}


def test_a_run_logs_for_its_request_and_itself(
    runner: Runner,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[tuple[str | None, str | None]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append((request_id.get(), run_id.get()))

    caplog.set_level(logging.INFO, "src.jobs.runner")
    handler = Kept()
    logging.getLogger("src.jobs.runner").addHandler(handler)
    token = request_id.set("asked")
    try:
        run = runner.submit(DetectRequest(), trigger=RunTrigger.API).run
        runner.wait(run.id)
    finally:
        request_id.reset(token)
        logging.getLogger("src.jobs.runner").removeHandler(handler)
    assert told == [("asked", run.id)]
