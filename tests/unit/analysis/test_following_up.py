"""What is kept of the firings of our automations, and by which deeds they are judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from src.analysis.follow_up import Deed
from src.analysis.following_up import FollowUps, deeds_of
from src.domain.deployments import Deployment, DeploymentState
from src.domain.events import Origin
from src.domain.patterns import Json
from src.domain.runs import RunTrigger
from src.errors import NoHistory
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.fake_home_assistant import Refusal
from tests.unit.history.recording_home import RecordingHome, micros
from tests.unit.store.worlds import log_of, pattern, result

CONFIG: Json = {
    "triggers": [{"trigger": "time", "at": "07:10:00"}],
    "actions": [
        {"action": "light.turn_on", "target": {"entity_id": ["light.hall", "light.porch"]}},
        {"delay": "00:30:00"},
        {"action": "media_player.turn_on", "target": {"entity_id": "media_player.radio"}},
    ],
}
NAMES = {2: "automation.often", 3: "automation.never"}


@pytest.fixture
def home() -> Iterator[RecordingHome]:
    with RecordingHome() as fake:
        for entity_id in ("light.hall", "light.porch", *NAMES.values(), "automation.theirs"):
            fake.add_entity(entity_id)
            fake.change(entity_id, "off", Origin.UNKNOWN)
        yield fake


@pytest.fixture
def store(home: RecordingHome) -> Iterator[Store]:
    """Two of its patterns are deployed."""
    opened = Store.open("sqlite://")
    now = micros(home.now)
    run = opened.runs.start(trigger=RunTrigger.API, request={}, now=now)
    opened.runs.publish(run.id, result(*map(pattern, NAMES)), now=now)
    for number, entity_id in NAMES.items():
        key = pattern(number).id
        opened.deployments.begin_version(key, f"ai_{key}", CONFIG, "f", enabled=True, now=now)
        opened.deployments.settle(key, DeploymentState.DEPLOYED, version=1, now=now, entity_id=entity_id)
    yield opened
    opened.close()


def followed(store: Store, home: RecordingHome) -> FollowUps:
    return FollowUps(store, lambda: micros(home.now))


def deployed(store: Store, number: int) -> Deployment:
    found = store.deployments.get(pattern(number).id)
    assert found is not None
    return found


def mornings(home: RecordingHome, days: int) -> None:
    for _ in range(days):
        home.later(days=1)
        home.automation("automation.often", "light.hall", "on")
        home.automation("automation.theirs", "light.porch", "on")
        home.later(minutes=3)
        home.switch("light.hall", "off")
        home.later(hours=1)
        home.switch("light.porch", "off")


def test_firings_are_gathered_once_and_only_ours(store: Store, home: RecordingHome) -> None:
    follow_ups, ha = followed(store, home), HomeAssistant(home.access())
    mornings(home, 4)
    assert follow_ups.gather(ha) == ()
    mornings(home, 3)
    assert follow_ups.gather(ha) == ()
    assert [len(store.firings.of(name)) for name in (*NAMES.values(), "automation.theirs")] == [7, 0, 0]


def test_one_that_never_fires_has_nothing_of_the_others_read_again(store: Store, home: RecordingHome) -> None:
    follow_ups, ha = followed(store, home), HomeAssistant(home.access())
    mornings(home, 30)
    follow_ups.gather(ha)
    home.largest = 0
    follow_ups.gather(ha)
    assert home.largest <= 1


def test_a_home_without_a_logbook_is_told_of(store: Store, home: RecordingHome) -> None:
    def refuse(_: object) -> object:
        raise Refusal("unknown_command", "Unknown command.")

    home.answers["logbook/get_events"] = refuse
    [said] = followed(store, home).gather(HomeAssistant(home.access()))
    assert said.endswith("How the automations that were made have fared since is not known.")


def test_an_automation_is_judged_by_what_was_written(store: Store, home: RecordingHome) -> None:
    mornings(home, 4)
    followed(store, home).gather(HomeAssistant(home.access()))
    with pytest.raises(NoHistory):
        followed(store, home).of(deployed(store, 2))
    rows = [(at, entity_id, state, who) for (at, entity_id, state), who in home.happened.items()]
    other = [(at + 1, "sensor.power", str(at), Origin.UNKNOWN) for at, *_ in rows]
    store.events.add(log_of([*rows, *other]), source="test")

    got = followed(store, home).of(deployed(store, 2))
    assert got is not None
    assert (got.fired, got.undone) == (4, 4)
    never = followed(store, home).of(deployed(store, 3))
    assert never is not None
    assert (never.fired, never.undone) == (0, 0)


@pytest.mark.parametrize("old", [False, True], ids=["newer", "before 2024.10"])
def test_what_it_does_is_read_from_its_configuration(old: bool) -> None:
    steps = [{("service" if old and key == "action" else key): each[key] for key in each} for each in CONFIG["actions"]]
    on = frozenset(("on",))
    assert deeds_of({"action" if old else "actions": steps}) == [
        Deed("light.hall", on),
        Deed("light.porch", on),
        Deed("media_player.radio", frozenset(("on", "idle", "playing")), timedelta(minutes=30).total_seconds()),
    ]
