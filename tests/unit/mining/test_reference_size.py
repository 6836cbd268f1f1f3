"""How often the test of "A, then B" is wrong where A and B have nothing to do with each other but the hour."""

from __future__ import annotations

import numpy as np
import pytest

from src.domain.events import Float64Array, Int64Array
from src.mining.following_chance import ActionTimes, day_shift_chance, jitter_chance, opportunities, spaced
from src.mining.statistics import upper_tail

SECOND = 1_000_000
HOUR = 3_600
DELAY = 300 * SECOND
DAYS = 45
PAIRS = 120


def moments(rng: np.random.Generator, per_day: float, between: tuple[float, float], burst: int = 1) -> Float64Array:
    """Seconds of so many moments a day, at any time between two hours; in bursts of so many, some minutes apart."""
    found = []
    for number in range(DAYS):
        for begin in rng.uniform(between[0] * HOUR, between[1] * HOUR, rng.poisson(per_day / burst)):
            found.append(number * 86_400 + begin + np.concatenate([[0.0], np.cumsum(rng.exponential(400, burst - 1))]))
    return np.sort(np.concatenate([np.zeros(0), *found]))


def lamp(rng: np.random.Generator, per_day: float, between: tuple[float, float]) -> ActionTimes:
    """Switched on at such moments when it is off, for one to twenty-five minutes."""
    on: list[float] = []
    off: list[float] = []
    for at in moments(rng, per_day, between).tolist():
        if not off or at > off[-1]:
            on.append(at)
            off.append(at + float(rng.uniform(60, 1500)))
    return ActionTimes(micros(np.array(on)), np.ones(len(on), np.bool_), micros(np.array([0.0, *off])))


def micros(seconds: Float64Array) -> Int64Array:
    return (seconds * SECOND).astype(np.int64)


def p_value(trigger: Int64Array, action: ActionTimes) -> float:
    """Of one pair and one delay, as it is computed for the searched days: both null models, the larger chance."""
    times, delays = opportunities(trigger, action)
    kept = spaced(times, DELAY)
    times, delays = times[kept], delays[kept]
    if len(times) == 0:
        return 1.0
    chance = np.maximum(jitter_chance(times, action, DELAY), day_shift_chance(times, times, action, DELAY, "UTC"))
    return upper_tail(int(np.count_nonzero(delays <= DELAY)), len(times), float(chance.mean()))


@pytest.mark.parametrize(
    ("lamps", "triggers", "between", "burst"),
    [(3, 4, (17, 22), 1), (2, 2, (18, 19), 1), (4, 6, (17, 22), 5), (1, 20, (17, 23), 4), (4, 6, (7, 23), 1)],
    ids=["an evening", "one sharp hour", "bursts", "a busy sensor", "all day"],
)
def test_things_that_share_only_an_hour_are_hardly_ever_taken_for_a_pair(
    lamps: float, triggers: float, between: tuple[float, float], burst: int
) -> None:
    rng = np.random.default_rng(17)
    found = np.array(
        [p_value(micros(moments(rng, triggers, between, burst)), lamp(rng, lamps, between)) for _ in range(PAIRS)]
    )
    # 0.05, 0.01 and 0.001 promise 6, 1.2 and 0.12 of 120; three standard deviations more would be luck.
    assert np.count_nonzero(found <= 0.05) <= 13
    assert np.count_nonzero(found <= 0.01) <= 4
    assert np.count_nonzero(found <= 0.001) <= 1
