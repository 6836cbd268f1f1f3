"""A number crosses a level, and something follows: the level is learned, and clocks, suns and plugs are no numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from src.domain.events import Float64Array
from src.domain.patterns import Kind, NumericTrigger
from src.mining import mine
from tests.unit.mining.conftest import BuildLog, Row, day
from tests.unit.mining.following_worlds import Moments, answers, busy_home, moments, switched

DAYS = 60
STEP = 5  # minutes


def weather(seed: int) -> Float64Array:
    """A temperature every five minutes: warm afternoons, and days that differ by some degrees."""
    rng = np.random.default_rng(seed)
    minute = np.arange(DAYS * 1440 // STEP) * STEP
    days = np.interp(minute, np.arange(DAYS + 1) * 1440, rng.normal(20, 2.5, DAYS + 1))
    swing = np.interp(minute, np.arange(DAYS + 1) * 1440, rng.uniform(2, 6, DAYS + 1))
    return np.round(days + swing * np.sin(2 * np.pi * (minute - 540) / 1440) + rng.normal(0, 0.1, len(minute)), 1)


def measured(values: Float64Array, entity: str = "sensor.outside") -> list[Row]:
    return [(day(0, number * STEP / 60), entity, str(value)) for number, value in enumerate(values.tolist())]


def above(values: Float64Array, level: float) -> Moments:
    """When a level was reached after an hour below it."""
    high = values > level
    calm = np.array([not high[max(at - 12, 0) : at].any() for at in range(len(high))])
    return [day(0, int(at) * STEP / 60) for at in np.flatnonzero(high & calm) if at]


def levels(rows: list[Row], log_of: BuildLog) -> list[tuple[str, float | None, float | None]]:
    triggers = [pattern.trigger for pattern in mine(log_of(rows), kinds=[Kind.THRESHOLD]).patterns]
    assert all(isinstance(trigger, NumericTrigger) for trigger in triggers)
    return [(t.entity_id, t.above, t.below) for t in triggers if isinstance(t, NumericTrigger)]


@pytest.mark.parametrize("level", [18.5, 21.0, 23.0])
def test_the_level_that_people_act_on_is_learned(log_of: BuildLog, level: float) -> None:
    values = weather(1)
    rows = busy_home(DAYS, 2) + measured(values) + measured(weather(3), "sensor.elsewhere")
    rows += switched(answers(above(values, level), 4, seconds=(60, 400)), "fan.bed", 5, minutes=(20, 90))
    ((entity, up, down),) = levels(rows, log_of)
    assert entity == "sensor.outside"
    assert up == pytest.approx(level, abs=0.4)
    assert down is None


def test_what_is_done_at_the_same_time_every_day_follows_the_clock_and_no_number(log_of: BuildLog) -> None:
    rng = np.random.default_rng(11)
    minute = np.arange(DAYS * 1440 // STEP) * STEP
    regular = np.round(20 + 4 * np.sin(2 * np.pi * (minute - 540) / 1440) + rng.normal(0, 0.1, len(minute)), 1)
    rows = busy_home(DAYS, 12) + measured(regular)
    times = [day(number, 11.1) + timedelta(minutes=float(rng.normal(0, 4))) for number in range(DAYS)]
    rows += switched(times, "cover.awning", 13, minutes=(100, 300), states=("closed", "open"))
    assert levels(rows, log_of) == []


def daylight(dusks: list[float], seed: int) -> Float64Array:
    """Illuminance every five minutes, which falls to nothing within the hour before each day's dusk."""
    rng = np.random.default_rng(seed)
    minute = np.arange(DAYS * 1440 // STEP) * STEP
    dusk = np.repeat(np.array(dusks), 1440 // STEP)
    left = np.clip((dusk - minute % 1440) / 60, 0, 1) * (minute % 1440 > 420)
    return np.round(5000 * left**2 * np.exp(rng.normal(0, 0.05, len(minute))))


def test_what_follows_the_sun_follows_no_light_sensor(log_of: BuildLog) -> None:
    """January to March in Berlin: the sun sets two minutes later every day, and the lamp goes on with it."""
    rng = np.random.default_rng(21)
    dusks = [974 + 1.75 * number for number in range(DAYS)]
    times = [day(number) + timedelta(minutes=dusk + float(rng.normal(0, 7))) for number, dusk in enumerate(dusks)]
    rows = busy_home(DAYS, 22) + measured(daylight(dusks, 23), "sensor.light")
    rows += switched(times, "light.window", 24, minutes=(100, 300))
    assert levels(rows, log_of) == []


def meter(on: list[tuple[datetime, datetime]], entity: str) -> list[Row]:
    rng = np.random.default_rng(31)
    rows: list[Row] = [(day(0, 0.01), entity, "0.0")]
    for start, end in on:
        rows += [(start + timedelta(seconds=2), entity, str(round(float(rng.normal(60, 2)), 1)))]
        rows += [(end + timedelta(seconds=2), entity, str(round(float(rng.uniform(0, 2)), 1)))]
    return rows


def test_a_power_meter_that_tells_of_its_plug_is_no_cause(log_of: BuildLog) -> None:
    """The lamp follows the computer. The computer's meter follows it faster."""
    plug = switched(moments(DAYS, 32, 2), "switch.computer", 33, minutes=(30, 100))
    starts = [at for at, _, state in plug if state == "on"]
    ends = [at for at, _, state in plug if state == "off"][1:]
    lamp = switched(answers(starts, 34, seconds=(20, 80)), "light.desk", 35, minutes=(10, 60))
    rows = busy_home(DAYS, 36) + plug + lamp + meter(list(zip(starts, ends, strict=True)), "sensor.computer_power")
    assert levels(rows, log_of) == []
    assert mine(log_of(rows), kinds=[Kind.THRESHOLD]).left_out["echo_of_a_device"] >= 1


@pytest.mark.parametrize("seed", range(3))
def test_weather_sets_nothing_off_in_a_home_without_habits(log_of: BuildLog, seed: int) -> None:
    assert levels(busy_home(DAYS, 40 + seed) + measured(weather(50 + seed)), log_of) == []
