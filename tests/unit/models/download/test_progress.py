"""Rates and times left, by a clock that only the test moves."""

from __future__ import annotations

import pytest

from src.models.catalog.model_catalog import EMBEDDING
from src.models.download.board import DownloadBoard
from src.models.download.progress import Meter, Progress
from src.models.prepare.announce import Announcer


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_is_that_of_the_last_seconds_and_gives_the_time_left() -> None:
    clock, reports = Clock(), list[Progress]()
    meter = Meter(reports.append, clock)
    meter.expect(40_000)
    meter.have("a", 2_000)
    meter.step("downloading", "a")
    assert reports[-1] == Progress("downloading", "a", 2_000, 40_000)
    for _ in range(20):
        clock.now += 1
        meter.receive("a", 100, 1)
    for _ in range(10):
        clock.now += 1
        meter.receive("b", 1_000, 1)
    assert reports[-1] == Progress("downloading", "b", 14_000, 40_000, 1_000.0, 26.0)


def test_reports_of_one_step_are_a_quarter_of_a_second_apart() -> None:
    clock, reports = Clock(), list[Progress]()
    meter = Meter(reports.append, clock)
    for _ in range(1000):
        clock.now += 0.01
        meter.receive("a", 1, 1)
    assert 30 <= len(reports) <= 41
    meter.receive("a", 1, 2)
    assert reports[-1].attempt == 2
    meter.step("verifying", "a")
    assert reports[-1] == Progress("verifying", "a", 1001)


def test_what_was_fetched_before_counts_as_done_and_not_as_speed() -> None:
    clock, reports = Clock(), list[Progress]()
    meter = Meter(reports.append, clock)
    meter.expect(10_000)
    meter.step("downloading", "a")
    meter.have("a", 9_000)
    clock.now += 2
    meter.receive("a", 200, 1)
    assert (reports[-1].bytes_done, reports[-1].bytes_per_second, reports[-1].seconds_left) == (9_200, 100.0, 8.0)
    meter.have("a", 0)  # it was wrong, and is fetched from its first byte
    meter.step("downloading", "a", 2)
    assert reports[-1].bytes_done == 0


def test_the_log_has_a_line_for_each_tenth_or_every_five_seconds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    clock = Clock()
    announcer = Announcer(EMBEDDING, DownloadBoard(), clock)
    announcer.source("hub here")
    for done in range(0, 101, 2):
        clock.now += 0.5
        announcer.progress(Progress("downloading", "a", done, 100, 4.0, (100 - done) / 4))
    # 25 s in steps of half a second and of two bytes in a hundred: a tenth is as far as two and a half seconds.
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 11
    assert lines[1] == (
        "model_progress name='embedding' stage='downloading' file='a' bytes=10 total=100 rate=4 seconds_left=22"
    )
    for _ in range(20):
        clock.now += 0.5
        announcer.progress(Progress("downloading", "b", 100, None, 4.0))
    assert len(caplog.records) == 11 + 2
