"""An automation stays what its owner makes of it in Home Assistant."""

from __future__ import annotations

from functools import partial

import pytest

from src.analysis.deploying import Deployments
from src.domain.deployments import DeploymentState
from src.errors import AutomationChanged, NotDeployed
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.unit.analysis.deploying_world import (
    DOOR,
    LAMP,
    LAMP_ID,
    LATER,
    Home,
    delete,
    deployments,
    edit,
    publish,
    wait_for_guard,
)
from tests.unit.analysis.worlds import Clockwork

CHANGED, DEPLOYED, MISSING, REMOVED = (
    DeploymentState.CHANGED,
    DeploymentState.DEPLOYED,
    DeploymentState.MISSING,
    DeploymentState.REMOVED,
)


def test_what_its_owner_changed_is_neither_overwritten_nor_deleted(
    works: Deployments, home: Home, store: Store, clock: Clockwork
) -> None:
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    edit(home, LAMP_ID, mode="restart")
    theirs = home.automations[LAMP_ID]
    publish(store, LATER, DOOR, now=clock())

    for attempt in (works.deploy, works.rollback, partial(works.rollback, outright=True)):
        with pytest.raises(AutomationChanged):
            attempt(LAMP.id)
    works.tend()

    assert home.automations[LAMP_ID] is theirs
    status = works.status(LAMP.id)
    assert status.state is CHANGED
    assert status.differences is not None
    assert "+mode: restart" in status.differences


@pytest.mark.parametrize("change", [{"alias": "My own"}, {"description": "Mine"}, {"initial_state": True}])
def test_its_words_and_its_initial_state_are_its_owners_too(
    works: Deployments, home: Home, clock: Clockwork, change: dict[str, object]
) -> None:
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    edit(home, LAMP_ID, **change)
    with pytest.raises(AutomationChanged):
        works.rollback(LAMP.id)


def test_what_its_owner_changed_while_it_was_kept_off_stays_too(
    works: Deployments, home: Home, clock: Clockwork
) -> None:
    works.deploy(LAMP.id)
    edit(home, LAMP_ID, mode="queued")
    theirs = home.automations[LAMP_ID]
    wait_for_guard(works, clock)
    assert home.automations[LAMP_ID] is theirs
    assert works.status(LAMP.id).state is CHANGED


def test_a_change_that_its_owner_takes_back_is_none(works: Deployments, home: Home, clock: Clockwork) -> None:
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    edit(home, LAMP_ID, mode="restart")
    assert works.status(LAMP.id).state is CHANGED
    edit(home, LAMP_ID, mode="single")
    assert works.status(LAMP.id).state is DEPLOYED
    assert works.rollback(LAMP.id).state is REMOVED


def test_another_spelling_is_no_change(works: Deployments, home: Home, clock: Clockwork) -> None:
    """Home Assistant's editor writes the same automation in words of its own."""
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    config = home.automations[LAMP_ID]
    old = {"trigger": "triggers", "condition": "conditions", "action": "actions"}
    new = {value: key for key, value in old.items()}
    renamed = {(old.get(key) or new.get(key) or key): value for key, value in config.items()}
    home.automations[LAMP_ID] = renamed
    assert works.status(LAMP.id).state is DEPLOYED


def test_one_that_its_owner_deleted_is_missed_and_can_be_deployed_again(works: Deployments, home: Home) -> None:
    works.deploy(LAMP.id)
    delete(home, LAMP_ID)

    assert works.status(LAMP.id).state is MISSING
    with pytest.raises(NotDeployed):
        works.rollback(LAMP.id)
    again = works.deploy(LAMP.id)

    assert (again.state, again.enabled) == (DEPLOYED, False)


def test_one_from_before_the_database_was_lost_is_known_again(
    works: Deployments, home: Home, clock: Clockwork, tmp_path_factory: pytest.TempPathFactory
) -> None:
    works.deploy(LAMP.id)
    another = Store.open(f"sqlite:///{tmp_path_factory.mktemp('other') / 'new.db'}")
    publish(another, LAMP, now=clock())
    anew = deployments(another, lambda: HomeAssistant(home.access()), clock)
    writes = home.writes

    assert anew.status(LAMP.id).state is None
    assert anew.status(LAMP.id).notes
    assert anew.deploy(LAMP.id).state is DEPLOYED
    assert home.writes == writes
    wait_for_guard(anew, clock)
    assert "initial_state" not in home.automations[LAMP_ID]
    assert anew.rollback(LAMP.id).state is REMOVED
    another.close()


def test_one_from_before_that_was_changed_is_left_alone(
    works: Deployments, home: Home, clock: Clockwork, tmp_path_factory: pytest.TempPathFactory
) -> None:
    works.deploy(LAMP.id)
    edit(home, LAMP_ID, mode="restart")
    another = Store.open(f"sqlite:///{tmp_path_factory.mktemp('other') / 'new.db'}")
    publish(another, LAMP, now=clock())
    anew = deployments(another, lambda: HomeAssistant(home.access()), clock)
    for attempt in (anew.deploy, anew.rollback):
        with pytest.raises(AutomationChanged):
            attempt(LAMP.id)
    another.close()


def test_one_that_a_restored_backup_brought_back_is_ours(
    works: Deployments, home: Home, store: Store, clock: Clockwork
) -> None:
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    backup = home.automations[LAMP_ID]
    publish(store, LATER, DOOR, now=clock())
    works.deploy(LAMP.id)
    edit(home, LAMP_ID, **{key: value for key, value in backup.items() if key != "id"})

    status = works.status(LAMP.id)
    assert (status.state, status.record and status.record.version) == (DEPLOYED, 1)
