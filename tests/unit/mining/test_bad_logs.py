"""Logs that no home should write and some do: mining them neither crashes, nor hangs, nor invents a routine.

All go through :func:`src.mining.mine` with every kind there is, and with a reason for every silence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from src.domain.events import EntityInfo, EventLog
from src.errors import UnknownTimeZone
from src.mining import MiningResult, mine
from src.mining.kinds import KINDS

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
START = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * SECOND  # a Monday

Rows = list[tuple[int, str, str]]


def log_of(rows: Rows, *, zone: str = "Europe/Berlin", **more: Any) -> EventLog:
    """A log of (µs UTC, entity id, state) in any order."""
    rows = sorted(rows, key=lambda row: row[0])
    entities = {entity: code for code, entity in enumerate(dict.fromkeys(row[1] for row in rows))}
    states = {state: code for code, state in enumerate(dict.fromkeys(row[2] for row in rows))}
    return EventLog(
        np.array([at for at, _, _ in rows], np.int64),
        np.array([entities[entity] for _, entity, _ in rows], np.int32),
        np.array([states[state] for _, _, state in rows], np.int32),
        np.zeros(len(rows), np.int8),
        tuple(entities),
        tuple(states),
        zone,
        **more,
    )


def random_life(days: int, seed: int, start: int = START, entity: str = "light.a", per_day: int = 6) -> Rows:
    """A lamp switched at random hours of every day: nothing to learn, but every day is observed."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, days * DAY, days * per_day)) + start
    return [(int(t), entity, ("off", "on")[n % 2]) for n, t in enumerate(at.tolist())]


def one_instant() -> Rows:
    return [(START, f"light.l{n}", state) for n in range(1000) for state in ("off", "on", "off")]


def many_entities() -> Rows:
    """Three events each; two rooms' worth of them at any hour."""
    rng = np.random.default_rng(1)
    at = rng.integers(0, 60 * DAY, (10_000, 3)) + START
    at.sort(axis=1)
    return [
        (t, f"light.l{n}", state)
        for n, times in enumerate(at.tolist())
        for t, state in zip(times, ("off", "on", "off"), strict=True)
    ]


def restarts_of_many() -> Rows:
    """Three hundred lamps that all go away together every night and come back, some otherwise than they went."""
    rng = np.random.default_rng(2)
    rows: Rows = []
    for day in range(20):
        for n in range(300):
            back = START + day * DAY + 3 * HOUR + int(rng.integers(0, 5 * SECOND))
            rows += [(START + day * DAY + 3 * HOUR - SECOND, f"light.l{n}", "unavailable")]
            rows += [(back, f"light.l{n}", ("off", "on")[int(rng.integers(0, 2))])]
    return rows


def busy_hour() -> Rows:
    """A loose contact: 100,000 changes in one hour of an ordinary month."""
    rows = random_life(30, 3)
    first = START + 10 * DAY
    rows += [(first + n * 36_000, "binary_sensor.contact", ("off", "on")[n % 2]) for n in range(100_000)]
    return rows


def long_states() -> Rows:
    """A text of 10 kB a day, and a lamp with an attribute dump for a state."""
    rows = random_life(30, 4)
    rows += [(START + day * DAY + 8 * HOUR, "light.b", f"{day} " + "x" * 10_000) for day in range(30)]
    return rows


def odd_numbers() -> Rows:
    texts = ("nan", "inf", "-inf", "1e999", "-0.0", "21.5", "1e-300", "٣", "1_000", "0x10")
    return random_life(30, 5) + [
        (START + n * HOUR, "sensor.power", texts[(7 * n) % len(texts)]) for n in range(30 * 24)
    ]


def clock_jumps() -> Rows:
    """A device without a battery: in every fourth week it writes dates three days and an hour too early."""
    wrong = 3 * DAY + HOUR
    return [
        (at - wrong if (at - START) // (7 * DAY) % 4 == 3 else at, entity, state)
        for at, entity, state in random_life(70, 6)
    ]


def nobody_leaves() -> Rows:
    rows = random_life(40, 7)
    for person in ("person.anna", "person.ben"):
        rows += [(START + n * DAY // 2, person, "home") for n in range(80)]
    return rows


HOSTILE: dict[str, Callable[[], Rows]] = {
    "no event": list,
    "one event": lambda: [(START, "light.a", "on")],
    "two events of one instant": lambda: [(START, "light.a", "on"), (START, "light.a", "off")],
    "one entity at random": lambda: random_life(60, 8),
    "all at one instant": one_instant,
    "10,000 entities": many_entities,
    "300 entities restarted every night": restarts_of_many,
    "100,000 changes in an hour": busy_hour,
    "states of 10 kB": long_states,
    "numbers that are none": odd_numbers,
    "a clock that jumps back": clock_jumps,
    "10 years with 3 events": lambda: [
        (START, "light.a", "on"),
        (START + 1800 * DAY, "light.a", "off"),
        (START + 3650 * DAY, "light.a", "on"),
    ],
    "10 years with an event a month": lambda: [
        (START + n * 30 * DAY, "light.a", ("off", "on")[n % 2]) for n in range(122)
    ],
    "only unavailable": lambda: [(START + n * DAY // 3, f"light.l{n % 5}", "unavailable") for n in range(180)],
    "never changes": lambda: [(START + n * HOUR, "light.a", "on") for n in range(24 * 60)],
    "two people who never leave": nobody_leaves,
    "from 1970": lambda: random_life(30, 9, start=0),
    "from 2100": lambda: random_life(30, 10, start=int(datetime(2100, 2, 20, tzinfo=UTC).timestamp()) * SECOND),
    "before 1970": lambda: random_life(30, 11, start=-3000 * DAY),
    "from 1600": lambda: random_life(30, 20, start=int(datetime(1600, 1, 1, tzinfo=UTC).timestamp()) * SECOND),
    "from 9990": lambda: random_life(30, 21, start=int(datetime(9990, 1, 1, tzinfo=UTC).timestamp()) * SECOND),
    "one row of the year 148,000": lambda: [*random_life(30, 22), (2**62, "light.a", "on")],
    "ids without a domain": lambda: random_life(30, 12, entity="lamp") + random_life(30, 13, entity=""),
    "ids and states in any script": lambda: [
        (at, "light.küche_🙂", {"on": "ein", "off": "\x00"}[to]) for at, _, to in random_life(30, 14)
    ],
}


def assert_told_nothing(result: MiningResult) -> None:
    assert result.patterns == ()
    assert set(result.tested) == {str(kind) for kind in KINDS}
    assert all(count > 0 for count in result.left_out.values())


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_invented_and_every_silence_has_a_reason(name: str) -> None:
    log = log_of(HOSTILE[name]())
    result = mine(log)
    assert_told_nothing(result)
    told = [why.entity_id for why in result.whys]
    assert told == sorted(told, key=lambda entity_id: entity_id or "")
    assert set(told) == {None} or set(told) == set(log.entities)
    assert all(why.reason for why in result.whys)


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca", "America/Nuuk"])
def test_zones_that_skip_days_or_change_their_clocks_oddly(zone: str) -> None:
    start = int(datetime(2011, 12, 1, tzinfo=UTC).timestamp()) * SECOND  # Samoa had no 30 December 2011
    assert_told_nothing(mine(log_of(random_life(60, 15, start=start), zone=zone)))


def test_a_zone_that_does_not_exist_is_told_by_name() -> None:
    with pytest.raises(UnknownTimeZone, match="Mars/Olympus"):
        mine(log_of(random_life(30, 16), zone="Mars/Olympus"))


@pytest.mark.parametrize(
    "position",
    [(90.0, 0.0), (-90.0, 0.0), (69.65, 18.96), (0.0, 180.0), (0.0, -180.0), (64.15, -21.94), (95.0, 400.0)],
)
@pytest.mark.parametrize("month", [6, 12])
def test_homes_where_the_sun_does_strange_things(position: tuple[float, float], month: int) -> None:
    start = int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) * SECOND
    assert_told_nothing(mine(log_of(random_life(40, 17, start=start), position=position)))


def test_metadata_of_entities_that_are_not_there_and_words_that_are_none() -> None:
    info = {
        "light.a": EntityInfo("light.a", name="", area="", device_class="no such class", unit="\x00"),
        "light.gone": EntityInfo("light.gone", area="Attic"),
    }
    assert_told_nothing(mine(log_of(random_life(30, 18), info=info)))


def test_rows_out_of_order_are_refused_where_they_come_in() -> None:
    log = log_of(random_life(10, 19))
    with pytest.raises(ValueError, match="ascend"):
        EventLog(log.time[::-1].copy(), log.entity, log.state, log.origin, log.entities, log.states, log.time_zone)
