"""What a home measures: against a reader who keeps a list for each sensor."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EntityInfo, EventLog
from src.mining.changes import ignored
from src.mining.readings import Readings, find_readings
from tests.unit.mining.conftest import START, Row, build_log

TEXTS = ("21.5", "-3", "1e3", "0", "7", "8.25", "nan", "inf", "-inf", "unknown", "unavailable", "", "on", "12 °C")


def readings_of(log: EventLog) -> tuple[Readings, ...]:
    return find_readings(log, np.array([ignored(log.about(entity_id)) for entity_id in log.entities], np.bool_))


def every_minute(entity: str, texts: list[str], offset: int = 0) -> list[Row]:
    return [(START + timedelta(minutes=n, seconds=offset), entity, text) for n, text in enumerate(texts)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(TEXTS), min_size=40, max_size=120),
    st.lists(st.sampled_from(TEXTS), min_size=40, max_size=120),
)
def test_each_sensors_finite_numbers_in_their_order_and_nothing_else(a: list[str], b: list[str]) -> None:
    log = build_log(every_minute("sensor.a", a) + every_minute("sensor.b", b, 7))
    expected = {}
    for entity, texts in (("sensor.a", a), ("sensor.b", b)):
        numbers = []
        for text in texts:
            try:
                value = float(text)
            except ValueError:
                continue
            if math.isfinite(value):
                numbers.append(value)
        if len(numbers) >= 50 and len(set(numbers)) >= 5:
            expected[entity] = numbers
    found = readings_of(log)
    assert {each.entity_id: each.value.tolist() for each in found} == expected
    for each in found:
        assert (np.diff(each.time) > 0).all()


def test_the_unit_comes_with_the_numbers_and_the_order_is_by_entity() -> None:
    texts = [str(n % 9) for n in range(60)]
    info = {"sensor.cellar": EntityInfo("sensor.cellar", unit="°C")}
    rows = every_minute("sensor.yard", texts) + every_minute("sensor.cellar", texts, 3)
    assert [(each.entity_id, each.unit) for each in readings_of(build_log(rows, info=info))] == [
        ("sensor.cellar", "°C"),
        ("sensor.yard", None),
    ]


@pytest.mark.parametrize("entity", ["sensor.phone_battery", "sensor.router_uptime", "light.lamp", "binary_sensor.door"])
def test_what_says_nothing_of_behaviour_is_no_measurement(entity: str) -> None:
    assert readings_of(build_log(every_minute(entity, [str(n % 9) for n in range(60)]))) == ()


def test_a_home_without_sensors_measures_nothing() -> None:
    assert readings_of(build_log([])) == ()
