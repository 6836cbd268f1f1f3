"""The process may die between any two calls to Home Assistant: the next one finds out what is so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.analysis.deploying import Deployments
from src.domain.deployments import OPEN, DeploymentState
from src.domain.patterns import Status
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.unit.analysis.deploying_world import (
    LAMP,
    LAMP_ID,
    LATER,
    Home,
    Killed,
    Mortal,
    deployments,
    edit,
    publish,
)
from tests.unit.analysis.worlds import Clockwork

DEPLOYED, REMOVED = DeploymentState.DEPLOYED, DeploymentState.REMOVED


@pytest.fixture
def works(store: Store, home: Home, clock: Clockwork) -> Deployments:
    """Those of the process that comes after."""
    publish(store, LAMP, now=clock())
    return deployments(store, lambda: HomeAssistant(home.access()), clock)


def dying(store: Store, mortal: Mortal, clock: Clockwork) -> Deployments:
    """Those of the process that is killed."""
    return deployments(store, lambda: mortal, clock)


def deaths(store: Store, home: Home, clock: Clockwork, work: str, **how: bool) -> Iterator[str]:
    """Has a process do its work again and again, and kills it one step later each time; ends when it lives."""
    step = 0
    while True:
        for after in (False, True):
            mortal = Mortal(home.access(), step, after=after)
            try:
                getattr(dying(store, mortal, clock), work)(LAMP.id, **how)
            except Killed:
                yield f"{'after' if after else 'before'} {mortal.calls[-1]}"
            else:
                return
        step += 1


def settled(store: Store) -> DeploymentState | None:
    """The state of the record, which no crash may leave open."""
    record = store.deployments.get(LAMP.id)
    assert record is None or record.state not in OPEN
    return None if record is None else record.state


def time_there(store: Store, home: Home, death: str) -> str:
    """The time in the version that Home Assistant has; the record names the same version."""
    assert settled(store) is DEPLOYED
    record = store.deployments.get(LAMP.id)
    assert record is not None
    assert record.current is not None
    has = "07:40" if "07:40" in str(home.automations[LAMP_ID]) else "07:10"
    assert has in str(record.current.config), death
    return has


def test_while_it_is_made(store: Store, home: Home, works: Deployments, clock: Clockwork) -> None:
    deadly = []
    for death in deaths(store, home, clock, "deploy"):
        deadly.append(death)
        works.tend()
        assert (settled(store) is DEPLOYED) == (LAMP_ID in home.automations), death
        if settled(store) is DEPLOYED:
            assert store.patterns.get(LAMP.id).status is Status.ACCEPTED
        assert works.deploy(LAMP.id).state is DEPLOYED
        assert home.automation == "off"
        works.rollback(LAMP.id, outright=True)
        assert home.automations == {}
    assert any(death.startswith("after POST") for death in deadly)
    assert set(home.automation_states) == {"off"}


def test_while_a_new_version_takes_its_place(store: Store, home: Home, works: Deployments, clock: Clockwork) -> None:
    works.deploy(LAMP.id, enabled=True)
    publish(store, LATER, now=clock())
    for death in deaths(store, home, clock, "deploy"):
        works.tend()
        has = time_there(store, home, death)
        assert home.automation == "on"
        if has == "07:40":
            works.rollback(LAMP.id)
    assert "07:40" in str(home.automations[LAMP_ID])


def test_while_it_goes_back_to_the_version_before(
    store: Store, home: Home, works: Deployments, clock: Clockwork
) -> None:
    works.deploy(LAMP.id)
    for death in deaths_of_return(store, home, works, clock):
        works.tend()
        time_there(store, home, death)
    assert set(home.automation_states) == {"off"}


def deaths_of_return(store: Store, home: Home, works: Deployments, clock: Clockwork) -> Iterator[str]:
    """As :func:`deaths`, from the newer version each time."""
    step = 0
    while True:
        for after in (False, True):
            publish(store, LATER, now=clock())
            works.deploy(LAMP.id)
            mortal = Mortal(home.access(), step, after=after)
            try:
                dying(store, mortal, clock).rollback(LAMP.id)
            except Killed:
                yield f"{'after' if after else 'before'} {mortal.calls[-1]}"
            else:
                return
        step += 1


def test_while_it_is_taken_away(store: Store, home: Home, works: Deployments, clock: Clockwork) -> None:
    """A removal that was begun is finished: whoever asked for it wanted the automation to stop."""
    works.deploy(LAMP.id)
    begun = 0
    for death in deaths(store, home, clock, "rollback", outright=True):
        record = store.deployments.get(LAMP.id)
        removing = record is not None and record.state is DeploymentState.REMOVING
        begun += removing
        works.tend()
        assert settled(store) is (REMOVED if LAMP_ID not in home.automations else DEPLOYED), death
        if removing:
            assert home.automations == {}
        works.deploy(LAMP.id)
    assert begun


def test_while_its_guard_is_taken_away(store: Store, home: Home, works: Deployments, clock: Clockwork) -> None:
    works.deploy(LAMP.id)
    clock.forward(hours=1)
    step = 0
    while True:
        mortal = Mortal(home.access(), step)
        try:
            dying(store, mortal, clock).tend()
        except Killed:
            step += 1
            continue
        break
    assert step > 3
    assert "initial_state" not in home.automations[LAMP_ID]
    assert set(home.automation_states) == {"off"}
    record = store.deployments.get(LAMP.id)
    assert record is not None
    assert (record.state, record.guarded) == (DEPLOYED, None)


def test_and_its_owner_changed_it_meanwhile(store: Store, home: Home, works: Deployments, clock: Clockwork) -> None:
    mortal = Mortal(home.access(), 99)
    works.deploy(LAMP.id)
    publish(store, LATER, now=clock())
    dying(store, mortal, clock).preview(LAMP.id)
    store.deployments.begin_removal(LAMP.id)  # and it died there
    edit(home, LAMP_ID, mode="restart")
    theirs = home.automations[LAMP_ID]
    works.tend()
    assert settled(store) is DeploymentState.CHANGED
    assert home.automations[LAMP_ID] is theirs


def test_a_dead_process_keeps_nobody_waiting_for_long(
    store: Store, home: Home, works: Deployments, clock: Clockwork
) -> None:
    """Killed outright it gives nothing back; its turn runs out."""
    store.leases.acquire("automations", "dead", now=clock(), ttl=120_000_000)
    clock.forward(seconds=119)
    assert works.deploy(LAMP.id).state is DEPLOYED
