"""Where a home is, as people and databases say it."""

from __future__ import annotations

import numpy as np
import pytest

from src.domain.events import EventLog
from src.domain.position import placed, position_of, read_position
from src.errors import InvalidSetting


def log() -> EventLog:
    none = np.zeros(0, np.int32)
    return EventLog(none.astype(np.int64), none, none, none.astype(np.int8), (), (), "UTC", position=(1.0, 2.0))


@pytest.mark.parametrize("text", ["52.52,13.4", " 52.52 , 13.4 ", "+52.52,13.40"])
def test_a_place_is_read_as_it_is_written(text: str) -> None:
    assert read_position("--position", text) == (52.52, 13.4)


@pytest.mark.parametrize("text", ["", "52.5", "52.5,", "1,2,3", "a,b", "90.1,0", "0,-180.5", "nan,0", "0,inf"])
def test_what_is_no_place_on_the_earth_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting, match="--position"):
        read_position("--position", text)


@pytest.mark.parametrize("pair", [(None, 1.0), (1.0, None), ("52", "13"), (True, 0), (91, 0), (float("nan"), 0)])
def test_values_that_are_no_place_are_none(pair: tuple[object, object]) -> None:
    assert position_of(*pair) is None


def test_what_somebody_says_goes_before_what_the_log_knows() -> None:
    assert placed(log(), (52.5, 13.4)).position == (52.5, 13.4)
    assert placed(log(), None).position == (1.0, 2.0)
