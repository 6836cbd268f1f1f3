"""An automation is written once, follows its pattern, and can be taken back."""

from __future__ import annotations

import pytest

from src.analysis.deploying import Deployments
from src.domain.deployments import DeploymentState
from src.domain.patterns import Status
from src.errors import NotDeployed
from src.store import Store
from tests.unit.analysis.deploying_world import DOOR, LAMP, LAMP_ID, LATER, Home, publish, wait_for_guard
from tests.unit.analysis.worlds import Clockwork

DEPLOYED, REMOVED = DeploymentState.DEPLOYED, DeploymentState.REMOVED


def switched(home: Home, *, on: bool) -> None:
    """Its owner moves its toggle."""
    (entity_id,) = [each for each in home.states if each.startswith("automation.")]
    home.set_state(entity_id, "on" if on else "off")


def test_it_is_made_switched_off_and_its_pattern_accepted(works: Deployments, home: Home, store: Store) -> None:
    status = works.deploy(LAMP.id)

    assert (status.state, status.enabled, status.record and status.record.version) == (DEPLOYED, False, 1)
    assert status.entity_id == next(each for each in home.states if each.startswith("automation."))
    assert status.editor == f"/config/automation/edit/{LAMP_ID}"
    assert set(home.automation_states) == {"off"}
    assert store.patterns.get(LAMP.id).status is Status.ACCEPTED


def test_the_words_are_those_of_the_homes_version(works: Deployments, home: Home) -> None:
    works.deploy(LAMP.id)
    assert "trigger" in home.automations[LAMP_ID]
    works.rollback(LAMP.id)
    home.config["version"] = "2026.11.0"
    works.deploy(LAMP.id)
    assert "triggers" in home.automations[LAMP_ID]


def test_what_keeps_it_off_goes_when_home_assistant_has_it_on_disk(
    works: Deployments, home: Home, clock: Clockwork, store: Store
) -> None:
    """With ``initial_state`` for good, one that was switched on would be off after every start of Home Assistant."""
    works.deploy(LAMP.id)
    assert home.automations[LAMP_ID]["initial_state"] is False
    works.tend()
    assert home.automations[LAMP_ID]["initial_state"] is False

    wait_for_guard(works, clock)

    assert "initial_state" not in home.automations[LAMP_ID]
    saved = [n for n, each in enumerate(home.asked) if each.get("service") == "save_persistent_states"]
    assert saved, "Home Assistant has to have it on disk that it is off"
    assert set(home.automation_states) == {"off"}
    assert works.status(LAMP.id).state is DEPLOYED
    record = store.deployments.get(LAMP.id)
    assert record is not None
    assert (record.guarded, len(record.versions)) == (None, 1)


def test_what_keeps_it_off_goes_at_once_when_its_owner_switches_it_on(works: Deployments, home: Home) -> None:
    works.deploy(LAMP.id)
    switched(home, on=True)
    works.tend()
    assert "initial_state" not in home.automations[LAMP_ID]
    assert home.automation == "on"


def test_a_run_under_way_is_not_ended_for_it(works: Deployments, home: Home, clock: Clockwork) -> None:
    works.deploy(LAMP.id)
    entity_id = works.status(LAMP.id).entity_id
    assert entity_id is not None
    home.set_state(entity_id, "on", {**home.states[entity_id]["attributes"], "current": 1})
    wait_for_guard(works, clock)
    assert home.automations[LAMP_ID]["initial_state"] is False


def test_it_is_on_if_that_was_asked_for(works: Deployments, home: Home) -> None:
    assert works.deploy(LAMP.id, enabled=True).enabled
    assert "initial_state" not in home.automations[LAMP_ID]


def test_the_same_again_changes_nothing(works: Deployments, home: Home, store: Store, clock: Clockwork) -> None:
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    switched(home, on=True)
    writes = home.writes

    again = works.deploy(LAMP.id)

    assert again.enabled, "its owner's toggle is not touched"
    assert home.writes == writes
    assert len(store.deployments.all()[0].versions) == 1


def test_other_numbers_of_the_evidence_are_no_other_automation(
    works: Deployments, home: Home, store: Store, clock: Clockwork
) -> None:
    works.deploy(LAMP.id)
    publish(store, LAMP.with_(sentence="At 07:10 the kitchen light turns on."), DOOR, now=clock())
    writes = home.writes
    works.deploy(LAMP.id)
    assert home.writes == writes


def test_it_can_be_switched_by_deploying_again(works: Deployments, home: Home) -> None:
    works.deploy(LAMP.id)
    assert works.deploy(LAMP.id, enabled=True).enabled
    assert "initial_state" not in home.automations[LAMP_ID]
    assert works.deploy(LAMP.id, enabled=False).enabled is False


@pytest.mark.parametrize("on", [False, True])
def test_a_changed_pattern_is_a_new_version_that_stays_on_or_off(
    works: Deployments, home: Home, store: Store, clock: Clockwork, on: bool
) -> None:
    works.deploy(LAMP.id, enabled=on)
    wait_for_guard(works, clock)
    publish(store, LATER, DOOR, now=clock())
    home.automation_states.clear()

    status = works.deploy(LAMP.id)

    assert status.record is not None
    assert [(each.number, each.replaces) for each in status.record.versions] == [(1, None), (2, 1)]
    assert "07:40" in str(home.automations[LAMP_ID])
    assert set(home.automation_states) == {"on" if on else "off"}


def test_rolling_back_goes_to_the_version_before_and_then_away(
    works: Deployments, home: Home, store: Store, clock: Clockwork
) -> None:
    works.deploy(LAMP.id)
    publish(store, LATER, DOOR, now=clock())
    works.deploy(LAMP.id)

    back = works.rollback(LAMP.id)
    assert back.state is DEPLOYED
    assert "07:10" in str(home.automations[LAMP_ID])
    gone = works.rollback(LAMP.id)

    assert gone.state is REMOVED
    assert home.automations == {}
    assert home.automation is None
    assert set(home.automation_states) == {"off"}
    with pytest.raises(NotDeployed):
        works.rollback(LAMP.id)


def test_taking_back_outright_leaves_no_version(works: Deployments, home: Home, store: Store, clock: Clockwork) -> None:
    works.deploy(LAMP.id)
    publish(store, LATER, DOOR, now=clock())
    works.deploy(LAMP.id)
    assert works.rollback(LAMP.id, outright=True).state is REMOVED
    assert home.automations == {}
    assert store.patterns.get(LAMP.id).status is Status.ACCEPTED


def test_what_was_removed_can_be_deployed_again(works: Deployments, home: Home) -> None:
    works.deploy(LAMP.id, enabled=True)
    works.rollback(LAMP.id)
    home.automation_states.clear()
    again = works.deploy(LAMP.id)
    assert again.record is not None
    assert [(each.number, each.replaces) for each in again.record.versions] == [(1, None), (2, None)]
    assert set(home.automation_states) == {"off"}
