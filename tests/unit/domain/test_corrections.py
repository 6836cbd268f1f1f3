"""What a person sets right about a pattern, and what cannot be."""

from __future__ import annotations

import pytest

from src.domain.corrections import Correction, checked, corrected
from src.domain.patterns import Action, Kind, SunTrigger, TimeTrigger
from src.errors import InvalidSetting
from tests.unit.domain import every_kind
from tests.unit.domain.every_kind import WORKDAYS, routine

LAMP = routine(Kind.TIME_OF_DAY, TimeTrigger("07:10:00", WORKDAYS), ("light.kitchen", "on"))
PORCH = routine(Kind.SOLAR, SunTrigger("sunset", 10, WORKDAYS), ("light.porch", "on"))


def test_the_clock_the_days_and_the_lamp() -> None:
    right = checked(LAMP, Correction(at="06:45", weekdays=("sun", "mon"), entities={"light.kitchen": "light.Counter"}))
    seen = corrected(LAMP, right)
    assert seen.trigger == TimeTrigger("06:45:00", ("mon", "sun"))
    assert seen.actions == (Action("light.counter", "on"),)
    assert seen.evidence == LAMP.evidence
    assert seen.corrected


def test_a_later_correction_adds_to_an_earlier_one() -> None:
    both = Correction(at="06:45:00", category="energy").plus(Correction(category="comfort"))
    assert both == Correction(at="06:45:00", category="comfort")


@pytest.mark.parametrize("pattern", every_kind.EVERY, ids=every_kind.NAMES)
def test_every_kind_takes_a_category_and_other_devices(pattern: object) -> None:
    assert isinstance(pattern, type(LAMP))
    renamed = {action.entity_id: f"{action.entity_id}_2" for action in pattern.actions}
    right = checked(pattern, Correction(category="energy", entities=renamed))
    assert Correction.from_json(right.to_json()) == right
    seen = corrected(pattern, right)
    assert seen.category == "energy"
    assert [action.entity_id for action in seen.actions] == list(renamed.values())
    assert type(seen).from_json(seen.to_json()) == seen


@pytest.mark.parametrize(
    ("pattern", "wrong", "field"),
    [
        (PORCH, Correction(at="07:00"), "at"),
        (LAMP, Correction(at="7 o'clock"), "at"),
        (LAMP, Correction(at="24:00"), "at"),
        (LAMP, Correction(weekdays=("someday",)), "weekdays"),
        (LAMP, Correction(offset_minutes=5), "offset_minutes"),
        (PORCH, Correction(offset_minutes=100_000), "offset_minutes"),
        (LAMP, Correction(for_seconds=60), "for_seconds"),
        (LAMP, Correction(entities={"light.hall": "light.a"}), "entities"),
        (LAMP, Correction(entities={"light.kitchen": "lock.door"}), "entities"),
        (LAMP, Correction(entities={"light.kitchen": "no entity"}), "entities"),
    ],
)
def test_what_does_not_fit_is_named(pattern: object, wrong: Correction, field: str) -> None:
    assert isinstance(pattern, type(LAMP))
    with pytest.raises(InvalidSetting) as refused:
        checked(pattern, wrong)
    assert refused.value.about == field
