"""What is written of each kind of routine: to the byte of one each, and the cases in which it matters how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from src.analysis.coverage import covered
from src.analysis.sentences import describe
from src.automations.consequences import as_known
from src.automations.draft import Draft
from src.automations.drafting import draft, drafted_offline
from src.automations.spelling import config_of, yaml_of
from src.domain.home import Home, HomeEntity, Service
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    DayTypeTrigger,
    HeldTrigger,
    Json,
    Kind,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
)
from src.errors import NotAutomatable
from tests.unit.automations.any_pattern import info_of
from tests.unit.domain import every_kind
from tests.unit.domain.every_kind import WORKDAYS, routine

DRAFTED = Path(__file__).parent / "drafted"
PERSONS = info_of(*every_kind.PEOPLE)
MOTION = StateTrigger("binary_sensor.motion", "on", 10.0, 60.0)
NEW = (2026, 11)


def written(pattern: Pattern, *persons: str) -> Draft:
    return drafted_offline(pattern, info_of(*persons))


def at(clock: str, weekdays: tuple[str, ...] = WEEKDAYS, **changes: Any) -> Pattern:
    return routine(Kind.TIME_OF_DAY, TimeTrigger(clock, weekdays), ("light.hall", "on"), **changes)


def home_of(*entities: HomeEntity, services: tuple[str, ...] = (), configs: dict[str, Json] | None = None) -> Home:
    return Home(
        "2026.11.0",
        entities={entity.entity_id: entity for entity in entities},
        services={name: Service() for name in services},
        configs=configs or {},
    )


WRITTEN = [(name, each) for name, each in zip(every_kind.NAMES, every_kind.EVERY, strict=True) if "rate" not in name]


@pytest.mark.parametrize(("name", "pattern"), WRITTEN, ids=[name for name, _ in WRITTEN])
def test_every_kind_is_written_to_the_byte(name: str, pattern: Pattern) -> None:
    said = pattern.with_(sentence=describe(pattern, PERSONS))
    assert yaml_of(config_of(drafted_offline(said, PERSONS), NEW)) == (DRAFTED / f"{name}.yaml").read_text("utf-8")


@pytest.mark.parametrize("pattern", [each for name, each in WRITTEN if "missed" not in name])
def test_what_is_written_is_recognised_as_doing_the_routine_already(pattern: Pattern) -> None:
    known = as_known(drafted_offline(pattern, PERSONS))
    assert covered(pattern, [known], PERSONS) == known.name


def test_a_changed_habit_is_told_and_not_written() -> None:
    with pytest.raises(NotAutomatable, match="a habit that has changed is told"):
        drafted_offline(every_kind.FREQUENCY, {})


class TestTheClock:
    def test_every_day_asks_for_no_weekday(self) -> None:
        assert written(at("07:10:00")).conditions == ()

    @pytest.mark.parametrize(
        ("clock", "kept"), [("00:00:00", "00:00:00"), ("23:59:59", "23:59:00"), ("12:00:31", "12:00:00")]
    )
    def test_seconds_are_dropped_and_never_carry_into_another_day(self, clock: str, kept: str) -> None:
        drafted = written(at(clock, ("fri",)))
        assert drafted.triggers[0]["at"] == kept
        assert drafted.conditions == ({"condition": "time", "weekday": ["fri"]},)

    def test_what_is_no_time_is_not_written(self) -> None:
        with pytest.raises(NotAutomatable, match=r"25:00:00 is no time of day"):
            written(at("25:00:00"))

    def test_one_sort_of_day_needs_no_choice(self) -> None:
        only = DayTypeTrigger((TimeTrigger("07:00:00", WORKDAYS),))
        drafted = written(routine(Kind.DAY_TYPE, only, ("light.hall", "on")))
        assert drafted.conditions == ({"condition": "time", "weekday": list(WORKDAYS)},)
        assert "id" not in drafted.triggers[0]


class TestTheSun:
    @pytest.mark.parametrize(
        ("minutes", "offset"), [(-20, "-00:20:00"), (0, None), (1, "00:01:00"), (-125, "-02:05:00"), (180, "03:00:00")]
    )
    def test_the_offset_has_its_sign(self, minutes: int, offset: str | None) -> None:
        drafted = written(routine(Kind.SOLAR, SunTrigger("sunrise", minutes, WEEKDAYS), ("light.a", "off")))
        assert drafted.triggers[0].get("offset") == offset

    @pytest.mark.parametrize(
        ("event", "minutes", "condition"),
        [
            ("sunset", 59, {"condition": "time", "weekday": ["fri"]}),
            (
                "sunset",
                150,
                {
                    "condition": "template",
                    "value_template": "{{ (now() - timedelta(minutes=150)).weekday() in [4] }}",
                },
            ),
            (
                "sunrise",
                -150,
                {
                    "condition": "template",
                    "value_template": "{{ (now() - timedelta(minutes=-150)).weekday() in [4] }}",
                },
            ),
        ],
    )
    def test_the_weekday_is_the_one_of_the_sunset_even_after_midnight(
        self, event: str, minutes: int, condition: Json
    ) -> None:
        drafted = written(routine(Kind.SOLAR, SunTrigger(event, minutes, ("fri",)), ("light.a", "on")))
        assert drafted.conditions == (condition,)


class TestWhatFollows:
    @pytest.mark.parametrize(
        ("entity_id", "to", "trigger"),
        [
            ("binary_sensor.door", "on", {"entity_id": "binary_sensor.door", "from": "off", "to": "on"}),
            ("light.desk", "off", {"entity_id": "light.desk", "from": "on", "to": "off"}),
            (
                "lock.door",
                "unlocked",
                {"entity_id": "lock.door", "not_from": ["unavailable", "unknown"], "to": "unlocked"},
            ),
            (
                "button.doorbell",
                "pressed",
                {"entity_id": "button.doorbell", "not_from": "unavailable", "not_to": ["unavailable", "unknown"]},
            ),
        ],
    )
    def test_a_device_that_comes_back_sets_nothing_off(self, entity_id: str, to: str, trigger: Json) -> None:
        cause = StateTrigger(entity_id, to, 5.0, 60.0)
        drafted = written(routine(Kind.CO_OCCURRENCE, cause, ("light.hall", "on")))
        assert drafted.triggers == ({"trigger": "state", **trigger},)

    @pytest.mark.parametrize(
        ("seconds", "waits"),
        [(0.0, None), (119.0, None), (120.0, "00:02:00"), (170.0, "00:03:00"), (840.0, "00:14:00")],
    )
    def test_minutes_are_waited_for_and_seconds_are_not(self, seconds: float, waits: str | None) -> None:
        cause = StateTrigger("binary_sensor.door", "on", seconds, 900.0)
        drafted = written(routine(Kind.CO_OCCURRENCE, cause, ("light.hall", "on")))
        assert drafted.actions[0].get("delay") == waits

    @pytest.mark.parametrize(("above", "below", "level"), [(20.0, None, {"above": 20}), (None, -0.5, {"below": -0.5})])
    def test_a_level_is_crossed_one_way(self, above: float | None, below: float | None, level: Json) -> None:
        cause = NumericTrigger("sensor.t", above, below, 5.0, 60.0)
        drafted = written(routine(Kind.THRESHOLD, cause, ("fan.a", "on")))
        assert drafted.triggers == ({"trigger": "numeric_state", "entity_id": "sensor.t", **level},)

    def test_steps_at_once_are_one_call_and_others_wait(self) -> None:
        steps = (Action("light.a", "off", 2.0), Action("light.b", "off", 4.9), Action("lock.c", "locked", 47.0))
        drafted = written(routine(Kind.SEQUENCE, MOTION, actions=steps))
        assert drafted.actions == (
            {"action": "light.turn_off", "target": {"entity_id": ["light.a", "light.b"]}},
            {"delay": "00:00:45"},
            {"action": "lock.lock", "target": {"entity_id": "lock.c"}},
        )
        assert drafted.mode == "restart"

    @pytest.mark.parametrize(
        ("seconds", "held"), [(42.0, "00:00:40"), (100.0, "00:01:30"), (1250.0, "00:21:00"), (9_000.0, "02:30:00")]
    )
    def test_lengths_are_round(self, seconds: float, held: str) -> None:
        drafted = written(routine(Kind.DURATION, HeldTrigger("fan.a", "on", seconds), ("fan.a", "off")))
        assert drafted.triggers[0]["for"] == held


class TestPeople:
    def test_the_home_zone_counts_when_it_counts_the_same(self) -> None:
        first = PresenceTrigger("first_arrives", every_kind.PEOPLE, 30.0, 120.0)
        drafted = written(routine(Kind.PRESENCE, first, ("light.hall", "on")), *every_kind.PEOPLE)
        assert drafted.triggers == ({"trigger": "numeric_state", "entity_id": "zone.home", "above": 0},)

    def test_whoever_else_lives_there_does_not_count(self) -> None:
        first = PresenceTrigger("first_arrives", every_kind.PEOPLE, 30.0, 120.0)
        drafted = written(routine(Kind.PRESENCE, first, ("light.hall", "on")), *every_kind.PEOPLE, "person.carla")
        assert drafted.triggers[0]["entity_id"] == list(every_kind.PEOPLE)
        assert drafted.conditions == (
            {
                "condition": "template",
                "value_template": "{{ [states('person.anna'), states('person.ben')] | select('eq', 'home') | list"
                " | count == 1 }}",
            },
        )

    def test_the_last_to_leave_has_been_gone_for_a_minute(self) -> None:
        last = PresenceTrigger("last_leaves", ("device_tracker.a", "device_tracker.b"), 30.0, 120.0)
        drafted = written(routine(Kind.PRESENCE, last, ("light.hall", "off")))
        assert drafted.triggers == (
            {
                "trigger": "state",
                "entity_id": ["device_tracker.a", "device_tracker.b"],
                "from": "home",
                "not_to": ["unavailable", "unknown"],
                "for": "00:01:00",
            },
        )
        anybody = {
            "condition": "state",
            "entity_id": ["device_tracker.a", "device_tracker.b"],
            "state": "home",
            "match": "any",
        }
        assert drafted.conditions == ({"condition": "not", "conditions": [anybody]},)

    @pytest.mark.parametrize(
        ("event", "seconds", "stays"),
        [
            ("arrives", 30.0, None),
            ("arrives", 300.0, "00:05:00"),
            ("leaves", 0.0, "00:01:00"),
            ("leaves", 240.0, "00:04:00"),
        ],
    )
    def test_a_person_has_to_stay_as_long_as_is_waited(self, event: str, seconds: float, stays: str | None) -> None:
        one = PresenceTrigger(event, ("person.anna",), seconds, 900.0)
        drafted = written(routine(Kind.PRESENCE, one, ("light.hall", "on")), *every_kind.PEOPLE)
        assert drafted.triggers[0].get("for") == stays
        assert all("delay" not in action for action in drafted.actions)


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "asked"),
        [
            ({"type": "time", "weekdays": ["sat", "sun"]}, [{"condition": "time", "weekday": ["sat", "sun"]}]),
            ({"type": "time", "weekdays": list(WEEKDAYS)}, []),
            (
                {"type": "sun", "is": "below_horizon"},
                [{"condition": "state", "entity_id": "sun.sun", "state": "below_horizon"}],
            ),
            (
                {"type": "presence", "is": "somebody_home", "entity_ids": ["person.anna"]},
                [{"condition": "state", "entity_id": "person.anna", "state": "home"}],
            ),
            (
                {"type": "presence", "is": "nobody_home", "entity_ids": list(every_kind.PEOPLE)},
                [{"condition": "numeric_state", "entity_id": "zone.home", "below": 1}],
            ),
            (
                {"type": "state", "entity_id": "input_boolean.guests", "state": "off"},
                [{"condition": "state", "entity_id": "input_boolean.guests", "state": "off"}],
            ),
            ({"type": "season", "from": "10-20", "until": None}, []),
            (
                {"type": "season", "from": "04-01", "until": "09-30"},
                [{"condition": "template", "value_template": "{{ '04-01' <= now().strftime('%m-%d') <= '09-30' }}"}],
            ),
            (
                {"type": "season", "from": "11-01", "until": "02-28"},
                [
                    {
                        "condition": "template",
                        "value_template": "{{ now().strftime('%m-%d') >= '11-01'"
                        " or now().strftime('%m-%d') <= '02-28' }}",
                    }
                ],
            ),
        ],
    )
    def test_each_in_home_assistants_words(self, condition: Json, asked: list[Json]) -> None:
        pattern = at("07:10:00", conditions=(condition,))
        assert list(drafted_offline(pattern, PERSONS).conditions) == asked

    def test_where_the_sun_is_no_entity_its_times_are_asked(self) -> None:
        pattern = at("17:00:00", conditions=({"type": "sun", "is": "below_horizon"},))
        assert draft(pattern, home_of()).conditions == ({"condition": "sun", "before": "sunrise", "after": "sunset"},)

    @pytest.mark.parametrize(
        "condition", [{"type": "moon"}, {"type": "season", "from": "1-1') or True", "until": "09-30"}, {"type": "sun"}]
    )
    def test_one_that_has_no_words_is_not_left_out(self, condition: Json) -> None:
        with pytest.raises(NotAutomatable):
            written(at("07:10:00", conditions=(condition,)))

    def test_a_season_that_has_no_end_yet_says_so(self) -> None:
        pattern = at("07:10:00", conditions=({"type": "season", "from": "10-20", "until": None},))
        assert "until it is switched off, it goes on" in written(pattern).description


class TestTogether:
    def test_of_a_pair_one_is_enough_and_an_automation_is_nobody(self) -> None:
        pair = TogetherTrigger(("light.a", "switch.b"), 60.0)
        drafted = written(routine(Kind.SCENE, pair, ("light.a", "on"), ("switch.b", "on")))
        assert drafted.triggers == (
            {"trigger": "state", "entity_id": ["light.a", "switch.b"], "from": "off", "to": "on"},
        )
        assert drafted.conditions == (
            {"condition": "template", "value_template": "{{ trigger.to_state.context.parent_id is none }}"},
        )

    @pytest.mark.parametrize(("things", "half"), [(3, 2), (4, 2), (5, 3), (6, 3)])
    def test_half_of_a_group_has_to_be_set(self, things: int, half: int) -> None:
        lights = tuple(f"light.l{n}" for n in range(things))
        drafted = written(routine(Kind.SCENE, TogetherTrigger(lights, 90.0), *((light, "off") for light in lights)))
        asked = drafted.conditions[1]["value_template"]
        assert asked.endswith(f"count >= {half} }}}}")
        assert "timedelta(seconds=90)" in asked

    def test_a_button_of_a_group_is_not_pressed_for_it(self) -> None:
        both = TogetherTrigger(("light.a", "scene.movie"), 60.0)
        drafted = written(routine(Kind.SCENE, both, ("light.a", "off"), ("scene.movie", "activated")))
        assert [action["action"] for action in drafted.actions] == ["light.turn_off"]
        assert [trigger["entity_id"] for trigger in drafted.triggers] == ["light.a", "scene.movie"]


class TestReminders:
    def test_it_goes_to_the_only_phone(self) -> None:
        home = home_of(services=("notify.mobile_app_anna", "notify.notify", "persistent_notification.create"))
        (action,) = draft(every_kind.LEFT_OPEN, home).actions
        assert action["action"] == "notify.mobile_app_anna"

    def test_it_chooses_no_phone_of_two(self) -> None:
        home = home_of(services=("notify.mobile_app_anna", "notify.mobile_app_ben"))
        (action,) = draft(every_kind.LEFT_OPEN, home).actions
        assert action["action"] == "persistent_notification.create"

    def test_a_time_before_midnight_is_asked_for_on_the_day_after(self) -> None:
        late = MissedTrigger("lock.front_door", "locked", "23:50:00", ("fri", "sun"), "2025-11-12")
        drafted = written(routine(Kind.ANOMALY, late))
        assert drafted.triggers == ({"trigger": "time", "at": "00:05:00"},)
        assert drafted.conditions[0] == {"condition": "time", "weekday": ["mon", "sat"]}

    def test_what_a_name_says_is_no_template(self) -> None:
        pattern = every_kind.LEFT_OPEN.with_(sentence="The {{ states('lock.a') }} {% x %} {# y #} was left open.")
        (action,) = written(pattern).actions
        assert not any(opening in action["data"]["message"] for opening in ("{{", "{%", "{#"))


class TestItsName:
    def test_it_is_the_sentence_without_what_only_the_habit_needs(self) -> None:
        pattern = at("07:10:00", sentence="When the door opens, the hall light turns on within 2 minutes, since 3 May.")
        assert written(pattern).alias == "When the door opens, the hall light turns on"

    def test_it_is_short(self) -> None:
        alias = written(at("07:10:00", sentence=f"The {'very ' * 100}long lamp turns on.")).alias
        assert len(alias) <= 100
        assert alias.endswith("very…")

    def test_another_automation_of_that_name_is_told_apart_but_not_its_own_former_one(self) -> None:
        pattern = at("07:10:00", sentence="The hall light turns on.", id="p_5f0c000000000000")
        alias = "Hall light turns on"
        theirs: Json = {"id": "1", "alias": alias}
        ours: Json = {"id": "ai_automation_p_5f0c000000000000", "alias": alias}
        assert draft(pattern, home_of(configs={"automation.a": theirs})).alias == f"{alias} (5f0c00)"
        assert draft(pattern, home_of(configs={"automation.a": ours})).alias == alias

    def test_one_without_a_sentence_is_called_by_its_things(self) -> None:
        assert written(at("07:10:00")).alias == "Routine of light.hall"


class TestItsDescription:
    @pytest.mark.parametrize(
        ("expected_rate", "said"),
        [(0.0, "less than 1 in 1000"), (0.06, "about 1 in 17"), (0.013, "about 1 in 75"), (0.61, "about 6 in 10")],
    )
    def test_it_says_what_chance_would_give(self, expected_rate: float, said: str) -> None:
        pattern = at("07:10:00", evidence=every_kind.evidence(expected_rate=expected_rate))
        assert f"by chance it would be {said}." in written(pattern).description

    def test_it_says_that_a_person_corrected_what_was_found(self) -> None:
        assert "A person corrected it" in written(at("07:10:00", corrected=True)).description

    def test_it_names_the_pattern(self) -> None:
        assert written(at("07:10:00")).description.endswith("from pattern p_0000000000000000.")


@pytest.mark.parametrize("entity_id", ["light.Küche", "light.a b", "light", "light.x', 'y", ""])
def test_what_is_no_entity_id_is_not_written(entity_id: str) -> None:
    pattern = routine(Kind.TIME_OF_DAY, TimeTrigger("07:10:00", WEEKDAYS), (entity_id, "on"))
    with pytest.raises(NotAutomatable):
        written(pattern)
