"""Answers are kept with their history, and do to the pattern what they say, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from src.domain.answers import Answer, Reason, Verdict
from src.domain.corrections import Correction
from src.domain.events import EntityInfo, Origin
from src.domain.local_time import DAY
from src.domain.patterns import Status
from src.domain.runs import RunTrigger
from src.errors import NotFound
from src.store import Store
from src.store.entities import Described
from tests.unit.store.worlds import NOW, log_of, pattern, result


def published(store: Store, *numbers: int, now: int = NOW) -> None:
    run = store.runs.start(trigger=RunTrigger.API, request={}, now=now)
    store.runs.publish(run.id, result(*map(pattern, numbers)), now=now)


def said(number: int, verdict: Verdict, *, at: int = NOW, **changes: Any) -> Answer:
    return Answer(pattern(number).id, verdict, at, pattern(number), **changes)


def status(store: Store, number: int) -> Status:
    return store.patterns.get(pattern(number).id).status


def test_every_answer_is_kept_and_the_last_counts(store: Store) -> None:
    published(store, 1)
    first = said(1, Verdict.REJECTED, reasons=(Reason.NOT_AT_NIGHT, Reason.OTHER), note="no \x00 thanks")
    second = said(1, Verdict.REOPENED, at=NOW + 1)
    store.answers.add(first, correction=None)
    assert status(store, 1) is Status.REJECTED
    store.answers.add(second, correction=None)
    assert status(store, 1) is Status.NEW
    kept = store.answers.of(pattern(1).id)
    assert [answer.verdict for answer in kept] == [Verdict.REJECTED, Verdict.REOPENED]
    assert kept[0].reasons == first.reasons
    assert kept[0].note == "no \ufffd thanks"
    assert kept[1].form.id == second.form.id


def test_a_pattern_that_is_not_there_takes_no_answer(store: Store) -> None:
    with pytest.raises(NotFound, match=pattern(1).id):
        store.answers.add(said(1, Verdict.ACCEPTED), correction=None)
    assert store.answers.of(pattern(1).id) == []


def test_a_rejection_stands_until_another_verdict(store: Store) -> None:
    published(store, 1, 2, 3)
    for number in (1, 2, 3):
        store.answers.add(said(number, Verdict.REJECTED), correction=None)
    store.answers.add(said(2, Verdict.ACCEPTED), correction=None)
    store.answers.add(said(3, Verdict.CORRECTED, correction=Correction(category="energy")), correction=None)
    assert [answer.pattern_id for answer in store.answers.standing_rejections()] == [pattern(1).id, pattern(3).id]


def test_what_was_snoozed_wakes_when_its_time_is_over(store: Store) -> None:
    published(store, 1, 2)
    store.answers.add(said(1, Verdict.SNOOZED, until=NOW + DAY), correction=None)
    store.answers.add(said(2, Verdict.SNOOZED, until=NOW + 2 * DAY), correction=None)
    assert store.answers.wake(NOW + DAY - 1) == []
    assert store.answers.wake(NOW + DAY) == [pattern(1).id]
    assert (status(store, 1), status(store, 2)) == (Status.NEW, Status.SNOOZED)


def test_hiding_leaves_what_was_answered(store: Store) -> None:
    published(store, 1, 2)
    store.answers.add(said(2, Verdict.ACCEPTED), correction=None)
    store.answers.hide([pattern(1).id, pattern(2).id])
    assert (status(store, 1), status(store, 2)) == (Status.STALE, Status.ACCEPTED)


def test_a_correction_is_seen_and_survives_the_next_run(store: Store) -> None:
    published(store, 2)
    correction = Correction(at="06:30:00", category="energy", sentence="At 06:30.")
    store.answers.add(said(2, Verdict.CORRECTED, correction=correction), correction=correction)
    published(store, 2, now=NOW + DAY)
    seen, mined = store.patterns.get(pattern(2).id), store.patterns.mined()[0]
    assert (seen.trigger.to_json()["at"], seen.category, seen.sentence, seen.corrected) == (
        "06:30:00",
        "energy",
        "At 06:30.",
        True,
    )
    assert (mined.trigger.to_json()["at"], mined.corrected) == ("07:10:00", False)
    assert [each.id for each in store.patterns.page(category="energy").items] == [pattern(2).id]
    assert store.patterns.corrections() == {pattern(2).id: correction}
    store.answers.add(said(2, Verdict.REOPENED), correction=None)
    assert store.patterns.get(pattern(2).id).corrected is False


def test_a_firing_is_kept_once(store: Store) -> None:
    assert store.firings.add("automation.a", [NOW, NOW + 1, NOW]) == 2
    assert store.firings.add("automation.a", [NOW + 1, *range(NOW + 2, NOW + 1200)]) == 1198
    store.firings.add("automation.b", [NOW])
    assert store.firings.of("automation.a", NOW + 1198) == [NOW + 1198, NOW + 1199]
    assert (store.firings.latest("automation.a"), store.firings.latest("automation.c")) == (NOW + 1199, None)


def test_what_home_assistant_says_of_entities_replaces_what_it_said(store: Store) -> None:
    store.entities.describe(
        {"light.a": Described(("Routine", "Läden")), "sensor.b": Described(left_out="hidden_entity")}
    )
    store.entities.describe({"light.a": Described(("Routine",)), "light.c": Described()})
    assert store.entities.described() == {"light.a": Described(("Routine",))}


def test_names_are_those_of_the_events(store: Store) -> None:
    lamp = EntityInfo("light.a", name="Lamp", area="Hall")
    store.events.add(
        log_of([(NOW, "light.a", "on", Origin.USER), (NOW, "light.b", "on", Origin.USER)], info=[lamp]), source="a"
    )
    assert store.entities.info() == {"light.a": lamp, "light.b": EntityInfo("light.b")}


def test_a_name_that_is_learned_later_replaces_the_one_before(store: Store) -> None:
    old, new = EntityInfo("light.a", "Old", "Hall"), EntityInfo("light.a", "New")
    store.events.add(log_of([(NOW, "light.a", "on", Origin.USER)], info=[old]), source="a")
    store.entities.learn({"light.a": new, "light.nobody": EntityInfo("light.nobody", "X")})
    assert store.entities.info() == {"light.a": EntityInfo("light.a", "New", "Hall")}
