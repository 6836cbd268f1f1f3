"""Of patterns that explain the same hits, the simplest stays: whatever the order in which they were found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import Int64Array
from src.domain.patterns import (
    WEEKDAYS,
    DayTypeTrigger,
    HeldTrigger,
    Kind,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
)
from src.mining.changes import find_changes
from src.mining.kind import Candidate, Finding, Home, Step, Trial
from src.mining.overlap import Explained, simplest
from src.mining.preparation import prepare
from tests.unit.mining.conftest import Row, build_log, day

ENTITIES = ("binary_sensor.door", "binary_sensor.motion", "light.a", "light.b", "light.c")
MINUTE = 60_000_000


@cache
def home() -> Home:
    """Forty days on which everything is switched on at noon, one minute after the other, and off two hours later."""
    rows: list[Row] = []
    for number in range(40):
        for place, entity in enumerate(ENTITIES):
            at = day(number, 12) + timedelta(minutes=place)
            rows += [(at, entity, "on"), (at + timedelta(hours=2, minutes=number), entity, "off")]
    log = build_log(rows)
    return prepare(log, find_changes(log))


def code(entity_id: str, to: str = "on") -> int:
    return next(thing.code for thing in home().changes.things if (thing.entity_id, thing.to) == (entity_id, to))


def times(entity_id: str, to: str = "on") -> Int64Array:
    changes = home().changes
    return changes.time[changes.of(code(entity_id, to))]


def found(
    kind: Kind, target: str, trigger: object, *, hits: int = 28, n: int = 30, p: float = 1e-20, **more: object
) -> Finding:
    """A finding about a lamp coming on; its hits are the first of the lamp's times."""
    own = times(target)
    candidate = Candidate(
        kind=kind,
        target=code(target),
        source=code(trigger.entity_id, trigger.to) if isinstance(trigger, StateTrigger) else None,
        trigger=trigger,  # type: ignore[arg-type]
        discovery=Trial(hits, n, 0.05),
        holdout=Trial(9, 10, 0.05),
        p_value=p,
        hit_times=own[: hits + 9],
        values=np.full(len(own[: hits + 9]), 720.0),
    )
    return Finding(replace(candidate, **more), p, p)  # type: ignore[arg-type]


def clock(target: str, **more: object) -> Finding:
    return found(Kind.TIME_OF_DAY, target, TimeTrigger("12:00:00", WEEKDAYS), **more)  # type: ignore[arg-type]


def after(source: str, target: str, seconds: float = 60.0, **more: object) -> Finding:
    trigger = StateTrigger(source, "on", seconds, 300.0)
    return found(Kind.CO_OCCURRENCE, target, trigger, **more)  # type: ignore[arg-type]


def kept(*findings: Finding, familiar: Callable[[Finding], bool] = lambda finding: False) -> list[Finding]:
    return simplest(home(), findings, familiar)[0]


def test_a_lamp_after_a_door_needs_no_clock_and_no_motion_sensor_besides() -> None:
    door, motion = (
        after("binary_sensor.door", "light.a", 120.0, hits=30),
        after("binary_sensor.motion", "light.a", 60.0),
    )
    survivors, explained = simplest(home(), [clock("light.a", hits=26), motion, door])
    assert survivors == [door]
    assert {each.reason for each in explained} == {"explained_by_a_simpler_pattern"}


def test_routines_of_different_things_do_not_explain_each_other() -> None:
    assert len(kept(clock("light.a"), clock("light.b"), after("binary_sensor.door", "light.c"))) == 3


def test_a_pattern_of_other_hits_of_the_same_lamp_stays() -> None:
    morning, evening = clock("light.a", hits=15), clock("light.a", hits=15)
    later = replace(evening.candidate, hit_times=times("light.a")[24:])
    assert len(kept(morning, replace(evening, candidate=later))) == 2


def test_of_two_directions_the_stronger_is_shown() -> None:
    there, back = after("light.a", "light.b", hits=30), after("light.b", "light.a", hits=25)
    survivors, explained = simplest(home(), [back, there])
    assert survivors == [there]
    assert [each.reason for each in explained] == ["the_other_direction_is_shown"]
    assert explained[0].by is there


def scene(*members: str) -> Finding:
    first, *others = members
    return found(
        Kind.SCENE,
        first,
        TogetherTrigger(tuple(sorted(members)), 60.0),
        hits=26,
        steps=tuple(Step(code(other), times(other)[:35]) for other in others),
    )


def test_a_scene_takes_the_place_of_the_pairs_inside_it() -> None:
    whole = scene("light.a", "light.b", "light.c")
    assert kept(after("light.a", "light.b"), after("light.b", "light.c"), whole) == [whole]


def test_what_was_told_from_the_clock_before_is_not_asked_again() -> None:
    """The sun is a candidate only where it explains the minutes decisively better than any clock."""
    sun = found(Kind.SOLAR, "light.a", SunTrigger("sunset", 5, WEEKDAYS), p=1e-18)
    assert kept(clock("light.a", p=1e-20), sun) == [sun]


def test_two_times_need_more_evidence_than_one() -> None:
    one = clock("light.a", p=1e-20)
    two = DayTypeTrigger((TimeTrigger("07:00:00", WEEKDAYS[:5]), TimeTrigger("08:00:00", WEEKDAYS[5:])))
    assert kept(one, found(Kind.DAY_TYPE, "light.a", two, p=1e-21)) == [one]
    assert kept(one, found(Kind.DAY_TYPE, "light.a", two, p=1e-23))[0].candidate.kind is Kind.DAY_TYPE


def test_what_was_shown_last_night_stays_before_a_rival_that_is_hardly_stronger() -> None:
    old, rival = after("binary_sensor.motion", "light.a", 60.0, hits=27), clock("light.a", hits=28)
    assert kept(old, rival) == [rival]
    assert kept(old, rival, familiar=lambda finding: finding is old) == [old]
    weak = after("binary_sensor.motion", "light.a", 60.0, hits=20)
    assert kept(weak, rival, familiar=lambda finding: finding is weak) == [rival], "not before a clearly stronger one"


def test_what_can_only_be_told_is_told_once_and_explains_no_routine() -> None:
    often = found(Kind.FREQUENCY, "light.a", RateTrigger("light.a", "on", 2.0, 6.0, "2026-02-01"), acts=False)
    oftener = found(
        Kind.FREQUENCY, "light.a", RateTrigger("light.a", "on", 2.0, 7.0, "2026-02-02"), acts=False, hits=30
    )
    routine = clock("light.a")
    assert set(map(id, kept(often, oftener, routine))) == {id(oftener), id(routine)}


def pool() -> list[Finding]:
    return [
        clock("light.a"),
        clock("light.b", hits=25),
        after("binary_sensor.door", "light.a", 120.0, hits=29),
        after("binary_sensor.motion", "light.a", 60.0),
        after("light.a", "light.b"),
        after("light.b", "light.a", hits=24),
        after("light.b", "light.c", hits=22),
        scene("light.a", "light.b", "light.c"),
        found(Kind.SOLAR, "light.c", SunTrigger("sunset", 5, WEEKDAYS), p=1e-22),
        clock("light.c"),
        found(Kind.DURATION, "light.c", HeldTrigger("light.c", "on", 7200.0), hits=20),
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10), unique=True).flatmap(st.permutations))
def test_the_order_of_finding_decides_nothing_and_nothing_vanishes_without_a_word(order: Sequence[int]) -> None:
    findings = [pool()[number] for number in order]
    names = {id(finding): number for number, finding in zip(order, findings, strict=True)}
    survivors, explained = simplest(home(), findings)
    straight, _ = simplest(home(), [pool()[number] for number in sorted(order)])
    assert [_name(finding) for finding in survivors] == [_name(finding) for finding in straight]
    gone = [names[id(each.finding)] for each in explained]
    assert sorted([*(names[id(finding)] for finding in survivors), *gone]) == sorted(order)
    assert all(_explains(each, findings) for each in explained)


def _name(finding: Finding) -> tuple[str, int, int | None]:
    return str(finding.candidate.kind), finding.candidate.target, finding.candidate.source


def _explains(each: Explained, findings: list[Finding]) -> bool:
    """It is another finding of the same lot that stands in its place."""
    return each.by is not each.finding and any(each.by is finding for finding in findings)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10), unique=True))
def test_what_is_left_needs_no_second_look(chosen: list[int]) -> None:
    survivors, _ = simplest(home(), [pool()[number] for number in chosen])
    again, explained = simplest(home(), survivors)
    assert again == survivors
    assert explained == []
