"""What is heard of a home becomes events: which, whose, and that nothing waits or is lost unnoticed."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.events import EntityInfo, Origin
from src.domain.home import Home, HomeEntity
from src.domain.selection import Selection
from src.history.admission import Admission
from src.history.live import Buffer, Heard, Judge, LiveChange, LiveStart, heard
from src.history.live_contexts import Context, LiveContexts
from src.history.logbook import Firing
from tests.unit.history.recording_home import START, RecordingHome, micros, rows_of

HALL = HomeEntity("light.hall", name="Hall", area="Hall")
HOME = Home("2024.3.3", time_zone="Europe/Berlin", entities={"light.hall": HALL})
NOON = START.replace(hour=12)
SECOND = timedelta(seconds=1)


class Home26(RecordingHome):
    """A home that keeps what it fires, instead of sending it."""

    def __init__(self) -> None:
        super().__init__("2026.11.0")
        self.fired: list[dict[str, Any]] = []

    def fire(self, kind: str, data: Any, context: Any = None, *, at: Any = None) -> None:
        assert at is not None
        self.fired.append({"event_type": kind, "data": data, "context": context, "time_fired": at.isoformat()})


def judged(home: Home26, contexts: LiveContexts | None = None) -> dict[tuple[int, str, str], Origin]:
    known = LiveContexts() if contexts is None else contexts
    things = [thing for event in home.fired if (thing := heard(event, known)) is not None]
    judge = Judge(known)
    judge.look_at(HOME, Admission(HOME))
    return rows_of(judge.log(things))


def test_who_causes_a_change() -> None:
    home = Home26()
    home.change("light.hall", "off", Origin.UNKNOWN)
    home.change("light.porch", "off", Origin.UNKNOWN)
    by_hand = home.switch("light.hall", "on")
    home.change("light.porch", "on", Origin.AUTOMATION, context=by_hand)
    by_app = home.app("light.hall", "off")
    home.change("light.porch", "off", Origin.USER, context=by_app)
    home.automation("automation.clock", "light.hall", "on", after=timedelta(hours=5))
    home.automation("automation.motion", "light.hall", "off", by=by_hand)
    home.automation("automation.chain", "light.hall", "on", by=by_app)
    home.script("light.porch", "on", user=home.anna)
    home.script("light.porch", "off", user=None)
    home.bridge("light.hall", "off")
    home.change("light.hall", "off", Origin.DEVICE, attributes={"brightness": 3})

    assert judged(home) == home.happened


def test_a_program_with_a_token_is_no_person() -> None:
    home, contexts = Home26(), LiveContexts({"n0de"})
    home.change("light.hall", "off", Origin.UNKNOWN)
    home.app("light.hall", "on", user="n0de", origin=Origin.AUTOMATION)

    assert judged(home, contexts) == home.happened


def test_an_automation_that_was_set_off_before_one_listened() -> None:
    home, contexts = Home26(), LiveContexts()
    home.change("light.hall", "off", Origin.UNKNOWN)
    home.automation("automation.wait", "light.hall", "on", after=timedelta(hours=3))
    triggered = next(event for event in home.fired if event["event_type"] == "automation_triggered")
    home.fired.remove(triggered)
    contexts.note_automatic({triggered["context"]["id"]: micros(START)})

    assert judged(home, contexts) == home.happened


def test_first_reports_after_a_start_are_nobodys() -> None:
    home = Home26()
    home.change("light.hall", "off", Origin.UNKNOWN)
    home.change("light.porch", "unavailable", Origin.UNKNOWN)
    home.event("homeassistant_start", {}, {"id": "s", "user_id": None, "parent_id": None})
    home.change("light.porch", "off", Origin.UNKNOWN)
    home.switch("light.porch", "on")
    home.later(hours=1)
    home.switch("light.hall", "on")

    assert judged(home) == home.happened


def test_a_start_that_was_seen_from_its_beginning_is_one_start() -> None:
    judge = Judge(LiveContexts())
    judge.look_at(HOME, Admission(HOME))
    at = micros(NOON)
    judge.loading()
    hand = Context("c", None, None)
    log = judge.log(
        [
            LiveChange(at + 1, "light.hall", "off", hand, False),
            LiveStart(at + 2),
            LiveChange(at + 3, "light.hall", "on", hand, False),
        ]
    )
    assert [Origin(origin) for origin in log.origin] == [Origin.UNKNOWN, Origin.DEVICE]


def test_an_automation_that_fires_is_told() -> None:
    home = Home26()
    home.automation("automation.clock", "light.hall", "on")
    assert heard(home.fired[0], LiveContexts()) == Firing("automation.clock", micros(START) + 1_500)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event_type": "state_changed"},
        {"event_type": "state_changed", "data": {"entity_id": "light.a", "new_state": None}},
        {"event_type": "state_changed", "data": {"entity_id": 5, "new_state": {"state": "on"}}},
        {"event_type": "state_changed", "data": {"entity_id": "light.a", "new_state": {"state": "on"}}},
        {
            "event_type": "state_changed",
            "data": {"entity_id": "light.a", "new_state": {"state": "on", "last_changed": "noon"}},
        },
        {"event_type": "automation_triggered", "data": {}, "time_fired": None},
        {"event_type": "call_service", "data": {}, "time_fired": "2026-01-01T00:00:00"},
        {"event_type": "something_else", "data": {}, "time_fired": "2026-01-01T00:00:00+00:00"},
    ],
)
def test_what_says_nothing(event: dict[str, Any]) -> None:
    assert heard(event, LiveContexts()) is None


def test_entities_are_described_once_and_those_left_out_counted() -> None:
    judge = Judge(LiveContexts())
    judge.look_at(HOME, Admission(HOME, Selection.parse("", "light.porch")))
    hand = Context("c", None, None)

    first = judge.log([LiveChange(micros(NOON), name, "on", hand, False) for name in ("light.hall", "light.porch")])
    second = judge.log([LiveChange(micros(NOON) + 1, "light.hall", "off", hand, False)])

    assert (first.entities, first.time_zone) == (("light.hall",), "Europe/Berlin")
    assert first.info == {"light.hall": EntityInfo("light.hall", "Hall", "Hall")}
    assert (len(second), second.info) == (1, {})
    assert judge.skipped == {"not_selected": 1}


@given(st.lists(st.tuples(st.integers(0, 200_000_000_000), st.booleans()), max_size=80))
def test_remembered_contexts_are_few_and_young(seen: list[tuple[int, bool]]) -> None:
    contexts, newest = LiveContexts(most=10), 0
    for number, (at, automatic) in enumerate(sorted(seen)):
        contexts.note("automation_triggered" if automatic else "call_service", Context(str(number), None, None), at)
        newest = at
    assert len(contexts) <= 20
    for number, (at, automatic) in list(enumerate(sorted(seen)))[-10:]:
        wanted = Origin.AUTOMATION if automatic else Origin.USER
        if newest - at < 86_000_000_000:
            assert contexts.origin(Context(str(number), None, None), "light.hall", newest) is wanted


def test_what_follows_in_a_devices_own_context_was_done_by_nobody() -> None:
    contexts = LiveContexts()
    by_hand, asked = Context("a", None, None), Context("b", "anna", None)
    changes = [(by_hand, "switch.desk"), (by_hand, "light.glow"), (by_hand, "switch.desk")]
    changes += [(asked, "light.one"), (asked, "light.two")]
    assert [contexts.origin(context, entity_id, 0) for context, entity_id in changes] == [
        Origin.DEVICE,
        Origin.AUTOMATION,
        Origin.DEVICE,
        Origin.USER,
        Origin.USER,
    ]


def things(*numbers: int) -> list[Heard]:
    return [Firing("automation.a", number) for number in numbers]


def test_a_buffer_gives_what_it_got_in_order() -> None:
    buffer = Buffer(10)
    for thing in things(1, 2, 3):
        buffer.put(thing)
    assert buffer.take(2, 0) == things(1, 2)
    assert buffer.take(2, 0) == things(3)
    assert buffer.take(2, 0) == []


def test_a_full_buffer_loses_all_that_follows_and_says_so() -> None:
    buffer = Buffer(2)
    for thing in things(1, 2, 3):
        buffer.put(thing)
    assert buffer.take(1, 0) == things(1)
    for thing in things(4):  # there is room again, but 3 is missing before it
        buffer.put(thing)
    assert buffer.take(5, 60) == things(2)
    lost = buffer.lost
    buffer.resume()
    buffer.put(things(5)[0])
    assert (lost, buffer.lost) == (True, False)
    assert buffer.take(1, 0) == things(5)


def test_an_error_comes_after_what_was_heard_before_it() -> None:
    buffer = Buffer(10)
    buffer.put(things(1)[0])
    buffer.end(OSError("gone"))
    assert not buffer.ended
    assert buffer.take(5, 60) == things(1)
    assert not buffer.ended, "who asked only this would never hear of the error"
    with pytest.raises(OSError, match="gone"):
        buffer.take(5, 60)


def test_who_waits_for_a_buffer_hears_of_its_end() -> None:
    buffer = Buffer(10)
    got: list[list[Heard]] = []
    worker = Thread(target=lambda: got.append(buffer.take(5, 60)))
    worker.start()
    buffer.end()
    worker.join(10)
    assert got == [[]]
    assert buffer.ended
