"""Listening: whatever breaks, the store has what happened, once, and the thread ends when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog, Origin
from src.domain.selection import Selection
from src.errors import NoHistory, StoreError
from src.history.live import Buffer, Heard, LiveChange
from src.history.logbook import Firing
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from src.jobs.live import Live, LiveState
from src.jobs.live_connection import LiveOptions
from src.jobs.reconnecting import Reconnecting
from src.store import Store
from src.store.events import Imported
from tests.fake_home_assistant import Refusal
from tests.unit.history.recording_home import SENSOR, Happened, RecordingHome, micros, rows_of

SOON = LiveOptions(flush_seconds=0.02)
PATIENCE = 20.0  # s, until a test gives up on what should happen at once


class Rig:
    """A home, a store, and listeners whose waits are noted and cut short."""

    def __init__(self, home: RecordingHome, store: Store) -> None:
        self.home = home
        self.store = store
        self.waits: list[float] = []
        self.fired: list[Firing] = []
        self.ahead = timedelta()
        self.made: list[Live] = []

    def live(self, options: LiveOptions = SOON, *, store: Store | None = None, timeout: float = 2.0) -> Live:
        ended = threading.Event()

        def wait(seconds: float) -> None:
            self.waits.append(seconds)
            ended.wait(0.01)

        live = Live(
            HomeAssistant(self.home.access(timeout)),
            store or self.store,
            describe=describe_home,
            clock=lambda: micros(self.home.now + self.ahead),
            options=options,
            fired=self.fired.extend,
            wait=wait,
            chance=lambda: 0.5,
        )
        self.made.append(live)
        live.start()
        return live

    def stored(self) -> Happened:
        try:
            return rows_of(self.store.events.load())
        except NoHistory:
            return {}

    def has_all(self) -> bool:
        return self.stored().keys() >= self.home.happened.keys()

    def close(self) -> None:
        for live in self.made:
            assert live.close(PATIENCE)


def eventually(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


def listening(live: Live) -> Callable[[], bool]:
    return lambda: live.status().state is LiveState.LISTENING


def new_home() -> RecordingHome:
    home = RecordingHome()
    for entity_id in ("light.hall", "light.porch", "switch.fan", "automation.clock"):
        home.add_entity(entity_id, name=entity_id.title())
        home.change(entity_id, "off", Origin.UNKNOWN)
    return home


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    store = Store.open(f"sqlite:///{tmp_path / 'live.db'}")
    with new_home() as home:
        rig = Rig(home, store)
        yield rig
        rig.close()
    store.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("live", "lease"))]


def evening(home: RecordingHome) -> None:
    by_hand = home.switch("light.hall", "on")
    home.automation("automation.motion", "light.porch", "on", by=by_hand)
    home.app("light.hall", "off")
    home.automation("automation.clock", "switch.fan", "on")
    home.bridge("switch.fan", "off")
    home.switch("light.porch", "off")


def test_history_first_and_then_what_happens(rig: Rig) -> None:
    evening(rig.home)
    rig.home.later(days=2)
    live = rig.live()
    eventually(listening(live))
    assert rig.stored() == rig.home.happened
    evening(rig.home)
    eventually(rig.has_all)

    assert rig.stored() == rig.home.happened
    assert live.status().events == len(rig.home.happened)
    assert live.status().last_event == max(key[0] for key in rig.home.happened)
    assert live.status().last_error is None
    assert rig.store.events.time_zone() == "Europe/Berlin"
    assert rig.store.events.position(live.key) == max(key[0] for key in rig.home.happened)
    assert {firing.automation for firing in rig.fired} == {"automation.motion", "automation.clock"}
    assert len(set(rig.fired)) == 4


def test_the_gap_of_a_broken_connection_is_filled(rig: Rig) -> None:
    live = rig.live()
    eventually(listening(live))
    rig.home.stop()
    evening(rig.home)
    rig.home.later(hours=9)
    evening(rig.home)
    eventually(lambda: live.status().state is LiveState.WAITING)
    assert "nothing is lost" in str(live.status().last_error)
    rig.home.start()
    eventually(rig.has_all)
    eventually(listening(live))
    assert rig.stored() == rig.home.happened
    assert live.status().last_error is None


def test_waits_grow_and_are_left_to_chance(rig: Rig) -> None:
    rig.home.stop()
    rig.live()
    eventually(lambda: len(rig.waits) >= 9)
    assert rig.waits[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    policy = Reconnecting()
    assert policy.wait(3, 0.0) == 0
    assert policy.wait(500, 0.999) < policy.longest
    assert policy.wait(1, 0.0, refused=True) == policy.refused


def test_a_token_that_was_revoked_is_not_tried_over_and_over(rig: Rig) -> None:
    live = rig.live()
    eventually(listening(live))
    evening(rig.home)
    eventually(rig.has_all)
    rig.home.revoke()
    eventually(lambda: live.status().state is LiveState.REFUSED)
    assert "set it as HA_TOKEN" in str(live.status().last_error)
    assert rig.home.token not in str(live.status())
    eventually(lambda: len(rig.waits) > 1 and min(rig.waits[1:]) >= Reconnecting().refused)
    assert rig.stored() == rig.home.happened


def test_a_home_assistant_that_hangs_is_noticed(rig: Rig) -> None:
    live = rig.live(timeout=0.3)
    eventually(listening(live))
    rig.home.hang_connections()
    evening(rig.home)
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened


def test_one_that_hangs_while_it_is_asked_is_noticed_as_soon(rig: Rig) -> None:
    live = rig.live(timeout=0.3)
    eventually(listening(live))
    rig.home.hang_connections()
    rig.ahead = timedelta(seconds=120)  # what the recorder may have committed late is asked for
    evening(rig.home)
    eventually(lambda: bool(rig.waits))
    assert "it stopped answering" in str(live.status().last_error)
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened


def test_home_assistant_is_waited_for_while_it_starts(rig: Rig) -> None:
    rig.home.config["state"] = "NOT_RUNNING"
    live = rig.live()
    eventually(lambda: len(rig.waits) > 2)
    assert rig.stored() == {}
    rig.home.start_up(("light.hall", "off"), ("light.porch", "on"))
    rig.home.config["state"] = "RUNNING"
    eventually(listening(live))
    rig.home.switch("light.hall", "on")
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened


def test_what_the_recorder_had_not_committed_comes_later(rig: Rig) -> None:
    live = rig.live()
    eventually(listening(live))
    rig.home.committing = False
    rig.home.stop()
    evening(rig.home)
    rig.home.start()
    eventually(lambda: live.status().state is LiveState.WAITING or bool(rig.waits))
    eventually(listening(live))
    assert not rig.has_all()
    rig.home.commit()
    rig.ahead = timedelta(seconds=120)
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened


class SlowEvents:
    """The events of a store that writes only while it is let, or fails."""

    def __init__(self, store: Store) -> None:
        self._events = store.events
        self.go = threading.Event()
        self.go.set()
        self.failing = False

    def add(self, log: EventLog, *, source: str, until: int, mark: str | None) -> Imported:
        assert self.go.wait(PATIENCE)
        if self.failing:
            raise StoreError("The disk is full.", "Make room.")
        return self._events.add(log, source=source, until=until, mark=mark)

    def position(self, source: str) -> int | None:
        return self._events.position(source)


class SlowStore:
    def __init__(self, store: Store) -> None:
        self.leases = store.leases
        self.events = SlowEvents(store)
        self.restored = store.restored


def test_a_home_that_is_faster_than_the_store_loses_nothing(rig: Rig) -> None:
    slow = SlowStore(rig.store)
    live = rig.live(LiveOptions(flush_seconds=0.02, flush_events=50, room=100), store=cast("Store", slow))
    eventually(listening(live))
    questions = len(rig.home.asked)
    rig.ahead = timedelta(seconds=120)  # the last look at what the recorder had not committed is over
    eventually(lambda: len(rig.home.asked) > questions and listening(live)())
    slow.events.go.clear()
    for _ in range(250):
        rig.home.switch("light.hall", "on")
        rig.home.switch("light.porch", "on")
        rig.home.switch("light.hall", "off")
        rig.home.switch("light.porch", "off")
    slow.events.go.set()
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened
    assert len(rig.home.happened) == 1004


def test_a_store_that_cannot_be_written_is_told_and_made_up_for(rig: Rig) -> None:
    slow = SlowStore(rig.store)
    live = rig.live(store=cast("Store", slow))
    eventually(listening(live))
    slow.events.failing = True
    evening(rig.home)
    eventually(lambda: live.status().last_error == "The disk is full. Make room.")
    slow.events.failing = False
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened


def test_after_a_restore_the_gap_since_the_backup_is_filled(rig: Rig, tmp_path: Path) -> None:
    live = rig.live()
    evening(rig.home)
    eventually(rig.has_all)
    copy = rig.store.snapshot(tmp_path / "copy.db").path
    evening(rig.home)
    eventually(rig.has_all)

    rig.store.replace(copy, now=0, interrupted=lambda _: {}, before=lambda: None)

    assert not rig.has_all()
    evening(rig.home)
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened
    eventually(listening(live))


def test_what_was_heard_is_written_before_the_end(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    changes: list[Heard] = []

    class Watched(Buffer):
        def put(self, thing: Heard) -> None:
            super().put(thing)
            if isinstance(thing, LiveChange):
                changes.append(thing)

    monkeypatch.setattr("src.jobs.live.Buffer", Watched)
    live = rig.live(LiveOptions(flush_seconds=3600))
    eventually(listening(live))
    evening(rig.home)
    eventually(lambda: len(changes) == 6)
    assert live.close(PATIENCE)
    assert live.close(PATIENCE)
    assert rig.stored() == rig.home.happened
    assert live.status().state is LiveState.STOPPED


def test_closing_ends_a_question_that_is_not_answered(rig: Rig) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(_: Any) -> Any:
        asked.set()
        answer.wait(PATIENCE)
        return []

    rig.home.answers["logbook/get_events"] = slow
    live = rig.live()
    assert asked.wait(PATIENCE)
    assert live.close(5)
    answer.set()


def test_two_processes_and_one_listener(rig: Rig) -> None:
    first = rig.live()
    eventually(listening(first))
    second = rig.live()
    eventually(lambda: second.status().state is LiveState.STANDBY)
    assert first.close(PATIENCE)
    eventually(listening(second))
    evening(rig.home)
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened


def test_a_home_that_keeps_no_history_is_listened_to(rig: Rig) -> None:
    def refuse(_: Any) -> Any:
        raise Refusal("unknown_command", "Unknown command.")

    rig.home.answers["logbook/get_events"] = rig.home.answers["history/history_during_period"] = refuse
    live = rig.live()
    eventually(listening(live))
    asked = len(rig.home.asked)
    rig.ahead = timedelta(seconds=120)  # what the recorder may have committed late is asked for again
    eventually(lambda: len(rig.home.asked) > asked and listening(live)())
    assert "unknown_command" in str(live.status().last_error)
    before = dict(rig.home.happened)
    evening(rig.home)
    wanted = {key: origin for key, origin in rig.home.happened.items() if key not in before}
    eventually(lambda: rig.stored() == wanted)


def test_only_the_entities_that_are_chosen_and_no_program(rig: Rig) -> None:
    live = rig.live(
        LiveOptions(
            Selection.parse("domain:light", "light.porch"),
            exclude_users="Ben",
            time_zone="Asia/Tokyo",
            flush_seconds=0.02,
        )
    )
    eventually(listening(live))
    evening(rig.home)
    rig.home.app("light.hall", "on", user=str(rig.home.users[1]["id"]), origin=Origin.AUTOMATION)
    wanted = {key: origin for key, origin in rig.home.happened.items() if key[1] == "light.hall"}
    eventually(lambda: rig.stored() == wanted)
    assert rig.store.events.time_zone() == "Asia/Tokyo"


def test_numbers_are_told_live_with_who_made_them(rig: Rig) -> None:
    rig.home.add_entity("sensor.warmth", attributes=SENSOR)
    live = rig.live()
    eventually(listening(live))
    rig.home.change("sensor.warmth", "20", Origin.UNKNOWN, attributes=SENSOR)
    rig.home.change("sensor.warmth", "21", Origin.DEVICE)
    eventually(rig.has_all)
    assert rig.stored() == rig.home.happened


BREAKS = ("drop", "goodbye", "restart", "hang", "none")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from(BREAKS), st.integers(0, 4), st.booleans()), min_size=1, max_size=5
    )
)
def test_wherever_it_breaks_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, cuts: list[tuple[int, str, int, bool]]
) -> None:
    store = Store.open("sqlite://")
    with new_home() as home:
        rig = Rig(home, store)
        live = rig.live(timeout=0.5)
        for before, how, meanwhile, settled in cuts:
            if settled:
                eventually(lambda: rig.has_all() and listening(live)())
            for _ in range(before):
                evening(home)
            match how:
                case "drop":
                    home.drop_connections()
                case "goodbye":
                    home.drop_connections(goodbye=True)
                case "hang":
                    home.hang_connections()
                case "restart":
                    home.stop()
            for _ in range(meanwhile):
                evening(home)
            if how == "restart":
                home.start()
        eventually(rig.has_all)
        assert rig.stored() == home.happened
        rig.close()
    store.close()


def test_a_clock_of_home_assistant_that_was_once_in_the_future(rig: Rig) -> None:
    evening(rig.home)
    rig.ahead = -timedelta(days=20)
    live = rig.live()
    eventually(listening(live))
    assert rig.has_all()
    assert rig.store.events.position(live.key) is None
    rig.ahead = timedelta()
    eventually(lambda: rig.store.events.position(live.key) == max(key[0] for key in rig.home.happened))
