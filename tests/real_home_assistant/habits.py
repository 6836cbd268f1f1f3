"""What the people of the test home do by habit: the truth that the service is asked to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.real_home_assistant.json_types import Json

WORKDAYS = frozenset({"mon", "tue", "wed", "thu", "fri"})
WEEKEND = frozenset({"sat", "sun"})


@dataclass(frozen=True)
class Habit:
    """One habit, and how to tell it among the patterns that were found.

    Attributes:
        name: in a few words.
        does: the thing that is done, and the state it takes.
        found_as: whether a pattern (as JSON) that does it says it by the cause that it has.
        automated: an automation does the same, and is to be named.
    """

    name: str
    does: tuple[str, str]
    found_as: Callable[[Json], bool]
    automated: bool = False

    def is_found_in(self, pattern: Json) -> bool:
        things = {(action["entity_id"], action["to"]) for action in pattern["actions"]}
        return self.does in things and self.found_as(pattern)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])


def _at(clock: str, weekdays: frozenset[str]) -> Callable[[Json], bool]:
    """At that time within 20 minutes on mostly those weekdays; one of the times of a pattern with several will do."""

    def matches(pattern: Json) -> bool:
        trigger = pattern["trigger"]
        times = trigger.get("times", [trigger])
        return any(
            "at" in time
            and abs(_minutes(time["at"]) - _minutes(clock)) <= 20
            and len(weekdays & set(time["weekdays"])) * 2 > len(weekdays | set(time["weekdays"]))
            for time in times
        )

    return matches


def _after_sunset(minutes: float) -> Callable[[Json], bool]:
    def matches(pattern: Json) -> bool:
        trigger = pattern["trigger"]
        return bool(
            trigger["type"] == "sun" and trigger["event"] == "sunset" and abs(trigger["offset_minutes"] - minutes) <= 15
        )

    return matches


def _trigger(**wanted: object) -> Callable[[Json], bool]:
    return lambda pattern: all(pattern["trigger"].get(key) == value for key, value in wanted.items())


def _comes_home(person: str) -> Callable[[Json], bool]:
    """Said of the person, or of the person's state as the first of several things."""

    def matches(pattern: Json) -> bool:
        trigger = pattern["trigger"]
        if trigger["type"] == "presence":
            return bool(trigger["event"] == "arrives" and trigger["entity_ids"] == [person])
        return bool(trigger.get("entity_id") == person and trigger.get("to") == "home")

    return matches


def _above(sensor: str, level: float, near: float) -> Callable[[Json], bool]:
    def matches(pattern: Json) -> bool:
        above = pattern["trigger"].get("above")
        return pattern["trigger"].get("entity_id") == sensor and above is not None and abs(above - level) <= near

    return matches


def _held(seconds: float) -> Callable[[Json], bool]:
    return lambda pattern: abs(pattern["trigger"].get("for_seconds", 0.0) - seconds) <= seconds / 4


def _together(*entity_ids: str) -> Callable[[Json], bool]:
    return lambda pattern: (
        pattern["trigger"]["type"] == "together"
        and {action["entity_id"] for action in pattern["actions"]} >= set(entity_ids)
    )


EVERY_DAY = WORKDAYS | WEEKEND
_DINING = ("light.dining_table", "light.sideboard", "light.window_lamp")

HABITS: tuple[Habit, ...] = (
    Habit("bedroom lamp before work", ("light.bedroom_lamp", "on"), _at("06:50", WORKDAYS)),
    Habit("coffee before work", ("switch.coffee_machine", "on"), _at("07:12", WORKDAYS)),
    Habit("study light on weekend mornings", ("light.study", "on"), _at("10:00", WEEKEND)),
    Habit("lamp off at bedtime", ("light.living_room_lamp", "off"), _at("22:50", EVERY_DAY)),
    Habit("lamp after sunset, from the app", ("light.living_room_lamp", "on"), _after_sunset(20)),
    Habit(
        "hallway light after the front door",
        ("light.hallway", "on"),
        _trigger(type="state", entity_id="binary_sensor.front_door", to="on"),
    ),
    Habit(
        "soundbar after the TV",
        ("media_player.soundbar", "on"),
        _trigger(type="state", entity_id="media_player.tv", to="on"),
    ),
    Habit(
        "radio when Anna comes home",
        ("media_player.radio", "on"),
        _comes_home("person.anna"),
    ),
    Habit(
        "standby plug off when everybody has left",
        ("switch.standby_plug", "off"),
        _trigger(type="presence", event="last_leaves"),
    ),
    Habit(
        "standby plug on when somebody is back",
        ("switch.standby_plug", "on"),
        _trigger(type="presence", event="first_arrives"),
    ),
    Habit("fan when the air is damp", ("switch.bathroom_fan", "on"), _above("sensor.bathroom_humidity", 68, 6)),
    Habit("towel warmer off after 40 minutes", ("switch.towel_warmer", "off"), _held(2400)),
    Habit("dining room lights together", (_DINING[0], "on"), _together(*_DINING)),
    Habit("study desk before the automation", ("switch.study_desk", "on"), _at("08:30", WORKDAYS), automated=True),
)
