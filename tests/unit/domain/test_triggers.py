"""What sets a routine off: each has one JSON form, told apart by its type, and comes back from it as it was."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.triggers import (
    PRESENCE_EVENTS,
    SUN_EVENTS,
    WEEKDAYS,
    DayTypeTrigger,
    HeldTrigger,
    MissedTrigger,
    NumericTrigger,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
    trigger_from_json,
)

texts = st.text(min_size=1, max_size=20)
seconds = st.floats(0, 1e6)
levels = st.floats(-1e9, 1e9)
dates = st.dates().map(str)
times = st.times().map(lambda at: at.strftime("%H:%M:%S"))
weekdays = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(lambda days: tuple(sorted(days, key=WEEKDAYS.index)))
people = st.lists(texts, min_size=1, max_size=4).map(tuple)
clocks = st.builds(TimeTrigger, times, weekdays)

EACH: dict[type, st.SearchStrategy[Trigger]] = {
    TimeTrigger: clocks,
    DayTypeTrigger: st.builds(DayTypeTrigger, st.lists(clocks, min_size=2, max_size=3).map(tuple)),
    SunTrigger: st.builds(SunTrigger, st.sampled_from(SUN_EVENTS), st.integers(-180, 180), weekdays),
    StateTrigger: st.builds(StateTrigger, texts, texts, seconds, seconds),
    HeldTrigger: st.builds(HeldTrigger, texts, texts, seconds),
    NumericTrigger: st.one_of(
        st.builds(NumericTrigger, texts, levels, st.none(), seconds, seconds),
        st.builds(NumericTrigger, texts, st.none(), levels, seconds, seconds),
    ),
    PresenceTrigger: st.builds(PresenceTrigger, st.sampled_from(PRESENCE_EVENTS), people, seconds, seconds),
    TogetherTrigger: st.builds(TogetherTrigger, people, seconds),
    RateTrigger: st.builds(RateTrigger, texts, texts, seconds, seconds, dates),
    MissedTrigger: st.builds(MissedTrigger, texts, texts, times, weekdays, dates),
}


def test_every_trigger_there_is_stands_here() -> None:
    assert set(EACH) == set(get_args(Trigger))


@given(st.one_of(*EACH.values()))
def test_json_and_back(trigger: Trigger) -> None:
    value = json.loads(json.dumps(trigger.to_json()))
    assert trigger_from_json(value) == trigger
    assert type(trigger_from_json(value)) is type(trigger)


@given(st.lists(st.one_of(*EACH.values()), min_size=2, max_size=2))
def test_two_triggers_have_the_same_json_only_if_they_are_the_same(pair: list[Trigger]) -> None:
    a, b = pair
    assert (a == b) == (a.to_json() == b.to_json())


@given(st.one_of(*EACH.values()), st.data())
def test_a_key_that_is_missing_is_told(trigger: Trigger, data: st.DataObject) -> None:
    value = trigger.to_json()
    del value[data.draw(st.sampled_from(sorted(value)))]
    with pytest.raises(KeyError):
        trigger_from_json(value)


def test_a_type_that_nobody_knows_is_told_by_name() -> None:
    with pytest.raises(ValueError, match="'moon'"):
        trigger_from_json({"type": "moon"})


@pytest.mark.parametrize("whole", [20, 0])
def test_whole_numbers_of_a_hand_written_file_are_read(whole: int) -> None:
    value = {"type": "numeric", "entity_id": "sensor.a", "above": whole, "below": None}
    trigger = trigger_from_json({**value, "delay_seconds": 60, "within_seconds": 300})
    assert trigger == NumericTrigger("sensor.a", float(whole), None, 60.0, 300.0)
