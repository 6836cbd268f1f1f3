"""Which entities people mean by INCLUDE and EXCLUDE."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.selection import Rule, RuleKind, Selection
from src.errors import InvalidSetting
from src.settings import load_settings

IDS = st.from_regex(r"[a-z]{1,6}\.[a-z0-9_]{1,8}", fullmatch=True)
ID_PATTERNS = st.from_regex(r"[a-z*?]{1,4}\.[a-z0-9_*?]{1,6}|[a-z?]{0,3}\*[a-z0-9_?]{0,3}", fullmatch=True)
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"], exclude_characters=",:"), max_size=12)


def admits(
    include: str, exclude: str, entity_id: str, *, area: str | None = None, labels: tuple[str, ...] = ()
) -> bool:
    return Selection.parse(include, exclude).admits(entity_id, area=area, labels=labels)


@pytest.mark.parametrize(
    ("rule", "meant", "others"),
    [
        ("light.kitchen", ["light.kitchen"], ["light.kitchen_2", "switch.kitchen", "alight.kitchen"]),
        ("entity: light.kitchen", ["light.kitchen"], ["light.kitchen_2"]),
        ("entity:light.k*", ["light.kitchen"], ["light.bath"]),
        ("light.guest_*", ["light.guest_", "light.guest_bed"], ["light.guest", "switch.guest_bed"]),
        ("light.guest_?", ["light.guest_1"], ["light.guest_12", "light.guest_"]),
        ("*_motion", ["binary_sensor.hall_motion"], ["binary_sensor.hall_motion_2"]),
        ("?ight.a", ["light.a", "night.a"], ["ight.a"]),
        ("domain:light", ["light.kitchen"], ["light_group.kitchen", "switch.light"]),
        (" Domain : LIGHT ", ["light.kitchen"], ["switch.kitchen"]),
        ("LIGHT.Kitchen", ["light.kitchen"], ["light.bath"]),
        ("*", ["light.kitchen", "switch.a"], []),
    ],
)
def test_a_rule_means_just_these(rule: str, meant: list[str], others: list[str]) -> None:
    assert [each for each in [*meant, *others] if admits(rule, "", each)] == meant
    assert [each for each in [*meant, *others] if admits("", rule, each)] == others


def test_an_area_is_meant_by_its_name() -> None:
    rule = "area:  living   ROOM "
    assert admits(rule, "", "light.a", area="Living Room")
    assert not admits(rule, "", "light.a", area="Living Room 2")
    assert not admits(rule, "", "light.a", area=None)
    assert not admits(rule, "", "light.living_room", area=None, labels=("Living Room",))


def test_a_label_is_meant_by_its_name() -> None:
    assert admits("label:Routine", "", "light.a", labels=("other", "routine"))
    assert not admits("label:Routine", "", "light.a", area="Routine", labels=("other",))


def test_names_that_look_alike_are_one_name() -> None:
    composed, apart = (unicodedata.normalize(form, "area:Büro") for form in ("NFC", "NFD"))
    assert composed != apart
    assert admits(apart, "", "light.a", area="büro")
    assert admits(composed, "", "light.a", area=unicodedata.normalize("NFD", "BÜRO"))
    assert admits("area:Strasse", "", "light.a", area="STRAßE")


def test_nothing_written_admits_all() -> None:
    assert Selection.parse("", " , ,").everything
    assert admits("", "", "light.a")


def test_what_is_excluded_stays_out_even_if_it_is_included() -> None:
    assert not admits("light.kitchen", "domain:light", "light.kitchen")
    assert admits("domain:light", "light.guest_*", "light.kitchen")
    assert not admits("domain:light", "light.guest_*", "light.guest_bed")
    assert not admits("", "label:private", "light.a", labels=("Private",))


NONSENSE = [
    "kitchen",
    "light",
    "light?kitchen",
    "light.kitchen.top",
    "light.",
    ".kitchen",
    "light.küche",
    "light.[ab]",
    "light kitchen",
    "room:Kitchen",
    "area:",
    "label: ",
    "domain:light.kitchen",
    "domain:li*",
    "entity:kitchen",
    ":light",
    "area:Kit\x00chen",
    "light." + "*" * 255,
]


@pytest.mark.parametrize("part", NONSENSE)
@pytest.mark.parametrize("setting", ["include", "exclude"])
def test_nonsense_is_told_with_the_setting_and_the_part(setting: str, part: str) -> None:
    with pytest.raises(InvalidSetting, match=re.escape(repr(part.strip()))) as caught:
        load_settings(**{setting: f"light.good, {part} ,area:Good"})
    assert caught.value.about == setting.upper()


def test_the_settings_give_the_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().selection.everything
    monkeypatch.setenv("INCLUDE", "domain:light, area:Living room,")
    monkeypatch.setenv("EXCLUDE", "light.guest_*")
    assert load_settings().selection == Selection(
        (Rule(RuleKind.DOMAIN, "light"), Rule(RuleKind.AREA, "living room")), (Rule(RuleKind.ENTITY, "light.guest_*"),)
    )


@given(IDS, ID_PATTERNS)
def test_a_pattern_fits_what_its_regular_expression_does(entity_id: str, pattern: str) -> None:
    meaning = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert admits(pattern, "", entity_id) == bool(re.fullmatch(meaning, entity_id))


def refused(text: str) -> str | None:
    """The setting that the refusal names, None for what is accepted."""
    try:
        Selection.parse("", text).admits("light.kitchen", area="Kitchen", labels=["a", "b"])
    except InvalidSetting as error:
        return error.about
    return None


@given(st.text(max_size=40))
def test_any_text_is_rules_or_is_refused_by_name(text: str) -> None:
    assert refused(text) in (None, "EXCLUDE")


@given(NAMES, IDS)
def test_the_name_of_an_area_always_means_itself(name: str, entity_id: str) -> None:
    if not name.split():
        return
    assert admits(f"area:{name}", "", entity_id, area=name)
    assert admits(f"label:{name}", "", entity_id, labels=(name,))
    assert not admits("", f"area: {name} ", entity_id, area=name.casefold())


@given(st.lists(IDS, max_size=4), st.lists(ID_PATTERNS, max_size=4), IDS)
def test_the_order_of_rules_does_not_matter_and_exclude_wins(ids: list[str], patterns: list[str], one: str) -> None:
    include, exclude = ",".join(ids), ",".join(patterns)
    backwards = ",".join(reversed(ids)), ",".join(reversed(patterns))
    assert admits(include, exclude, one) == admits(*backwards, one)
    if admits(include, exclude, one):
        assert admits("", exclude, one)
        assert not patterns or not admits(exclude, "", one)
