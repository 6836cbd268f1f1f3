"""History over Home Assistant's API: every change once, with who caused it, in answers that stay small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.events import Origin
from src.domain.selection import Selection
from src.errors import HomeAssistantFailed, HomeAssistantUnreachable
from src.history import HistoryRead
from src.history.home_assistant_history import ApiHistory, read_home_assistant
from src.history.machines import machine_users
from src.history.seconds import instants_of_seconds
from src.history.timestamps import INVALID, MISSING
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from tests.fake_home_assistant import Drop, Refusal
from tests.unit.history.recording_home import EPOCH, SENSOR, Happened, RecordingHome, micros, rows_of

HOUR = timedelta(hours=1)


@pytest.fixture(params=["2024.3.3", "2026.11.0"])
def home(request: pytest.FixtureRequest) -> Iterator[RecordingHome]:
    with RecordingHome(request.param) as fake:
        for entity_id in ("light.hall", "light.porch", "binary_sensor.hall", "switch.fan"):
            fake.add_entity(entity_id)
            fake.change(entity_id, "off", Origin.UNKNOWN)
        yield fake


def read(home: RecordingHome, since: datetime | None = None, **how: Any) -> list[HistoryRead]:
    ha = HomeAssistant(home.access())
    parts = read_home_assistant(
        ha,
        describe_home(ha),
        since=None if since is None else micros(since),
        now=micros(home.now),
        **how,
    )
    return list(parts)


def united(parts: list[HistoryRead]) -> Happened:
    together: Happened = {}
    for part in parts:
        rows = rows_of(part.log)
        assert not together.keys() & rows.keys(), "an event in two parts"
        together |= rows
    return together


def test_who_caused_a_change(home: RecordingHome) -> None:
    home.switch("light.hall", "on")
    by_app = home.app("light.hall", "off")
    home.change("light.porch", "on", Origin.USER, context=by_app)  # a template that follows it
    by_hand = home.switch("binary_sensor.hall", "on")
    home.change("light.porch", "off", Origin.AUTOMATION, context=by_hand)  # and here too: nobody touched it
    home.automation("automation.clock", "switch.fan", "on")
    home.automation("automation.motion", "light.hall", "on", by=by_hand)
    home.automation("automation.chain", "light.porch", "on", by=by_app)
    home.script("switch.fan", "off", user=home.anna)
    home.script("switch.fan", "on", user=None)
    home.bridge("light.hall", "off")

    assert united(read(home)) == home.happened


def test_a_logbook_that_answers_only_by_name_is_asked_by_name(home: RecordingHome) -> None:
    home.switch("light.hall", "on")
    home.automation("automation.clock", "switch.fan", "on")
    home.app("light.hall", "off")
    answer = home.answers["logbook/get_events"]
    home.answers["logbook/get_events"] = lambda fields: answer(fields) if fields.get("entity_ids") else []

    parts = read(home)

    assert united(parts) == home.happened
    assert not any(part.warnings for part in parts)


def test_a_logbook_that_tells_nothing_is_told(home: RecordingHome) -> None:
    for _ in range(60):
        home.automation("automation.clock", "switch.fan", "on")
        home.automation("automation.clock", "switch.fan", "off")
    home.answers["logbook/get_events"] = lambda fields: []

    parts = read(home)

    assert set(united(parts).values()) == {Origin.UNKNOWN}
    (warning,) = {warning for part in parts for warning in part.warnings}
    assert "who caused a change is unknown" in warning


def test_sensors_with_a_unit_do_not_make_a_logbook_silent(home: RecordingHome) -> None:
    home.add_entity("sensor.power", attributes=SENSOR)
    for value in range(60):
        home.change("sensor.power", str(value), Origin.UNKNOWN, attributes=SENSOR)
    home.app("light.hall", "on")
    home.answers["logbook/get_events"] = lambda fields: []

    assert not any(part.warnings for part in read(home))


def test_an_automation_that_waits_is_one_whatever_window_it_acts_in(home: RecordingHome) -> None:
    by_app = home.app("light.porch", "on")
    for hours in (0.2, 0.7, 1.3, 2.9, 7.7, 23.0):
        wait = timedelta(hours=hours)
        home.automation("automation.wait", "switch.fan", "on", after=wait)
        home.automation("automation.wait", "switch.fan", "off", after=wait, by=by_app)

    assert united(read(home)) == home.happened


def test_what_a_program_does_is_no_persons(home: RecordingHome) -> None:
    ben = str(home.users[1]["id"])
    home.app("light.hall", "on", user=ben, origin=Origin.AUTOMATION)
    home.app("light.porch", "on")

    machines = machine_users(describe_home(HomeAssistant(home.access())), " ben, nobody")

    assert united(read(home, machines=machines)) == home.happened
    assert {ben.replace("-", "")} <= machine_users(describe_home(HomeAssistant(home.access())), ben)


def test_weeks_with_a_night_that_has_23_hours_come_in_order_and_in_small_answers(home: RecordingHome) -> None:
    for _ in range(12):
        for _ in range(40):
            home.app("light.hall", "on")
            home.later(minutes=17)
            home.switch("light.hall", "off")
            home.later(minutes=17)
    parts = read(home)

    assert united(parts) == home.happened
    assert len(parts) > 5
    times = np.concatenate([part.log.time for part in parts])
    assert (np.diff(times) > 0).all()
    assert {part.log.time_zone for part in parts} == {"Europe/Berlin"}
    assert {part.source.key for part in parts} == {f"home_assistant:{home.url}"}


def test_a_busy_home_is_asked_for_less_at_once(home: RecordingHome) -> None:
    home.add_entity("sensor.power", attributes=SENSOR)
    for value in range(30_000):
        home.change("sensor.power", str(value), Origin.UNKNOWN, attributes=SENSOR)

    assert united(read(home)) == home.happened
    assert home.largest < 20_000


def test_only_what_is_new(home: RecordingHome) -> None:
    home.switch("light.hall", "on")
    home.later(hours=3)
    since = home.later()
    home.switch("light.hall", "off")
    asked = len(home.asked)

    new = united(read(home, since))

    assert new == {key: origin for key, origin in home.happened.items() if key[0] >= micros(since)}
    assert len(home.asked) - asked < 20


def test_a_clock_of_ours_that_is_behind_hides_nothing(home: RecordingHome) -> None:
    home.switch("light.hall", "on")
    ha = HomeAssistant(home.access())
    behind = micros(home.now - 2 * HOUR)

    parts = list(read_home_assistant(ha, describe_home(ha), since=behind, now=behind))

    assert united(parts) == home.happened


def test_numbers_and_repeated_states_are_events_and_other_attributes_are_not(home: RecordingHome) -> None:
    home.add_entity("sensor.warmth", attributes=SENSOR)
    home.change("sensor.warmth", "20.5", Origin.UNKNOWN, attributes=SENSOR)
    home.change("sensor.warmth", "20.6", Origin.UNKNOWN)
    home.change("sensor.warmth", "20.6", Origin.UNKNOWN, attributes={**SENSOR, "seen": 1})
    home.switch("light.hall", "on")
    home.change("light.hall", "on", Origin.UNKNOWN, attributes={"brightness": 9})
    home.change("light.hall", "on", Origin.UNKNOWN, forced=True)

    assert united(read(home)) == home.happened


def test_what_is_left_out_is_counted(home: RecordingHome) -> None:
    home.add_entity("light.hidden", "off", hidden=True)
    home.add_entity("switch.setup", "off", category="config")
    home.switch("light.hidden", "on")
    home.switch("switch.setup", "on")
    home.switch("light.porch", "on")
    home.switch("light.hall", "on")

    parts = read(home, selection=Selection.parse("", "light.porch"))

    assert {key[1] for key in united(parts)} == {"light.hall", "binary_sensor.hall", "switch.fan"}
    skipped = sum((Counter(part.skipped) for part in parts), Counter[str]())
    assert skipped == {"hidden_entity": 1, "config_entity": 1, "not_selected": 1}


def test_entities_that_are_gone_had_a_history(home: RecordingHome) -> None:
    home.change("light.sold", "off", Origin.UNKNOWN)
    home.switch("light.sold", "on")
    home.remove_state("light.sold")

    assert united(read(home)) == home.happened


def test_first_reports_after_a_start_are_nobodys(home: RecordingHome) -> None:
    home.switch("light.hall", "on")
    home.start_up(("light.hall", "on"), ("light.porch", "off"))
    home.switch("light.hall", "off")  # the person who sits there
    home.later(hours=1)
    home.switch("light.porch", "on")

    assert united(read(home)) == home.happened


def restarted(home: RecordingHome) -> Happened:
    """What happened from after a start on, of which two states say only what a thing came back in."""
    home.later(hours=2)
    home.start_up(("light.hall", "on"), ("light.porch", "off"))
    home.switch("light.hall", "off")  # the person who sits there
    return home.happened


def test_first_reports_are_known_from_however_shortly_after_the_start_one_reads(home: RecordingHome) -> None:
    happened = restarted(home)
    last = max(key[0] for key in happened)
    for seconds in (0, 2, 4, 6, 20, 45):
        since = EPOCH + timedelta(microseconds=last) - timedelta(seconds=seconds)
        assert united(read(home, since)) == {key: who for key, who in happened.items() if key[0] >= micros(since)}


def test_what_is_read_again_is_read_the_same(home: RecordingHome) -> None:
    happened = restarted(home)
    ha = HomeAssistant(home.access())
    with ha.session() as session:
        history = ApiHistory(session, "home", describe_home(ha))
        for minutes in (180, 5, 5):
            since = micros(home.now - timedelta(minutes=minutes))
            again = united(list(history.parts(since, micros(home.now))))
            assert again == {key: who for key, who in happened.items() if key[0] >= since}


def test_a_home_without_a_logbook_has_events_of_unknown_origin(home: RecordingHome) -> None:
    def refuse(_: object) -> object:
        raise Refusal("unknown_command", "Unknown command.")

    home.app("light.hall", "on")
    home.answers["logbook/get_events"] = refuse
    parts = read(home)
    assert united(parts) == dict.fromkeys(home.happened, Origin.UNKNOWN)
    assert [word for part in parts for word in part.warnings] == [
        "Home Assistant has no logbook, so who caused a change is unknown; `logbook:` in its configuration.yaml mends"
        " that."
    ]

    home.answers["history/history_during_period"] = refuse
    with pytest.raises(HomeAssistantFailed):
        read(home)


def test_what_came_before_a_break_is_not_lost(home: RecordingHome) -> None:
    for _ in range(30):
        home.switch("light.hall", "on")
        home.later(hours=1)
        home.switch("light.hall", "off")
        home.later(hours=1)
    ha = HomeAssistant(home.access())
    parts = read_home_assistant(ha, describe_home(ha), since=None, now=micros(home.now))
    got = [next(parts), next(parts)]
    home.trouble["logbook/get_events"] = Drop()
    with pytest.raises(HomeAssistantUnreachable):
        next(parts)
    home.trouble.clear()

    reached = EPOCH + timedelta(microseconds=got[-1].log.span[1] + 1)
    assert united([*got, *read(home, reached)]) == home.happened


def test_a_home_with_nothing_in_it() -> None:
    with RecordingHome() as home:
        assert read(home) == []


@given(st.floats(min_value=0, max_value=4_000_000_000))
def test_an_instant_is_the_one_home_assistant_shows(seconds: float) -> None:
    shown = (datetime.fromtimestamp(seconds, UTC) - EPOCH) // timedelta(microseconds=1)
    assert instants_of_seconds(np.array([seconds])).tolist() == [shown]


def test_seconds_that_are_no_instant() -> None:
    given_seconds = np.array([np.nan, np.inf, -5.0, 9e11])
    assert instants_of_seconds(given_seconds).tolist() == [MISSING, INVALID, INVALID, INVALID]
