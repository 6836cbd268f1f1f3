"""What is counted, and that the documentation has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import Histogram

from src.analysis.stages import STAGES
from src.domain.runs import RunTrigger
from src.observability import metrics
from src.observability.metrics import INSTRUMENTS, OUTCOMES, REGISTRY, ModelMetrics, expect_models
from src.observability.state import STATE, Readings, StateMetric

PAGE = Path(__file__).resolve().parents[3] / "docs" / "observability.md"
ROW = re.compile(r"^\| `(ai_automation_\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$", re.MULTILINE)


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"ai_automation_{name}", labels)


def known() -> set[tuple[str, str, str, str]]:
    """Name, type, labels and help of every metric of ours."""
    described = [(next(iter(each.describe())), each._labelnames) for each in INSTRUMENTS]
    described += [(each.family(), each.labels) for each in STATE]
    return {
        (
            f"{family.name}_total" if family.type == "counter" else family.name,
            family.type,
            ", ".join(f"`{label}`" for label in labels),
            family.documentation,
        )
        for family, labels in described
    }


def test_the_documentation_has_every_metric_and_no_other() -> None:
    assert set(ROW.findall(PAGE.read_text("utf-8"))) == known()


def test_everything_of_ours_in_the_registry_is_known() -> None:
    registered = {family.name for family in REGISTRY.collect() if family.name.startswith("ai_automation_")}
    assert registered == {next(iter(each.describe())).name for each in INSTRUMENTS}


def test_the_processs_own_numbers_are_there() -> None:
    assert REGISTRY.get_sample_value("process_resident_memory_bytes")
    assert REGISTRY.get_sample_value("python_gc_collections_total", {"generation": "0"}) is not None


def test_series_whose_labels_are_known_exist_from_the_start() -> None:
    for trigger in RunTrigger:
        assert {value("runs_total", trigger=trigger, outcome=outcome) is None for outcome in OUTCOMES} == {False}
    assert {value("run_stage_seconds_count", stage=stage) is None for stage in STAGES} == {False}
    expect_models(["expected"])
    for outcome in ("loaded", "failed"):
        assert value("model_loads_total", model="expected", outcome=outcome) == 0
    for why in ("idle", "asked", "memory"):
        assert value("model_unloads_total", model="expected", why=why) == 0
    assert value("model_infer_seconds_count", model="expected") == 0


def test_a_batch_is_counted_with_its_size() -> None:
    counted = ModelMetrics("batches")
    with counted.tokenizing():
        pass
    with counted.inferring(3, 128):
        pass
    assert value("model_tokenize_seconds_count", model="batches") == 1
    assert value("model_infer_seconds_count", model="batches") == 1
    assert value("model_batch_sequences_sum", model="batches") == 3
    assert value("model_batch_tokens_sum", model="batches") == 128


def test_a_load_that_fails_is_counted_as_such_and_not_timed() -> None:
    with pytest.raises(RuntimeError), metrics.loading("loads"):
        raise RuntimeError("no source")
    with metrics.loading("loads"):
        pass
    assert value("model_loads_total", model="loads", outcome="failed") == 1
    assert value("model_loads_total", model="loads", outcome="loaded") == 1
    assert value("model_load_seconds_count", model="loads") == 1


def test_a_run_whose_end_nobody_saw_is_counted_without_a_time() -> None:
    count = value("runs_total", trigger="cli", outcome="interrupted") or 0
    timed = value("run_seconds_count", trigger="cli")
    metrics.run_ended(RunTrigger.CLI, "interrupted")
    assert value("runs_total", trigger="cli", outcome="interrupted") == count + 1
    assert value("run_seconds_count", trigger="cli") == timed


def test_a_caller_cannot_make_series_with_words_of_its_own() -> None:
    metrics.request_ended("BREW", "unmatched", 0, 0.1)
    assert value("http_requests_total", method="other", route="unmatched", status="none") == 1
    assert value("http_requests_total", method="BREW", route="unmatched", status="none") is None


def test_what_is_not_known_is_absent() -> None:
    metric = StateMetric("ai_automation_x", "Told.", ("kind",))
    readings = Readings()
    readings.put(metric, None, "a")
    assert list(readings.collect()) == []
    readings.put(metric, 0, "b")
    (family,) = readings.collect()
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"kind": "b"}, 0)]


@pytest.mark.parametrize("instrument", [each for each in INSTRUMENTS if isinstance(each, Histogram)])
def test_buckets_ascend(instrument: Histogram) -> None:
    assert instrument._upper_bounds == sorted(instrument._upper_bounds)
