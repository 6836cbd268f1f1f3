"""How an automation is spelled for a version and as YAML, and which spellings are one automation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from src.automations.draft import Draft
from src.automations.spelling import canonical, config_of, fingerprint, meaning, yaml_of
from src.domain.patterns import Json

DRAFT = Draft(
    pattern_id="p_5f0c000000000000",
    alias="Hall light",
    description="It does.",
    triggers=(
        {"trigger": "state", "entity_id": ["light.a", "light.b"], "from": "off", "to": "on", "for": "00:02:00"},
        {"trigger": "time", "at": "07:10:00", "id": "weekdays"},
    ),
    conditions=(
        {"condition": "trigger", "id": "weekdays"},
        {"condition": "or", "conditions": [{"condition": "time", "weekday": ["mon", "tue"]}]},
    ),
    actions=(
        {"delay": "00:05:00"},
        {"action": "light.turn_on", "target": {"entity_id": "light.hall"}, "data": {"action": "not a service"}},
        {
            "choose": [{"conditions": [{"condition": "trigger", "id": "x"}], "sequence": [{"action": "script.a"}]}],
            "default": [{"wait_for_trigger": [{"trigger": "time", "at": "08:00:00"}]}],
        },
        {
            "if": [{"condition": "trigger", "id": "x"}],
            "then": [{"action": "script.b"}],
            "else": [{"action": "script.c"}],
        },
        {"parallel": [{"action": "script.d"}, {"sequence": [{"action": "script.e"}]}]},
        {"repeat": {"count": 2, "sequence": [{"action": "script.f"}]}},
    ),
)


class TestTheWordsOfAVersion:
    def test_before_2024_10_they_are_singular_outside_and_platform_and_service_inside(self) -> None:
        config = config_of(DRAFT, (2024, 9))
        assert list(config) == ["id", "alias", "description", "trigger", "condition", "action", "mode"]
        assert config["trigger"][1] == {"platform": "time", "at": "07:10:00", "id": "weekdays"}
        assert config["condition"][0] == {"condition": "trigger", "id": "weekdays"}
        delay, call, choose, branch, parallel, repeat = config["action"]
        assert delay == {"delay": "00:05:00"}
        assert call["service"] == "light.turn_on"
        assert call["data"] == {"action": "not a service"}
        assert choose["choose"][0]["sequence"] == [{"service": "script.a"}]
        assert choose["default"][0]["wait_for_trigger"] == [{"platform": "time", "at": "08:00:00"}]
        assert (branch["then"], branch["else"]) == ([{"service": "script.b"}], [{"service": "script.c"}])
        assert parallel["parallel"][1] == {"sequence": [{"service": "script.e"}]}
        assert repeat["repeat"]["sequence"] == [{"service": "script.f"}]

    @pytest.mark.parametrize("release", [(2024, 10), (2025, 4), (2026, 11)])
    def test_since_then_they_are_those_of_the_draft(self, release: tuple[int, int]) -> None:
        config = config_of(DRAFT, release)
        assert list(config) == ["id", "alias", "description", "triggers", "conditions", "actions", "mode"]
        assert config["triggers"] == list(DRAFT.triggers)
        assert config["actions"] == list(DRAFT.actions)

    def test_a_version_that_is_not_known_gets_what_all_take(self) -> None:
        assert config_of(DRAFT, (0, 0)) == config_of(DRAFT, (2024, 3))

    def test_the_draft_is_not_changed_by_what_is_done_to_a_config(self) -> None:
        before = copy.deepcopy(DRAFT)
        config_of(DRAFT, (2026, 11))["triggers"][0]["entity_id"].append("light.c")
        assert before == DRAFT


class TestYaml:
    @pytest.mark.parametrize(
        "text",
        [
            "07:10:00",
            "17:10:00",
            "7:10",
            "on",
            "off",
            "No",
            "y",
            "null",
            "~",
            "1_000",
            "0o17",
            "1e3",
            "2025-10-01",
            "",
            "=",
        ],
    )
    def test_what_may_be_read_as_something_else_is_in_quotes(self, text: str) -> None:
        assert yaml_of({"at": text}) == f'at: "{text}"\n'

    @pytest.mark.parametrize("text", ["light.kitchen", "sunset", "below_horizon", "single"])
    def test_a_plain_word_is_not(self, text: str) -> None:
        assert yaml_of({"event": text}) == f"event: {text}\n"

    def test_lists_are_set_in_and_every_value_is_written_out(self) -> None:
        days = ["mon", "tue"]
        assert yaml_of({"a": [{"weekday": days}, {"weekday": days}]}) == (
            "a:\n  - weekday:\n      - mon\n      - tue\n  - weekday:\n      - mon\n      - tue\n"
        )

    @given(st.text())
    def test_any_text_comes_back(self, text: str) -> None:
        assert yaml.safe_load(yaml_of({"alias": text})) == {"alias": text}

    @given(st.text(st.characters(codec="utf-8"), min_size=80, max_size=300))
    def test_a_long_template_comes_back(self, text: str) -> None:
        written = {"value_template": "{{ " + text + " }}"}
        assert yaml.safe_load(yaml_of(written)) == written


BASE: Json = {
    "id": "1",
    "alias": "A",
    "description": "D",
    "triggers": [
        {"trigger": "state", "entity_id": ["light.a"], "from": ["off"], "to": "on", "for": "00:02:00"},
        {"trigger": "time", "at": "07:10:00"},
        {"trigger": "numeric_state", "entity_id": "sensor.x", "above": 20},
        {"trigger": "zone", "entity_id": "person.a", "zone": "zone.home", "event": "enter"},
    ],
    "conditions": [
        {"condition": "time", "weekday": ["mon", "tue"]},
        {"condition": "state", "entity_id": "sun.sun", "state": "below_horizon"},
        {"condition": "or", "conditions": [{"condition": "template", "value_template": "{{ a }}"}]},
    ],
    "actions": [
        {"delay": "00:05:00"},
        {"action": "light.turn_on", "target": {"entity_id": ["light.b", "light.c"]}, "data": {"brightness": 5}},
        {"if": [{"condition": "state", "entity_id": "light.b", "state": "on"}], "then": [{"action": "script.a"}]},
        {"parallel": [[{"action": "script.d"}], [{"action": "script.e"}, {"action": "script.f"}]]},
    ],
    "mode": "single",
}

Change = Callable[[Any], object]


def changed(*changes: Change) -> Json:
    config = copy.deepcopy(BASE)
    for change in changes:
        change(config)
    return config


def put(*path: Any) -> Change:
    """Sets what is at a path: the last of it is the value."""
    *way, key, value = path

    def change(node: Any) -> None:
        for step in way:
            node = node[step]
        node[key] = value

    return change


def renamed(old: str, new: str, *way: Any) -> Change:
    def change(node: Any) -> None:
        for step in way:
            node = node[step]
        node[new] = node.pop(old)

    return change


def left_out(*path: Any) -> Change:
    *way, key = path

    def change(node: Any) -> None:
        for step in way:
            node = node[step]
        del node[key]

    return change


SAME: list[Change] = [
    renamed("triggers", "trigger"),
    renamed("conditions", "condition"),
    renamed("actions", "action"),
    renamed("trigger", "platform", "triggers", 0),
    renamed("trigger", "platform", "triggers", 1),
    renamed("action", "service", "actions", 1),
    left_out("mode"),
    left_out("id"),
    put("trace", {"stored_traces": 5}),
    put("max_exceeded", "warning"),
    put("triggers", 0, "entity_id", "light.a"),
    put("triggers", 0, "entity_id", "Light.A "),
    put("triggers", 0, "from", "off"),
    put("triggers", 0, "to", ["on"]),
    put("triggers", 0, "to", True),
    put("triggers", 0, "for", {"minutes": 2}),
    put("triggers", 0, "for", 120),
    put("triggers", 0, "for", "0:02:00"),
    put("triggers", 0, "enabled", True),
    put("triggers", 1, "at", ["07:10:00"]),
    put("triggers", 1, "at", "7:10"),
    put("triggers", 2, "above", "20.0"),
    left_out("triggers", 3, "event"),
    put("conditions", 0, "weekday", ["tue", "mon"]),
    put("conditions", 1, "match", "all"),
    put("conditions", 1, "state", ["below_horizon"]),
    put("conditions", 2, {"or": ["{{ a }}"]}),
    put("conditions", 2, "conditions", 0, "value_template", "{{  a }}"),
    put("actions", 0, "delay", {"minutes": 5, "seconds": 0}),
    put("actions", 0, "delay", 300),
    put("actions", 1, {"action": "light.turn_on", "entity_id": "light.c, light.b", "data": {"brightness": 5}}),
    put("actions", 1, {"service": "light.turn_on", "data": {"entity_id": ["light.b", "light.c"], "brightness": 5.0}}),
    put("actions", 1, "target", "entity_id", ["light.c", "light.b"]),
    put("actions", 1, "metadata", {}),
    put("actions", 2, "if", {"condition": "state", "entity_id": ["light.b"], "state": "on"}),
    put("actions", 2, "then", {"service": "script.a"}),
    put("actions", 3, "parallel", 1, {"sequence": [{"action": "script.e"}, {"service": "script.f"}]}),
]
DIFFERENT: list[Change] = [
    put("alias", "B"),
    put("description", "E"),
    put("initial_state", False),
    put("mode", "restart"),
    left_out("conditions"),
    put("triggers", 0, "entity_id", ["light.b"]),
    put("triggers", 0, "to", "off"),
    renamed("from", "not_from", "triggers", 0),
    left_out("triggers", 0, "for"),
    put("triggers", 0, "for", 121),
    put("triggers", 0, "enabled", False),
    put("triggers", 0, "id", "x"),
    put("triggers", 1, "at", "07:11:00"),
    put("triggers", 1, "at", ["07:10:00", "08:10:00"]),
    put("triggers", 2, "above", 20.5),
    renamed("above", "below", "triggers", 2),
    put("triggers", 3, "event", "leave"),
    put("conditions", 0, "weekday", ["mon"]),
    put("conditions", 1, "state", "above_horizon"),
    put("conditions", 2, "condition", "not"),
    put("conditions", 2, "conditions", 0, "value_template", "{{ b }}"),
    put("actions", 0, "delay", 301),
    put("actions", 1, "action", "light.turn_off"),
    put("actions", 1, "target", "entity_id", ["light.b"]),
    put("actions", 1, "data", "brightness", 6),
    left_out("actions", 1, "data"),
    put("actions", 1, "continue_on_error", True),
    put("actions", 2, "then", [{"action": "script.b"}]),
    put("actions", 2, "else", [{"action": "script.b"}]),
    put("actions", 3, "parallel", 1, [{"action": "script.f"}, {"action": "script.e"}]),
    lambda config: config["actions"].reverse(),
    lambda config: config["actions"].pop(),
]


_KEYS = """
    trigger condition conditions action data target entity_id choose if at for to weekday repeat parallel sequence above
    value_template x
"""


class TestOneForm:
    @pytest.mark.parametrize("number", range(len(SAME)))
    def test_another_spelling_is_the_same(self, number: int) -> None:
        assert canonical(changed(SAME[number])) == canonical(BASE)
        assert fingerprint(changed(SAME[number])) == fingerprint(BASE)

    @pytest.mark.parametrize("number", range(len(DIFFERENT)))
    def test_another_meaning_is_not(self, number: int) -> None:
        assert fingerprint(changed(DIFFERENT[number])) != fingerprint(BASE)

    @settings(max_examples=50, deadline=None)
    @given(
        st.sets(st.sampled_from([5, 9, 10, 11, 12, 15, 19, 20, 24, 26, 28, 32, 34])),
        st.sampled_from(range(len(DIFFERENT) - 2)),
    )
    def test_a_change_shows_through_any_spelling(self, spellings: set[int], number: int) -> None:
        respelled = changed(*(SAME[each] for each in sorted(spellings)))
        assert fingerprint(respelled) == fingerprint(BASE)
        try:
            both = copy.deepcopy(respelled)
            DIFFERENT[number](both)
        except (KeyError, TypeError, AttributeError):
            return  # the part was spelled in a way that this change does not know
        assert fingerprint(both) != fingerprint(BASE)

    def test_it_is_its_own_form(self) -> None:
        assert canonical(canonical(BASE)) == canonical(BASE)

    def test_every_day_of_the_week_asks_for_nothing(self) -> None:
        every = {"condition": "time", "weekday": ["sun", "sat", "mon", "tue", "wed", "thu", "fri"]}
        assert canonical(changed(lambda config: config["conditions"].append(every))) == canonical(BASE)

    def test_empty_parts_and_none_are_one(self) -> None:
        bare: Json = {"alias": "A", "triggers": [], "actions": []}
        assert canonical({**bare, "conditions": [], "condition": None, "description": ""}) == {"alias": "A"}

    def test_the_meaning_has_no_name(self) -> None:
        assert meaning({**BASE, "alias": "Z", "description": "Y", "initial_state": True}) == meaning(BASE)
        assert meaning(changed(put("actions", 0, "delay", 1))) != meaning(BASE)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(_KEYS.split()),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_nonsense_has_a_fingerprint_too(self, nonsense: object) -> None:
        config = {"alias": nonsense, "triggers": nonsense, "conditions": nonsense, "actions": nonsense}
        assert len(fingerprint(config)) == 64
