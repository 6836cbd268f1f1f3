"""What became of an automation, from its firings and what people did around them."""

from __future__ import annotations

from src.analysis.follow_up import FollowUp, Verdict, follow_up
from src.domain.events import Origin
from src.domain.local_time import DAY
from src.domain.patterns import Action
from tests.unit.store.worlds import NOW, SECOND, Event, log_of

MINUTE = 60 * SECOND
LAMP = (Action("light.hall", "on"),)
FIRED = [NOW + day * DAY for day in range(1, 8)]


def followed(
    events: list[Event], firings: list[int] = FIRED, *, actions: tuple[Action, ...] = LAMP, days: int = 10
) -> FollowUp:
    start: Event = (NOW - 28 * DAY, "sensor.clock", "0", Origin.UNKNOWN)
    return follow_up(actions, since=NOW, firings=firings, log=log_of([start, *events]), now=NOW + days * DAY)


def off(at: int, origin: Origin = Origin.DEVICE) -> Event:
    return (at, "light.hall", "off", origin)


def test_it_works_when_nobody_minds() -> None:
    acts: list[Event] = [(at, "light.hall", "on", Origin.AUTOMATION) for at in FIRED]
    later = [off(at + 30 * MINUTE) for at in FIRED]
    got = followed([*acts, *later])
    assert (got.fired, got.undone, got.verdict, got.last_fired) == (7, 0, Verdict.WORKING, FIRED[-1])


def test_switched_back_within_minutes_is_undone_whoever_did_it() -> None:
    got = followed([off(FIRED[0] + MINUTE), off(FIRED[1] + 9 * MINUTE, Origin.USER), off(FIRED[2] + 11 * MINUTE)])
    assert (got.undone, got.verdict) == (2, Verdict.WORKING)


def test_often_undone_is_reported() -> None:
    got = followed([off(at + MINUTE) for at in FIRED[:3]])
    assert (got.undone, got.verdict) == (3, Verdict.OFTEN_UNDONE)
    assert "people undid 3 of them" in got.sentence


def test_what_another_automation_does_is_nobodys_dislike() -> None:
    assert followed([off(at + MINUTE, Origin.AUTOMATION) for at in FIRED]).undone == 0


def test_its_own_report_is_no_answer() -> None:
    assert followed([off(at + SECOND) for at in FIRED]).undone == 0


def test_later_steps_are_watched_at_their_time() -> None:
    actions = (Action("light.hall", "on"), Action("switch.fan", "on", 1800.0))
    undone: list[Event] = [(at + 35 * MINUTE, "switch.fan", "off", Origin.USER) for at in FIRED]
    assert followed(undone, actions=actions).undone == 7


def test_the_habit_by_hand_before_and_after() -> None:
    before: list[Event] = [(NOW - day * DAY, "light.hall", "on", Origin.USER) for day in range(1, 28)]
    after: list[Event] = [(NOW + day * DAY, "light.hall", "on", Origin.USER) for day in (2, 9)]
    got = followed([*before, *after], days=14)
    assert (got.by_hand_before, got.by_hand_after, got.stopped) == (6.75, 1.0, True)


def test_before_three_days_it_is_too_early() -> None:
    assert followed([], [], days=2).verdict is Verdict.TOO_EARLY
    assert followed([], [], days=3).verdict is Verdict.NEVER_FIRED
    assert followed([], [], days=2).stopped is None


def test_firings_from_before_are_not_its_own() -> None:
    assert followed([], [NOW - DAY, NOW + DAY]).fired == 1


def test_the_json_has_every_number() -> None:
    got = followed([]).to_json()
    assert got["verdict"] == "working"
    assert got["by_hand_per_week_before"] == 0.0
    assert set(got) == {
        "since",
        "fired",
        "last_fired",
        "undone",
        "by_hand_per_week_before",
        "by_hand_per_week_after",
        "stopped",
        "verdict",
        "sentence",
    }
