"""A routine keeps its id from night to night."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.identity import identify, same_routine
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    DayTypeTrigger,
    HeldTrigger,
    Kind,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
)
from tests.unit.domain import every_kind
from tests.unit.domain.every_kind import EVERY, PEOPLE, WEEKEND, WORKDAYS, evidence, routine

LAMP = ("light.kitchen", "on")


def at(time: str, *actions: tuple[str, str], weekdays: tuple[str, ...] = WORKDAYS, **changes: Any) -> Pattern:
    """A routine of the clock."""
    return routine(Kind.TIME_OF_DAY, TimeTrigger(time, tuple(weekdays)), *actions, **changes)


def after(
    cause: tuple[str, str], *actions: tuple[str, str], delay: float = 20, within: float = 120, **changes: Any
) -> Pattern:
    """A routine that something sets off."""
    return routine(Kind.CO_OCCURRENCE, StateTrigger(*cause, delay, within), *actions, **changes)


def ids(found: list[Pattern], stored: list[Pattern]) -> list[str]:
    return [pattern.id for pattern in identify(found, stored)]


def test_a_time_that_drifts_a_little_every_night_stays_one_routine() -> None:
    stored = [at("06:40:00", LAMP, id="p_first")]
    for night in range(90):
        moved = str(timedelta(hours=6, minutes=40 + 2 * night)).zfill(8)
        found = identify([at(moved, LAMP, id=f"p_mined_{night}")], stored)
        assert [pattern.id for pattern in found] == ["p_first"]
        assert found[0].trigger == at(moved, LAMP).trigger
        stored = found


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (at("07:10:00", LAMP), True),
        (at("08:05:00", LAMP), True),
        (at("08:20:00", LAMP), False),
        (at("07:10:00", LAMP, weekdays=WEEKDAYS), True),
        (at("07:10:00", LAMP, weekdays=("sat", "sun")), False),
        (at("07:10:00", ("light.kitchen", "off")), False),
        (at("07:10:00", LAMP, ("light.hall", "on")), True),
        (at("07:10:00", LAMP, ("light.hall", "on"), ("light.bed", "on")), False),
        (after(("person.anna", "home"), LAMP), False),
    ],
)
def test_what_counts_as_the_same_routine_of_the_clock(found: Pattern, same: bool) -> None:
    stored = [at("07:06:00", LAMP, id="p_stored")]
    assert (ids([found.with_(id="p_mined")], stored) == ["p_stored"]) is same


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (after(("binary_sensor.door", "on"), LAMP, delay=300, within=900), True),
        (after(("binary_sensor.door", "off"), LAMP), False),
        (after(("binary_sensor.window", "on"), LAMP), False),
        (after(("binary_sensor.door", "on"), ("light.kitchen", "off")), False),
    ],
)
def test_what_counts_as_the_same_routine_after_a_cause(found: Pattern, same: bool) -> None:
    stored = [after(("binary_sensor.door", "on"), LAMP, id="p_stored")]
    assert (ids([found.with_(id="p_mined")], stored) == ["p_stored"]) is same


def test_the_order_of_the_actions_is_no_difference() -> None:
    stored = [at("07:00:00", LAMP, ("light.hall", "on"), id="p_stored")]
    assert ids([at("07:00:00", ("light.hall", "on"), LAMP, id="p_mined")], stored) == ["p_stored"]


def test_midnight_is_no_border() -> None:
    stored = [at("23:50:00", LAMP, id="p_late", weekdays=WEEKDAYS)]
    assert ids([at("00:15:00", LAMP, id="p_mined", weekdays=WEEKDAYS)], stored) == ["p_late"]
    assert same_routine(at("23:58:00", LAMP, weekdays=WEEKDAYS), at("00:03:00", LAMP, weekdays=WEEKDAYS))
    assert not same_routine(at("23:58:00", LAMP, weekdays=WEEKDAYS), at("01:03:00", LAMP, weekdays=WEEKDAYS))


def test_two_routines_of_one_lamp_go_to_their_nearest() -> None:
    stored = [at("06:30:00", LAMP, id="p_early"), at("07:10:00", LAMP, id="p_late")]
    found = [at("07:05:00", LAMP, id="p_x"), at("06:50:00", LAMP, id="p_y")]
    assert ids(found, stored) == ["p_late", "p_early"]


def test_a_new_routine_never_takes_the_id_of_one_that_moved_away() -> None:
    # The miner names a routine by its hour: what moved from seven to eight left its name to a newcomer at seven.
    stored = [at("07:50:00", LAMP, id="p_seven")]
    moved, newcomer = at("08:10:00", LAMP, id="p_eight"), at("07:01:00", LAMP, id="p_seven")
    first = ids([moved, newcomer], stored)
    assert first[0] == "p_seven"
    assert first[1] not in {"p_seven", "p_eight"}
    assert first == ids([moved, newcomer], stored)
    following = identify([moved, newcomer], stored)
    assert ids([moved, newcomer], following) == first


def test_a_stale_routine_gets_its_id_back() -> None:
    gone = at("07:00:00", LAMP, id="p_gone", evidence=evidence(rate_low=0.5))
    assert ids([at("07:03:00", LAMP, id="p_mined")], [gone]) == ["p_gone"]


def test_conditions_tell_two_routines_of_one_cause_apart() -> None:
    night = {"type": "time", "after": "22:00:00"}
    cause = ("binary_sensor.door", "on")
    stored = [after(cause, LAMP, id="p_always"), after(cause, LAMP, id="p_night", conditions=(night,))]
    found = [after(cause, LAMP, id="p_x", conditions=(night,)), after(cause, LAMP, id="p_y")]
    assert ids(found, stored) == ["p_night", "p_always"]


@pytest.mark.parametrize("pattern", EVERY, ids=every_kind.NAMES)
def test_every_kind_keeps_its_id_and_is_no_other_kind(pattern: Pattern) -> None:
    assert ids([pattern.with_(id="p_mined")], [other.with_(id=f"p_{i}") for i, other in enumerate(EVERY)]) == [
        f"p_{EVERY.index(pattern)}"
    ]
    assert [other for other in EVERY if same_routine(pattern, other)] == [pattern]


def lamp_by_the_sun(offset: int, first: str = "17:00:00", last: str = "16:30:00", **changes: Any) -> Pattern:
    """A lamp that follows sunset; the clock times are of the first and the last day it was seen."""
    seen = evidence(first_seen=f"2025-10-20T{first}+02:00", last_seen=f"2025-11-19T{last}+01:00")
    return routine(Kind.SOLAR, SunTrigger("sunset", offset, WEEKDAYS), LAMP, evidence=seen, **changes)


SEASON = ({"type": "season", "from": "10-20", "until": None},)
BLINDS = DayTypeTrigger((TimeTrigger("07:10:00", WORKDAYS), TimeTrigger("08:30:00", WEEKEND)))


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (lamp_by_the_sun(10), True),
        (lamp_by_the_sun(10, "19:10:00", "18:40:00"), False),
        (routine(Kind.SEASONAL, TimeTrigger("17:20:00", WORKDAYS), LAMP, conditions=SEASON), True),
        (routine(Kind.SEASONAL, TimeTrigger("19:20:00", WORKDAYS), LAMP, conditions=SEASON), False),
        (routine(Kind.DAY_TYPE, DayTypeTrigger((TimeTrigger("16:50:00", WORKDAYS),)), LAMP), True),
        (routine(Kind.DAY_TYPE, DayTypeTrigger((TimeTrigger("16:50:00", WEEKEND),)), LAMP), False),
        (after(("person.anna", "home"), LAMP), False),
    ],
)
def test_a_routine_of_the_clock_that_is_understood_better_stays_itself(found: Pattern, same: bool) -> None:
    stored = [at("16:45:00", LAMP, id="p_stored")]
    assert (ids([found.with_(id="p_mined")], stored) == ["p_stored"]) is same
    assert same_routine(stored[0], found) is same


def test_a_kind_of_its_own_goes_before_a_sibling() -> None:
    stored = [at("16:45:00", LAMP, id="p_clock", weekdays=WEEKDAYS), lamp_by_the_sun(10, id="p_sun")]
    found = [lamp_by_the_sun(25, id="p_x"), at("16:10:00", LAMP, id="p_y", weekdays=WEEKDAYS)]
    assert ids(found, stored) == ["p_sun", "p_clock"]


def test_of_two_times_that_were_one_day_type_only_one_keeps_the_id() -> None:
    stored = [routine(Kind.DAY_TYPE, BLINDS, LAMP, id="p_both")]
    found = [at("08:30:00", LAMP, weekdays=WEEKEND, id="p_x"), at("07:10:00", LAMP, id="p_y")]
    assert ids(found, stored) == ["p_x", "p_both"]


def change(pattern: Pattern, trigger: Trigger, *actions: tuple[str, str]) -> Pattern:
    more = {"actions": tuple(Action(*action) for action in actions)} if actions else {}
    return pattern.with_(trigger=trigger, **more)


LUX = "sensor.living_room_illuminance"
WASHER, WINDOW, COFFEE = "switch.washing_machine", "binary_sensor.bedroom_window", "switch.coffee_machine"
TV = StateTrigger("media_player.tv", "off", 30.0, 120.0)
FAN = ("fan.bathroom", "off")


@pytest.mark.parametrize(
    ("stored", "found", "same"),
    [
        (every_kind.SOLAR, change(every_kind.SOLAR, SunTrigger("sunset", 60, WEEKDAYS)), True),
        (every_kind.SOLAR, change(every_kind.SOLAR, SunTrigger("sunset", 80, WEEKDAYS)), False),
        (every_kind.SOLAR, change(every_kind.SOLAR, SunTrigger("sunrise", 12, WEEKDAYS)), False),
        (every_kind.THRESHOLD, change(every_kind.THRESHOLD, NumericTrigger(LUX, None, 54.0, 90, 600)), True),
        (every_kind.THRESHOLD, change(every_kind.THRESHOLD, NumericTrigger(LUX, None, 60.0, 60, 300)), False),
        (every_kind.THRESHOLD, change(every_kind.THRESHOLD, NumericTrigger(LUX, 45.3, None, 60, 300)), False),
        (every_kind.THRESHOLD, change(every_kind.THRESHOLD, NumericTrigger("sensor.b", None, 45.3, 60, 300)), False),
        (every_kind.PRESENCE, change(every_kind.PRESENCE, PresenceTrigger("leaves", PEOPLE[:1], 45, 120)), False),
        (every_kind.PRESENCE, change(every_kind.PRESENCE, PresenceTrigger("arrives", PEOPLE[1:], 45, 120)), False),
        (every_kind.PRESENCE, change(every_kind.PRESENCE, PresenceTrigger("arrives", PEOPLE[:1], 90, 300)), True),
        (every_kind.PRESENCE, change(every_kind.PRESENCE, PresenceTrigger("first_arrives", PEOPLE, 45, 120)), False),
        (
            every_kind.SEQUENCE,
            change(every_kind.SEQUENCE, TV, ("light.living_room_lamp", "off"), ("light.hall", "off")),
            True,
        ),
        (every_kind.SEQUENCE, change(every_kind.SEQUENCE, TV, ("light.a", "off"), ("light.hall", "off")), False),
        (every_kind.SEQUENCE, change(every_kind.SEQUENCE, StateTrigger("media_player.tv", "on", 30, 120)), False),
        (
            every_kind.SCENE,
            change(every_kind.SCENE, TogetherTrigger((), 90), ("light.lamp", "on"), ("light.spots", "on")),
            True,
        ),
        (
            every_kind.SCENE,
            change(every_kind.SCENE, TogetherTrigger((), 90), ("light.lamp", "on"), ("light.desk", "on")),
            False,
        ),
        (every_kind.DURATION, change(every_kind.DURATION, HeldTrigger("fan.bathroom", "on", 1650.0)), True),
        (every_kind.DURATION, change(every_kind.DURATION, HeldTrigger("fan.bathroom", "on", 1750.0)), False),
        (every_kind.FREQUENCY, change(every_kind.FREQUENCY, RateTrigger(WASHER, "on", 2, 5, "2025-10-15")), True),
        (every_kind.FREQUENCY, change(every_kind.FREQUENCY, RateTrigger(WASHER, "on", 6, 2, "2025-10-12")), False),
        (every_kind.LEFT_OPEN, change(every_kind.LEFT_OPEN, HeldTrigger(WINDOW, "on", 9000.0)), True),
        (every_kind.LEFT_OPEN, change(every_kind.LEFT_OPEN, HeldTrigger("light.a", "on", 2400.0)), False),
        (
            every_kind.MISSED,
            change(every_kind.MISSED, MissedTrigger(COFFEE, "on", "07:20:00", WORKDAYS, "2025-11-14")),
            True,
        ),
        (
            every_kind.MISSED,
            change(every_kind.MISSED, MissedTrigger(COFFEE, "on", "17:40:00", WORKDAYS, "2025-11-12")),
            False,
        ),
    ],
)
def test_what_counts_as_the_same_routine_of_each_kind(stored: Pattern, found: Pattern, same: bool) -> None:
    assert same_routine(found, stored) is same_routine(stored, found) is same
    assert (ids([found.with_(id="p_mined")], [stored.with_(id="p_stored")]) == ["p_stored"]) is same


@pytest.mark.parametrize(
    ("cause", "same"),
    [
        (("person.anna", "home"), True),
        (("person.anna", "not_home"), False),
        (("person.ben", "home"), False),
        (("binary_sensor.front_door", "on"), False),
    ],
)
def test_an_arrival_that_was_known_as_a_persons_state_stays_itself(cause: tuple[str, str], same: bool) -> None:
    known = after(cause, ("light.hall", "on"), id="p_stored")
    assert same_routine(known, every_kind.PRESENCE) is same_routine(every_kind.PRESENCE, known) is same
    assert (ids([every_kind.PRESENCE.with_(id="p_mined")], [known]) == ["p_stored"]) is same


def test_a_duration_that_grows_a_little_every_night_stays_one_routine() -> None:
    stored = [every_kind.DURATION.with_(id="p_first")]
    for minutes in range(20, 90, 3):
        stored = identify([change(every_kind.DURATION, HeldTrigger("fan.bathroom", "on", 60.0 * minutes))], stored)
        assert [pattern.id for pattern in stored] == ["p_first"]


def test_evidence_without_instants_only_makes_the_sun_and_the_clock_strangers() -> None:
    strange = lamp_by_the_sun(10).with_(evidence=evidence(first_seen="a", last_seen="b"))
    assert not same_routine(strange, at("16:45:00", LAMP))
    assert same_routine(strange, strange)


times = st.builds("{:02d}:{:02d}:00".format, st.integers(0, 23), st.integers(0, 59))
weekdays = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(
    lambda days: tuple(day for day in WEEKDAYS if day in days)
)
lamps = st.sampled_from(["light.a", "light.b"])


@st.composite
def routines(draw: st.DrawFn) -> Pattern:
    """Of few things, so that many are near to each other."""
    lamp, days = (draw(lamps), "on"), draw(weekdays)
    match draw(st.sampled_from(["time", "day_type", "sun", "state", "numeric", "held", "rate"])):
        case "time":
            return at(draw(times), lamp, weekdays=days)
        case "day_type":
            both = (TimeTrigger(draw(times), days[:1]), TimeTrigger(draw(times), days[1:]))
            return routine(Kind.DAY_TYPE, DayTypeTrigger(both), lamp)
        case "sun":
            seen = evidence(first_seen=f"2025-10-01T{draw(times)}+02:00", last_seen=f"2025-11-01T{draw(times)}+01:00")
            trigger = SunTrigger(draw(st.sampled_from(["sunrise", "sunset"])), draw(st.integers(-180, 180)), days)
            return routine(Kind.SOLAR, trigger, lamp, evidence=seen)
        case "state":
            return after((draw(lamps), "off"), lamp, delay=draw(st.floats(15, 900)))
        case "numeric":
            level = draw(st.floats(-30, 30))
            up = draw(st.booleans())
            numeric = NumericTrigger("sensor.a", level if up else None, None if up else level, 60, 300)
            return routine(Kind.THRESHOLD, numeric, lamp)
        case "held":
            return routine(Kind.DURATION, HeldTrigger(lamp[0], "on", draw(st.floats(60, 9000))), (lamp[0], "off"))
        case _:
            before, since = draw(st.floats(0, 9)), draw(st.floats(0, 9))
            return routine(Kind.FREQUENCY, RateTrigger(*lamp, before, since, "2025-10-12"))


homes = st.lists(routines(), max_size=8).map(
    lambda home: [pattern.with_(id=f"p_{i}") for i, pattern in enumerate(home)]
)


@settings(max_examples=150, deadline=None)
@given(found=homes, stored=homes, random=st.randoms(use_true_random=False))
def test_ids_are_never_shared_and_matches_are_the_same_routine(
    found: list[Pattern], stored: list[Pattern], random: Random
) -> None:
    named = identify(found, stored)
    by_id = {pattern.id: pattern for pattern in stored}
    assert len({pattern.id for pattern in named}) == len(found)
    for before, now in zip(found, named, strict=True):
        assert now.with_(id=before.id) == before
        if now.id in by_id:
            assert same_routine(now, by_id[now.id])
    unnamed = [pattern for pattern in named if pattern.id not in by_id]
    unclaimed = [pattern for pattern in stored if pattern.id not in {each.id for each in named}]
    assert not [(a, b) for a in unnamed for b in unclaimed if same_routine(a, b)]
    assert identify(named, named) == named
    order = list(range(len(found)))
    random.shuffle(order)
    shuffled = identify([found[i] for i in order], random.sample(stored, len(stored)))
    assert shuffled == [named[i] for i in order]


@settings(max_examples=100, deadline=None)
@given(a=routines(), b=routines())
def test_being_the_same_routine_is_mutual(a: Pattern, b: Pattern) -> None:
    assert same_routine(a, a)
    assert same_routine(a, b) is same_routine(b, a)


def test_a_home_that_did_not_change_keeps_every_id() -> None:
    home = [at(f"{hour:02d}:00:00", LAMP, id=f"p_{hour}", weekdays=WORKDAYS) for hour in range(0, 24, 2)]
    assert ids([pattern.with_(id=f"p_mined_{i}") for i, pattern in enumerate(home)], home) == [p.id for p in home]
