"""The event log guards its own shape."""

from __future__ import annotations

import numpy as np
import pytest

from src.domain.events import EntityInfo, EventLog


def make_log(times: list[int]) -> EventLog:
    n = len(times)
    zeros = np.zeros(n, np.int32)
    return EventLog(np.array(times, np.int64), zeros, zeros, np.zeros(n, np.int8), ("light.a",), ("on",), "UTC")


def test_between_takes_the_start_and_leaves_the_end() -> None:
    log = make_log([1, 2, 3, 4])
    assert log.between(2, 4).time.tolist() == [2, 3]
    assert log.between().span == (1, 4)
    assert make_log([]).span == (0, 0)


def test_time_must_ascend_and_columns_must_fit() -> None:
    with pytest.raises(ValueError, match="ascend"):
        make_log([2, 1])
    with pytest.raises(ValueError, match="int64"):
        EventLog(
            np.zeros(1, np.int32),
            np.zeros(1, np.int32),
            np.zeros(1, np.int32),
            np.zeros(1, np.int8),
            ("light.a",),
            ("on",),
            "UTC",
        )


def test_an_entity_nobody_described_has_its_bare_facts() -> None:
    assert make_log([]).about("light.kitchen") == EntityInfo("light.kitchen")
    assert EntityInfo("light.kitchen").domain == "light"
