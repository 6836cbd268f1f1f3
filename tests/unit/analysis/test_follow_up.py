"""What became of an automation, from its firings and what people did around them."""

from __future__ import annotations

import pytest

from src.analysis.follow_up import Deed, FollowUp, Verdict, follow_up
from src.domain.events import Origin
from src.domain.local_time import DAY
from tests.unit.store.worlds import NOW, SECOND, Event, log_of

MINUTE = 60 * SECOND
ON = frozenset(("on",))
LAMP = (Deed("light.hall", ON),)
FIRED = [NOW + day * DAY for day in range(1, 8)]
BORN = NOW - 28 * DAY


def followed(
    events: list[Event], firings: list[int] = FIRED, *, deeds: tuple[Deed, ...] = LAMP, days: int = 10
) -> FollowUp:
    log = log_of([(BORN, "light.hall", "off", Origin.UNKNOWN), *events])
    return follow_up(deeds, since=NOW, firings=firings, log=log, first=BORN, now=NOW + days * DAY)


def acts(*times: int) -> list[Event]:
    """The automation does its work, and the lamp goes out an hour later."""
    return [
        event
        for at in times
        for event in (
            (at, "light.hall", "on", Origin.AUTOMATION),
            (at + 60 * MINUTE, "light.hall", "off", Origin.AUTOMATION),
        )
    ]


def off(at: int, origin: Origin = Origin.DEVICE) -> Event:
    return (at, "light.hall", "off", origin)


def test_it_works_when_nobody_minds() -> None:
    got = followed([*acts(*FIRED), *(off(at + 30 * MINUTE) for at in FIRED)])
    assert (got.fired, got.undone, got.verdict, got.last_fired) == (7, 0, Verdict.WORKING, FIRED[-1])


def test_switched_back_within_minutes_is_undone_whoever_did_it() -> None:
    undone = [off(FIRED[0] + MINUTE), off(FIRED[1] + 9 * MINUTE, Origin.USER), off(FIRED[2] + 11 * MINUTE)]
    got = followed([*acts(*FIRED), *undone])
    assert (got.undone, got.verdict) == (2, Verdict.WORKING)


def test_what_is_always_off_again_soon_is_not_undone_by_that() -> None:
    """A hall light that people leave on for five minutes or so, before and since."""
    used: list[Event] = []
    for day in range(1, 21):
        at = NOW - day * DAY
        used += [(at, "light.hall", "on", Origin.DEVICE), off(at + (4 + day % 3) * MINUTE)]
    usual = [off(at + 5 * MINUTE) for at in FIRED]
    assert followed([*used, *acts(*FIRED), *usual]).undone == 0
    at_once = [off(at + MINUTE) for at in FIRED]
    assert followed([*used, *acts(*FIRED), *at_once]).verdict is Verdict.OFTEN_UNDONE


def test_often_undone_is_reported() -> None:
    got = followed([*acts(*FIRED), *(off(at + MINUTE) for at in FIRED[:3])])
    assert (got.undone, got.verdict) == (3, Verdict.OFTEN_UNDONE)
    assert "people undid 3 of them" in got.sentence


def test_what_another_automation_does_is_nobodys_dislike() -> None:
    assert followed([*acts(*FIRED), *(off(at + MINUTE, Origin.AUTOMATION) for at in FIRED)]).undone == 0


def test_its_own_report_is_no_answer() -> None:
    assert followed([*acts(*FIRED), *(off(at + SECOND) for at in FIRED)]).undone == 0


@pytest.mark.parametrize("silence", ["unavailable", "unknown"])
def test_a_lamp_that_cannot_be_reached_for_a_while_is_neither_undone_nor_done(silence: str) -> None:
    away: list[Event] = [(at + MINUTE, "light.hall", silence, Origin.DEVICE) for at in FIRED]
    back: list[Event] = [(at + 20 * MINUTE, "light.hall", "on", Origin.DEVICE) for at in FIRED]
    got = followed([*acts(*FIRED), *away, *back])
    assert (got.undone, got.by_hand_after) == (0, 0)


def test_a_cover_that_takes_its_time_is_not_opened_by_hand() -> None:
    deeds = (Deed("cover.hall", frozenset(("open",))),)
    begin: Event = (BORN, "cover.hall", "closed", Origin.UNKNOWN)

    def moved(at: int, way: str, end: str, origin: Origin, arrives: Origin = Origin.DEVICE) -> list[Event]:
        return [(at, "cover.hall", way, origin), (at + 40 * SECOND, "cover.hall", end, arrives)]

    opened = [event for at in FIRED for event in moved(at, "opening", "open", Origin.AUTOMATION)]
    late = [(at + 30 * SECOND, "cover.hall", "open", Origin.DEVICE) for at in FIRED]
    evenings = [event for at in FIRED for event in moved(at + 5 * MINUTE, "closing", "closed", Origin.AUTOMATION)]
    assert followed([begin, *opened, *evenings], deeds=deeds).by_hand_after == 0
    assert followed([begin, *opened, *evenings], deeds=deeds).undone == 0
    assert followed([begin, *late, *evenings], deeds=deeds).by_hand_after == 0
    unwanted = [event for at in FIRED for event in moved(at + 5 * MINUTE, "closing", "closed", Origin.USER)]
    assert followed([begin, *opened, *unwanted], deeds=deeds).undone == 7


def test_a_player_that_plays_is_a_player_that_was_switched_on() -> None:
    deeds = (Deed("media_player.hall", frozenset(("on", "idle", "playing"))),)
    events: list[Event] = [(BORN, "media_player.hall", "off", Origin.UNKNOWN)]
    for at in FIRED:
        events += [(at, "media_player.hall", "on", Origin.AUTOMATION)]
        events += [(at + MINUTE, "media_player.hall", "playing", Origin.USER)]
        events += [(at + 60 * MINUTE, "media_player.hall", "off", Origin.USER)]
    assert followed(events, deeds=deeds).undone == 0


def test_later_steps_are_watched_at_their_time() -> None:
    deeds = (*LAMP, Deed("switch.fan", ON, 1800.0))
    events: list[Event] = [(BORN, "switch.fan", "off", Origin.UNKNOWN)]
    for at in FIRED:
        events += [(at + 30 * MINUTE, "switch.fan", "on", Origin.AUTOMATION)]
        events += [(at + 35 * MINUTE, "switch.fan", "off", Origin.USER)]
    assert followed(events, deeds=deeds).undone == 7


def test_the_habit_by_hand_before_and_after() -> None:
    days = [*range(-27, 0), 2, 9]
    by_hand: list[Event] = [(NOW + day * DAY, "light.hall", "on", Origin.USER) for day in days]
    still_on: list[Event] = [(NOW + day * DAY + MINUTE, "light.hall", "on", Origin.DEVICE) for day in days]
    out = [off(NOW + day * DAY + 20 * MINUTE) for day in days]
    got = followed([*by_hand, *still_on, *out], [], days=14)
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
