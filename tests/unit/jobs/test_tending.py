"""Deployed automations are looked after while the service runs, whatever happens."""

from __future__ import annotations

import logging
from threading import Event
from typing import Any, cast

import pytest

from src.errors import DatabaseUnreachable
from src.jobs.tending import Tending


class Works:
    """Fails in every way, one after the other; then says that it is well."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.well = Event()

    def tend(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.well.set()


def test_it_begins_at_once_and_ends_when_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    works = Works()
    tending = Tending(cast(Any, works), every=3600)
    tending.start()
    assert works.well.wait(10)
    tending.close()
    assert caplog.records == []


def test_what_fails_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    works = Works(DatabaseUnreachable("sqlite:///x", "locked"), RuntimeError("surprise"))
    tending = Tending(cast(Any, works), every=0)
    tending.start()
    assert works.well.wait(10)
    tending.close()
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]


def test_to_end_what_was_never_begun_does_no_harm() -> None:
    Tending(cast(Any, Works())).close()
