"""An automation is written once, stays what its owner makes of it, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.analysis.deploying import Deployments
from src.analysis.settling import GUARD
from src.domain.deployments import DeploymentState
from src.domain.events import MICROSECONDS
from src.domain.patterns import Status
from src.errors import (
    AutomationBusy,
    AutomationChanged,
    AutomationRefused,
    HomeAssistantFailed,
    HomeAssistantNotSet,
    HomeAssistantUnreachable,
    NotDeployed,
    NotFound,
)
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.fake_home_assistant import Refusal, Say
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
)
from tests.unit.analysis.worlds import Clockwork

CHANGED, DEPLOYED, MISSING, REMOVED = (
    DeploymentState.CHANGED,
    DeploymentState.DEPLOYED,
    DeploymentState.MISSING,
    DeploymentState.REMOVED,
)


@pytest.fixture
def home() -> Iterator[Home]:
    with Home() as home:
        yield home


@pytest.fixture
def works(store: Store, home: Home, clock: Clockwork) -> Deployments:
    publish(store, LAMP, DOOR, now=clock())
    return deployments(store, lambda: HomeAssistant(home.access()), clock)


def switched(home: Home, *, on: bool) -> None:
    """Its owner moves its toggle."""
    (entity_id,) = [each for each in home.states if each.startswith("automation.")]
    home.set_state(entity_id, "on" if on else "off")


def wait_for_guard(works: Deployments, clock: Clockwork) -> None:
    clock.forward(seconds=GUARD / MICROSECONDS)
    works.tend()


def test_it_is_made_switched_off_and_its_pattern_accepted(works: Deployments, home: Home, store: Store) -> None:
    status = works.deploy(LAMP.id)

    assert (status.state, status.enabled, status.record.version) == (DEPLOYED, False, 1)  # type: ignore[union-attr]
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
    assert works.withdraw(LAMP.id).state is REMOVED
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


def test_what_its_owner_changed_is_neither_overwritten_nor_deleted(
    works: Deployments, home: Home, store: Store, clock: Clockwork
) -> None:
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    edit(home, LAMP_ID, mode="restart")
    theirs = home.automations[LAMP_ID]
    publish(store, LATER, DOOR, now=clock())

    for attempt in (works.deploy, works.rollback, works.withdraw):
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


def test_a_danger_is_refused_until_that_very_thing_is_confirmed(works: Deployments, home: Home, store: Store) -> None:
    preview = works.preview(DOOR.id)
    assert preview.confirmations == ("lock.front_door:unlock",)
    assert preview.deployable

    for confirm in ([], ["lock.back_door:unlock"], ["lock.front_door"]):
        with pytest.raises(AutomationRefused) as refused:
            works.deploy(DOOR.id, confirm=confirm)
        assert [each["confirm"] for each in refused.value.reasons if each["blocks"]] == ["lock.front_door:unlock"]
    assert home.automations == {}
    assert store.deployments.get(DOOR.id) is None
    assert store.patterns.get(DOOR.id).status is Status.NEW

    assert works.deploy(DOOR.id, confirm=["lock.front_door:unlock"]).state is DEPLOYED


def test_what_was_rejected_is_not_made_an_automation(works: Deployments, home: Home, store: Store) -> None:
    store.patterns.set_status(LAMP.id, Status.REJECTED)
    assert not works.preview(LAMP.id).deployable
    with pytest.raises(AutomationRefused, match="rejected"):
        works.deploy(LAMP.id)
    assert (home.automations, store.patterns.get(LAMP.id).status) == ({}, Status.REJECTED)


def test_what_the_home_has_not_is_refused_and_cannot_be_confirmed(works: Deployments, home: Home) -> None:
    home.remove_state("light.kitchen")
    home.entities[:] = [each for each in home.entities if each["entity_id"] != "light.kitchen"]
    with pytest.raises(AutomationRefused) as refused:
        works.deploy(LAMP.id, confirm=["unknown_entity", "light.kitchen"])
    assert "unknown_entity" in [each["code"] for each in refused.value.reasons]
    assert not works.preview(LAMP.id).deployable


def test_what_home_assistant_itself_refuses_is_not_written(works: Deployments, home: Home) -> None:
    home.answers["validate_config"] = lambda fields: {
        name: {"valid": False, "error": "expected a dictionary"} for name in fields
    }
    with pytest.raises(AutomationRefused, match="expected a dictionary"):
        works.deploy(LAMP.id)
    assert home.automations == {}


@pytest.mark.parametrize("question", ["get_services", "get_states"])
def test_a_home_that_cannot_be_looked_at_is_not_a_home_without_the_thing(
    works: Deployments, home: Home, question: str
) -> None:
    def fail(_: object) -> None:
        raise Refusal("unknown_error", "Unknown error")

    home.answers[question] = fail
    with pytest.raises(HomeAssistantFailed, match=question):
        works.deploy(LAMP.id)
    assert question in str(works.preview(LAMP.id).unchecked)
    assert home.automations == {}


def test_one_that_is_written_and_never_run_is_taken_away_again(works: Deployments, home: Home, store: Store) -> None:
    """As where configuration.yaml does not include automations.yaml."""
    states = home.answers["get_states"] = lambda _: [
        each for name, each in home.states.items() if not name.startswith("automation.")
    ]
    assert states({})
    with pytest.raises(HomeAssistantFailed, match="is not run"):
        works.deploy(LAMP.id)
    assert home.automations == {}
    assert store.deployments.get(LAMP.id) is None
    assert store.patterns.get(LAMP.id).status is Status.NEW


def test_a_home_assistant_that_cannot_save_states_is_no_obstacle(
    works: Deployments, home: Home, clock: Clockwork
) -> None:
    del home.services["homeassistant"]
    works.deploy(LAMP.id)
    wait_for_guard(works, clock)
    assert "initial_state" not in home.automations[LAMP_ID]


def test_a_preview_writes_nothing_and_says_what_would_change(
    works: Deployments, home: Home, store: Store, clock: Clockwork
) -> None:
    before = works.preview(LAMP.id)
    assert (before.state, before.differences, before.unchecked) == (None, None, None)
    assert home.writes == 0
    works.deploy(LAMP.id)
    assert works.preview(LAMP.id).differences == ""
    wait_for_guard(works, clock)
    assert works.preview(LAMP.id).differences == ""
    publish(store, LATER, DOOR, now=clock())
    differences = works.preview(LAMP.id).differences
    assert differences is not None
    assert "07:40" in differences
    shown = works.preview(LAMP.id).to_json()
    assert shown["yaml"].startswith("id: ")
    assert shown["home_assistant_version"] == home.version


def test_without_home_assistant_a_preview_says_that_it_was_not_checked(store: Store, clock: Clockwork) -> None:
    publish(store, LAMP, DOOR, now=clock())
    alone = deployments(store, lambda: None, clock)
    preview = alone.preview(LAMP.id)
    assert preview.unchecked is not None
    assert "HA_URL" not in preview.unchecked
    assert not preview.deployable
    assert "triggers" in preview.made.config
    assert alone.preview(DOOR.id).confirmations == ("lock.front_door:unlock",)
    for attempt in (alone.deploy, alone.rollback):
        with pytest.raises(HomeAssistantNotSet):
            attempt(LAMP.id)
    assert alone.status(LAMP.id).notes


def test_without_an_answer_nothing_changes_and_what_was_known_is_told(
    works: Deployments, home: Home, store: Store
) -> None:
    works.deploy(LAMP.id)
    home.stop()
    assert works.preview(LAMP.id).unchecked is not None
    for attempt in (works.deploy, works.rollback):
        with pytest.raises(HomeAssistantUnreachable):
            attempt(LAMP.id)
    status = works.status(LAMP.id)
    assert status.state is DEPLOYED
    assert status.enabled is None
    assert "not looked at" in status.notes[0]
    assert [each.pattern_id for each in works.all()] == [LAMP.id]
    works.tend()
    home.start()
    assert works.status(LAMP.id).enabled is False


def test_no_such_pattern(works: Deployments) -> None:
    for attempt in (works.preview, works.deploy, works.rollback, works.status):
        with pytest.raises(NotFound):
            attempt("p_nothing")


def test_of_two_callers_at_once_one_writes_and_the_other_sees_it(store: Store, home: Home, clock: Clockwork) -> None:
    publish(store, LAMP, now=clock())
    # Two of them, as in two processes: they have no lock in common.
    one, other = (Deployments(store, lambda: HomeAssistant(home.access()), clock) for _ in range(2))
    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(each.deploy, LAMP.id) for each in (one, other, one, other)]
        found = [each.result() for each in callers]
    assert {each.state for each in found} == {DEPLOYED}
    assert home.writes == 1
    assert len(store.deployments.all()[0].versions) == 1


def test_who_waits_too_long_is_told_so(works: Deployments, store: Store, clock: Clockwork) -> None:
    store.leases.acquire("automations", "somebody", now=clock(), ttl=3600 * MICROSECONDS)
    with pytest.raises(AutomationBusy):
        works.deploy(LAMP.id)
    works.tend()


def test_a_failure_in_the_middle_leaves_nothing_open(works: Deployments, home: Home, store: Store) -> None:
    def refuse(_: object) -> None:
        raise Refusal("unknown_error", "no")

    home.answers["automation/config"] = refuse
    with pytest.raises(HomeAssistantFailed):
        works.deploy(LAMP.id)
    home.answers.clear()
    assert works.status(LAMP.id).state is DEPLOYED
    assert set(home.automation_states) == {"off"}


def test_a_gateway_between_that_fails_is_no_answer(works: Deployments, home: Home) -> None:
    """A 502 of a proxy must not be taken for an automation that is gone."""
    works.deploy(LAMP.id)
    home.trouble[f"GET config/automation/config/{LAMP_ID}"] = Say(status=502)
    assert works.status(LAMP.id).state is DEPLOYED
