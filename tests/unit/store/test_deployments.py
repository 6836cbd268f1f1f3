"""What was written to Home Assistant is known before, after, and after a crash in between."""

from __future__ import annotations

import pytest

from src.domain.deployments import Deployment, DeploymentState, Version
from src.domain.patterns import Json
from src.domain.runs import RunTrigger
from src.store import Store
from tests.unit.store.worlds import NOW, SECOND, pattern, result

CONFIG: Json = {"alias": "Küche 🙂", "triggers": [{"trigger": "time", "at": "07:10:00"}], "actions": []}
LATER: Json = {**CONFIG, "alias": "Later"}
LAMP = pattern(2).id

WRITING, DEPLOYED, REMOVING, REMOVED, CHANGED, MISSING = DeploymentState


@pytest.fixture
def home(store: Store) -> Store:
    """A store with a pattern that may be deployed."""
    run = store.runs.start(trigger=RunTrigger.API, request={}, now=NOW)
    store.runs.publish(run.id, result(pattern(2), pattern(3)), now=NOW)
    return store


def begin(home: Store, config: Json = CONFIG, fingerprint: str = "f1") -> Deployment:
    return home.deployments.begin_version(LAMP, f"ai_{LAMP}", config, fingerprint, enabled=False, now=NOW)


def deploy(home: Store, config: Json = CONFIG, fingerprint: str = "f1") -> Deployment:
    begun = begin(home, config, fingerprint)
    settled = home.deployments.settle(LAMP, DEPLOYED, version=begun.target, now=NOW, entity_id="automation.k")
    assert settled is not None
    return settled


def test_the_intent_is_there_before_anything_is_done(home: Store) -> None:
    assert home.deployments.get(LAMP) is None
    begun = begin(home)
    assert begun == home.deployments.get(LAMP)
    assert (begun.state, begun.version, begun.target) == (WRITING, None, 1)
    assert begun.intended == Version(1, CONFIG, "f1", NOW, enabled=False)
    assert begun.current is None


def test_what_was_written_is_given_back_letter_for_letter(home: Store) -> None:
    done = deploy(home)
    assert done == home.deployments.get(LAMP)
    assert (done.state, done.version, done.target, done.entity_id) == (DEPLOYED, 1, None, "automation.k")
    assert done.current is not None
    assert done.current.config == CONFIG
    assert list(done.current.config) == list(CONFIG)


def test_versions_know_what_they_replaced(home: Store) -> None:
    deploy(home)
    second = deploy(home, LATER, "f2")
    assert [(each.number, each.replaces) for each in second.versions] == [(1, None), (2, 1)]
    assert second.previous is not None
    assert second.previous.config == CONFIG

    begun = home.deployments.begin_return(LAMP, 1)
    assert (begun.state, begun.target, begun.version) == (WRITING, 1, 2)
    back = home.deployments.settle(LAMP, DEPLOYED, version=1, now=NOW)
    assert back is not None
    assert (back.version, len(back.versions), back.previous) == (1, 2, None)
    third = deploy(home, LATER, "f3")
    assert (third.version, third.previous and third.previous.number) == (3, 1)


def test_a_first_form_that_did_not_get_there_leaves_nothing(home: Store) -> None:
    begin(home)
    assert home.deployments.settle(LAMP, REMOVED, version=None, now=NOW) is None
    assert home.deployments.get(LAMP) is None
    assert home.deployments.all() == []


def test_a_later_form_that_did_not_get_there_is_forgotten(home: Store) -> None:
    deploy(home)
    begin(home, LATER, "f2")
    settled = home.deployments.settle(LAMP, DEPLOYED, version=1, now=NOW)
    assert settled is not None
    assert [each.number for each in settled.versions] == [1]


def test_a_return_that_did_not_get_there_forgets_nothing(home: Store) -> None:
    deploy(home)
    deploy(home, LATER, "f2")
    home.deployments.begin_return(LAMP, 1)
    settled = home.deployments.settle(LAMP, DEPLOYED, version=2, now=NOW)
    assert settled is not None
    assert [each.number for each in settled.versions] == [1, 2]


def test_what_was_taken_back_is_remembered(home: Store) -> None:
    deploy(home)
    assert home.deployments.begin_removal(LAMP).state is REMOVING
    gone = home.deployments.settle(LAMP, REMOVED, version=None, now=NOW + SECOND)
    assert gone is not None
    assert (gone.state, gone.version, gone.checked, len(gone.versions)) == (REMOVED, None, NOW + SECOND, 1)
    assert deploy(home).previous is None


def test_a_look_is_noted_unless_somebody_is_at_work(home: Store) -> None:
    seen = deploy(home)
    noted = home.deployments.found(seen, CHANGED, version=1, now=NOW + SECOND)
    assert noted is not None
    assert (noted.state, noted.checked) == (CHANGED, NOW + SECOND)
    begin(home, LATER, "f2")
    unchanged = home.deployments.found(seen, MISSING, version=None, now=NOW + 2 * SECOND)
    assert unchanged is not None
    assert unchanged.state is WRITING
    home.deployments.settle(LAMP, DEPLOYED, version=2, now=NOW)
    late = home.deployments.found(seen, MISSING, version=None, now=NOW + 3 * SECOND)
    assert late is not None
    assert late.state is DEPLOYED


def test_a_guard_is_kept_by_looks_until_it_is_taken_away(home: Store) -> None:
    begin(home)
    guarded = home.deployments.settle(LAMP, DEPLOYED, version=1, now=NOW, guarded=NOW)
    assert guarded is not None
    noted = home.deployments.found(guarded, DEPLOYED, version=1, now=NOW)
    assert noted is not None
    assert noted.guarded == NOW
    home.deployments.unguard(LAMP)
    after = home.deployments.get(LAMP)
    assert after is not None
    assert (after.guarded, after.state) == (None, DEPLOYED)


def test_all_of_them(home: Store) -> None:
    deploy(home)
    other = pattern(3).id
    home.deployments.begin_version(other, f"ai_{other}", CONFIG, "f1", enabled=True, now=NOW)
    assert [each.pattern_id for each in home.deployments.all()] == [LAMP, other]
