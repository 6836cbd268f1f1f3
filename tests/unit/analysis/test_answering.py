"""Answers and what follows from them: hidden at once, away for good, back when taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from src.analysis.answering import Answers
from src.analysis.muting import at_night, muted_by, same_wish, unmuted
from src.domain.answers import Answer, Reason, Verdict
from src.domain.corrections import Correction
from src.domain.events import EntityInfo, Origin
from src.domain.local_time import DAY
from src.domain.patterns import (
    Action,
    DayTypeTrigger,
    HeldTrigger,
    Kind,
    Pattern,
    StateTrigger,
    Status,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
)
from src.domain.runs import RunTrigger
from src.errors import InvalidSetting, NotFound
from src.store import Store
from tests.unit.domain.every_kind import WEEKEND, WORKDAYS, evidence, routine
from tests.unit.store.worlds import NOW, log_of, result

MOTION = StateTrigger("binary_sensor.hall_motion", "on", 5.0, 60.0)


def timed(number: int, at: str = "07:10:00", entity: str = "light.kitchen") -> Pattern:
    return routine(
        Kind.TIME_OF_DAY, TimeTrigger(at, WORKDAYS), (entity, "on"), id=f"p_{number}", sentence=f"{entity} {at}"
    )


def two_times(workday: str, weekend: str) -> Pattern:
    return routine(Kind.DAY_TYPE, DayTypeTrigger((TimeTrigger(workday, WORKDAYS), TimeTrigger(weekend, WEEKEND))))


PAIR = routine(Kind.CO_OCCURRENCE, MOTION, ("light.hall", "on"), id="p_pair")
STEPS = routine(Kind.SEQUENCE, MOTION, ("light.hall", "on"), ("switch.fan", "on"), id="p_steps")
SCENE = routine(
    Kind.SCENE,
    TogetherTrigger(("light.hall", "switch.fan"), 60.0),
    ("light.hall", "on"),
    ("switch.fan", "on"),
    id="p_scene",
)
FAN_THEN_HALL = routine(Kind.CO_OCCURRENCE, StateTrigger("switch.fan", "on", 5, 60), ("light.hall", "on"), id="p_fan")
LATE = timed(9, "23:30:00", "light.bed")


def rejected(pattern: Pattern, *reasons: Reason) -> Answer:
    return Answer(pattern.id, Verdict.REJECTED, NOW, pattern, reasons)


class TestOtherPatterns:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (timed(1), timed(2, "07:40:00")),
            (timed(1), routine(Kind.SEASONAL, TimeTrigger("07:00:00", WORKDAYS), ("light.kitchen", "on"), id="p_s")),
            (PAIR, STEPS),
            (STEPS, PAIR),
            (SCENE, FAN_THEN_HALL),
            (SCENE, routine(Kind.SEQUENCE, StateTrigger("switch.fan", "on", 5, 60), ("light.hall", "on"), id="p_q")),
        ],
    )
    def test_the_same_wish_in_other_words(self, first: Pattern, second: Pattern) -> None:
        assert same_wish(first, second)
        assert muted_by(second, [rejected(first)]) == (rejected(first), "rejected_before")

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (timed(1), timed(2, "18:00:00")),
            (timed(1), timed(2, entity="light.hall")),
            (
                timed(1),
                routine(Kind.TIME_OF_DAY, TimeTrigger("07:10:00", WORKDAYS), ("light.kitchen", "off"), id="p_o"),
            ),
            (timed(1, entity="light.hall"), PAIR),
            (PAIR, routine(Kind.CO_OCCURRENCE, StateTrigger("binary_sensor.door", "on", 5, 60), ("light.hall", "on"))),
        ],
    )
    def test_another_wish_is_left_alone(self, first: Pattern, second: Pattern) -> None:
        assert muted_by(second, [rejected(first)]) is None

    def test_not_this_device(self) -> None:
        by = rejected(timed(1), Reason.NOT_THIS_DEVICE)
        evening = timed(2, "18:00:00")
        assert muted_by(evening, [by]) == (by, "not_this_device")
        assert muted_by(PAIR, [by]) is None

    def test_not_at_night(self) -> None:
        by = rejected(LATE, Reason.NOT_AT_NIGHT)
        assert muted_by(timed(2, "05:59:00"), [by]) == (by, "not_at_night")
        assert muted_by(timed(2, "06:00:00"), [by]) is None

    def test_not_this_kind(self) -> None:
        by = rejected(PAIR, Reason.NOT_THIS_KIND)
        other = routine(
            Kind.CO_OCCURRENCE, StateTrigger("lock.door", "locked", 5, 60), ("light.porch", "off"), id="p_l"
        )
        assert muted_by(other, [by]) == (by, "not_this_kind")

    @pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SNOOZED, Status.REJECTED])
    def test_what_has_its_own_answer_keeps_it(self, status: Status) -> None:
        assert muted_by(timed(2).with_(status=status), [rejected(timed(1))]) is None

    def test_why_it_is_missing_is_said(self) -> None:
        kept, whys = unmuted([timed(2, "07:20:00"), PAIR], [rejected(timed(1))])
        assert kept == [PAIR]
        assert [(why.entity_id, why.reason, why.detail["rejected"]) for why in whys] == [
            ("light.kitchen", "rejected_before", "p_1")
        ]

    @pytest.mark.parametrize(
        ("pattern", "night"),
        [
            (timed(1, "21:59:59"), False),
            (timed(1, "22:00:00"), True),
            (two_times("23:00:00", "00:30:00"), True),
            (two_times("23:00:00", "08:30:00"), False),
            (routine(Kind.SOLAR, SunTrigger("sunset", 10, WORKDAYS)), False),
            (
                routine(
                    Kind.DURATION,
                    HeldTrigger("light.a", "on", 600),
                    evidence=evidence(first_seen="2025-10-01T23:05:00+02:00", last_seen="2025-11-19T01:12:00+01:00"),
                ),
                True,
            ),
        ],
    )
    def test_what_is_at_night(self, pattern: Pattern, night: bool) -> None:
        assert at_night(pattern) is night


class TestAnswering:
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        opened = Store.open("sqlite://")
        info = [EntityInfo("light.kitchen", name="Kitchen lamp"), EntityInfo("light.counter", name="Counter lamp")]
        events = [(NOW, each.entity_id, "on", Origin.USER) for each in info]
        opened.events.add(log_of(events, info=info), source="a")
        self.publish(opened, timed(1), timed(2, "18:00:00"), PAIR, LATE)
        yield opened
        opened.close()

    def publish(self, store: Store, *patterns: Pattern) -> None:
        run = store.runs.start(trigger=RunTrigger.API, request={}, now=NOW)
        store.runs.publish(run.id, result(*patterns), now=NOW)

    def shown(self, store: Store) -> list[str]:
        return [each.id for each in store.patterns.page().items if each.status is Status.NEW]

    def test_a_rejection_is_felt_at_once(self, store: Store) -> None:
        Answers(store, lambda: NOW).give("p_1", Verdict.REJECTED, reasons=[Reason.NOT_THIS_DEVICE, Reason.NOT_AT_NIGHT])
        assert self.shown(store) == ["p_pair"]

    def test_a_rejection_without_reasons_is_about_itself(self, store: Store) -> None:
        Answers(store, lambda: NOW).give("p_1", Verdict.REJECTED, note="  no  ")
        assert self.shown(store) == ["p_2", "p_pair", "p_9"]
        assert Answers(store, lambda: NOW).history("p_1")[0].note == "no"

    def test_snoozed_for_so_many_days(self, store: Store) -> None:
        answers = Answers(store, lambda: NOW)
        answers.give("p_1", Verdict.SNOOZED, days=7)
        assert answers.history("p_1")[0].until == NOW + 7 * DAY
        answers.give("p_2", Verdict.SNOOZED)
        assert answers.history("p_2")[0].until == NOW + 30 * DAY

    def test_a_correction_is_put_into_words_and_adds_up(self, store: Store) -> None:
        answers = Answers(store, lambda: NOW)
        answers.give("p_1", Verdict.CORRECTED, correction=Correction(at="06:30"))
        seen = answers.give(
            "p_1", Verdict.CORRECTED, correction=Correction(entities={"light.kitchen": "light.counter"})
        )
        assert seen.trigger == TimeTrigger("06:30:00", WORKDAYS)
        assert seen.actions == (Action("light.counter", "on"),)
        assert "Counter lamp" in seen.sentence
        assert "06:30" in seen.sentence
        assert seen.status is Status.NEW

    def test_an_entity_that_is_not_there_is_no_correction(self, store: Store) -> None:
        nope = Correction(entities={"light.kitchen": "light.countr"})
        with pytest.raises(InvalidSetting, match=r"such as light\.counter"):
            Answers(store, lambda: NOW).give("p_1", Verdict.CORRECTED, correction=nope)

    def test_reopened_takes_everything_back(self, store: Store) -> None:
        answers = Answers(store, lambda: NOW)
        answers.give("p_1", Verdict.CORRECTED, correction=Correction(at="06:30"))
        answers.give("p_1", Verdict.REJECTED)
        seen = answers.give("p_1", Verdict.REOPENED)
        assert (seen.status, seen.trigger, seen.corrected) == (Status.NEW, TimeTrigger("07:10:00", WORKDAYS), False)
        assert len(answers.history("p_1")) == 3
        assert store.answers.standing_rejections() == []

    @pytest.mark.parametrize(
        ("verdict", "more", "field"),
        [
            (Verdict.ACCEPTED, {"reasons": [Reason.OTHER]}, "reasons"),
            (Verdict.ACCEPTED, {"days": 3}, "days"),
            (Verdict.SNOOZED, {"days": 0}, "days"),
            (Verdict.SNOOZED, {"days": 367}, "days"),
            (Verdict.CORRECTED, {}, "correction"),
            (Verdict.CORRECTED, {"correction": Correction()}, "correction"),
            (Verdict.REJECTED, {"correction": Correction(at="07:00")}, "correction"),
            (Verdict.REJECTED, {"note": "x" * 501}, "note"),
        ],
    )
    def test_what_does_not_go_together_is_refused(
        self, store: Store, verdict: Verdict, more: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidSetting) as refused:
            Answers(store, lambda: NOW).give("p_1", verdict, **more)
        assert refused.value.about == field
        assert store.answers.of("p_1") == []

    def test_there_must_be_such_a_pattern(self, store: Store) -> None:
        with pytest.raises(NotFound):
            Answers(store, lambda: NOW).give("p_0", Verdict.ACCEPTED)
