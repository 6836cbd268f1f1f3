"""What is not written, what is only looked at, and what is left when something fails in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from src.analysis.deploying import Deployments
from src.domain.deployments import DeploymentState
from src.domain.events import MICROSECONDS
from src.domain.patterns import Status
from src.errors import (
    AutomationBusy,
    AutomationRefused,
    HomeAssistantFailed,
    HomeAssistantNotSet,
    HomeAssistantUnreachable,
    NotFound,
)
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.fake_home_assistant import Refusal, Say
from tests.unit.analysis.deploying_world import DOOR, LAMP, LAMP_ID, LATER, Home, deployments, publish, wait_for_guard
from tests.unit.analysis.worlds import Clockwork
from tests.unit.store.worlds import leave

DEPLOYED = DeploymentState.DEPLOYED


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
    leave(store, LAMP.id, Status.REJECTED)
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
