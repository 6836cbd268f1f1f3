"""Patterns as sentences a person would say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.analysis.names import device_class_of, name_of
from src.analysis.sentences import describe
from src.analysis.verbs import plural, verb
from src.domain.events import EntityInfo
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    HeldTrigger,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
)
from tests.unit.analysis.worlds import after, at
from tests.unit.domain import every_kind


def about(*entities: EntityInfo) -> dict[str, EntityInfo]:
    return {entity.entity_id: entity for entity in entities}


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        (at("07:10:00", ("light.kitchen", "on")), "The kitchen light turns on around 07:10 on weekdays."),
        (
            at("22:58:00", ("lock.front_door", "locked"), weekdays=WEEKDAYS),
            "The front door lock is locked around 23:00 every day.",
        ),
        (
            at("08:32:29", ("cover.living_room_blinds", "open"), weekdays=("sat", "sun")),
            "The living room blinds open around 08:30 at weekends.",
        ),
        (
            at("19:00:00", ("media_player.living_room_tv", "playing"), weekdays=("tue", "thu")),
            "The living room TV starts playing around 19:00 on Tuesdays and Thursdays.",
        ),
        (
            at("06:00:00", ("climate.bedroom", "heat"), weekdays=("mon",)),
            "The bedroom thermostat is set to heat around 06:00 on Mondays.",
        ),
        (
            at("10:00:00", ("vacuum.robo", "cleaning"), weekdays=WEEKDAYS[:6]),
            "The robo vacuum starts cleaning around 10:00 every day but Sundays.",
        ),
        (
            at("18:01:00", ("light.hall", "on"), ("light.desk_lamp", "on")),
            "The hall light and the desk lamp turn on around 18:00 on weekdays.",
        ),
        (
            at("23:30:00", ("light.hall", "off"), ("light.desk", "off"), ("switch.coffee_maker", "on")),
            "The hall light and the desk light turn off and the coffee maker turns on around 23:30 on weekdays.",
        ),
        (
            at("23:30:00", *((f"light.spot_{n}", "off") for n in range(6))),
            "The spot 0, the spot 1, the spot 2 and 3 others turn off around 23:30 on weekdays.",
        ),
        (
            after(("binary_sensor.front_door", "on"), ("light.hall", "on")),
            "When the front door opens, the hall light turns on within 2 minutes.",
        ),
        (
            after(("binary_sensor.hall_motion", "on"), ("light.hall", "on"), within=30),
            "When the hall motion sensor detects motion, the hall light turns on within 30 seconds.",
        ),
        (
            after(("person.anna", "home"), ("light.entrance", "on"), within=60),
            "When Anna arrives home, the entrance light turns on within a minute.",
        ),
        (
            after(("person.anna", "not_home"), ("alarm_control_panel.home", "armed_away"), within=900),
            "When Anna leaves home, the home alarm is armed for away within 15 minutes.",
        ),
        (
            after(("person.anna", "swimming_pool"), ("input_boolean.sport", "on")),
            "When Anna arrives at swimming pool, the sport turns on within 2 minutes.",
        ),
    ],
)
def test_a_routine_is_said_in_one_plain_sentence(pattern: Pattern, sentence: str) -> None:
    assert describe(pattern, {}) == sentence


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        (EntityInfo("light.kitchen_ceiling"), "the kitchen ceiling light"),
        (EntityInfo("light.kitchen_light"), "the kitchen light"),
        (EntityInfo("light.x", name="Kitchen Ceiling"), "the Kitchen Ceiling light"),
        (EntityInfo("light.x", name="Kitchen Light"), "the Kitchen Light"),
        (EntityInfo("light.x", name="Tom's Lamp"), "Tom's Lamp"),
        (EntityInfo("light.x", name="James’ Lamp"), "James’ Lamp"),
        (EntityInfo("light.x", name="The Big Lamp"), "The Big Lamp"),
        (EntityInfo("light.x", name="My reading lamp"), "My reading lamp"),
        (EntityInfo("light.x", name="  Küche\n Spots "), "the Küche Spots"),
        (EntityInfo("person.anna_maria"), "Anna Maria"),
        (EntityInfo("person.x", name="anna"), "anna"),
        (EntityInfo("switch.kitchen"), "the kitchen switch"),
        (EntityInfo("switch.kettle"), "the kettle"),
        (EntityInfo("cover.garage", device_class="garage"), "the garage door"),
        (EntityInfo("cover.garage_door", device_class="garage"), "the garage door"),
        (EntityInfo("cover.bedroom", device_class="shutter"), "the bedroom shutter"),
        (EntityInfo("cover.bedroom"), "the bedroom cover"),
        (EntityInfo("binary_sensor.front_door_contact", device_class="door"), "the front door"),
        (EntityInfo("binary_sensor.x", name="Kitchen Window Sensor", device_class="window"), "the Kitchen Window"),
        (EntityInfo("binary_sensor.contact", device_class="door"), "the contact"),
        (EntityInfo("binary_sensor.hall", device_class="motion"), "the hall motion sensor"),
        (EntityInfo("binary_sensor.hall_motion_detector", device_class="motion"), "the hall motion detector"),
        (EntityInfo("binary_sensor.bed", device_class="occupancy"), "the bed occupancy sensor"),
        (EntityInfo("media_player.sonos"), "the sonos media player"),
        (EntityInfo("media_player.bedroom_speakers"), "the bedroom speakers"),
        (EntityInfo("lock.front_door"), "the front door lock"),
        (EntityInfo("scene.movie_night"), "the movie night scene"),
        (EntityInfo("sun.sun"), "the sun"),
        (EntityInfo("nonsense"), "the nonsense"),
    ],
)
def test_an_entity_is_called_what_people_call_it(entity: EntityInfo, name: str) -> None:
    assert name_of(entity).text == name


@pytest.mark.parametrize(
    ("domain", "device_class", "state", "said"),
    [
        ("light", None, "on", "turns on"),
        ("switch", "outlet", "off", "turns off"),
        ("lock", None, "unlocked", "is unlocked"),
        ("cover", "blind", "closed", "closes"),
        ("binary_sensor", "door", "on", "opens"),
        ("binary_sensor", "window", "off", "closes"),
        ("binary_sensor", "opening", "on", "opens"),
        ("binary_sensor", "motion", "on", "detects motion"),
        ("binary_sensor", "occupancy", "off", "no longer detects anybody"),
        ("binary_sensor", "moisture", "on", "detects water"),
        ("binary_sensor", "plug", "off", "is unplugged"),
        ("binary_sensor", "vibration", "on", "detects vibration"),
        ("binary_sensor", "lock", "on", "is unlocked"),
        ("binary_sensor", None, "on", "turns on"),
        ("person", None, "home", "arrives home"),
        ("device_tracker", None, "not_home", "leaves home"),
        ("person", None, "Work", "arrives at Work"),
        ("media_player", None, "paused", "pauses"),
        ("media_player", None, "idle", "becomes idle"),
        ("climate", None, "fan_only", "is set to fan only"),
        ("climate", None, "off", "turns off"),
        ("vacuum", None, "docked", "returns to its dock"),
        ("alarm_control_panel", None, "armed_night", "is armed for the night"),
        ("sun", None, "below_horizon", "sets"),
        ("scene", None, "activated", "is activated"),
        ("input_select", None, "Movie Night", "changes to Movie Night"),
        ("sensor", "power", "1200", "changes to 1200"),
        ("sensor", None, "", "changes to an empty state"),
    ],
)
def test_a_state_is_said_as_what_the_thing_does(domain: str, device_class: str | None, state: str, said: str) -> None:
    assert verb(domain, device_class, state) == said


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("turns on", "turn on"),
        ("is locked", "are locked"),
        ("goes off", "go off"),
        ("closes", "close"),
        ("no longer detects anybody", "no longer detect anybody"),
        ("returns to its dock", "return to their docks"),
        ("is no longer cold", "are no longer cold"),
    ],
)
def test_several_things_take_the_plural(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Work Monitors", "The Work Monitors turn on around 07:10 on weekdays."),
        ("Work Monitor", "The Work Monitor turns on around 07:10 on weekdays."),
        ("Kitchen Spots", "The Kitchen Spots turn on around 07:10 on weekdays."),
    ],
)
def test_a_name_of_several_things_takes_the_plural(name: str, said: str) -> None:
    home = about(EntityInfo("switch.a", name=name))
    assert describe(at("07:10:00", ("switch.a", "on")), home) == said


def test_two_lamps_of_one_name_are_told_apart_by_their_rooms() -> None:
    home = about(
        EntityInfo("light.a", name="Ceiling light", area="Kitchen"),
        EntityInfo("light.b", name="Ceiling light", area="Bedroom"),
    )
    assert describe(at("07:10:00", ("light.b", "on")), home) == (
        "The Ceiling light in the Bedroom turns on around 07:10 on weekdays."
    )


def test_two_lamps_of_one_name_in_one_room_are_told_apart_by_their_ids() -> None:
    home = about(EntityInfo("light.a", name="Spot", area="Kitchen"), EntityInfo("light.b", name="Spot", area="Kitchen"))
    assert name_of(home["light.b"], home.values()).text == "the Spot (light.b)"


def test_a_log_without_metadata_still_says_that_a_door_opens() -> None:
    assert device_class_of(EntityInfo("binary_sensor.kitchen_fridge")) == "opening"
    assert device_class_of(EntityInfo("binary_sensor.back_door_contact")) == "door"
    assert device_class_of(EntityInfo("binary_sensor.bed_pressure")) is None
    assert device_class_of(EntityInfo("light.front_door")) is None


def test_conditions_are_never_left_out_of_the_sentence() -> None:
    dark = {"type": "time", "after": "18:01:00", "before": "23:00:00"}
    awake = {"type": "state", "entity_id": "binary_sensor.bed", "to": "off"}
    strange = {"type": "moon", "phase": "full"}
    pattern = after(("binary_sensor.front_door", "on"), ("light.hall", "on"), conditions=(dark, awake, strange))
    assert describe(pattern, {}) == (
        "When the front door opens, the hall light turns on within 2 minutes between 18:00 and 23:00"
        " while the bed is off under a further condition."
    )


def test_the_sentence_is_the_same_while_the_time_moves_by_a_minute_or_two() -> None:
    moved = {describe(at(f"07:{minute:02d}:00", ("light.a", "on")), {}) for minute in (8, 9, 10, 11, 12)}
    assert moved == {"The a light turns on around 07:10 on weekdays."}


NAMES = {"sensor.living_room_illuminance": EntityInfo("sensor.living_room_illuminance", unit="lx")}


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        (every_kind.TIME_OF_DAY, "The kitchen light turns on around 07:10 on weekdays."),
        (
            every_kind.DAY_TYPE,
            "The bedroom blinds open around 07:10 on weekdays and around 08:30 at weekends.",
        ),
        (every_kind.SOLAR, "The porch light turns on about 10 minutes after sunset every day."),
        (every_kind.SEASONAL, "The heater turns on around 06:30 every day, since 20 October."),
        (every_kind.CO_OCCURRENCE, "When the front door opens, the hall light turns on within 2 minutes."),
        (every_kind.PRESENCE, "When Anna comes home, the hall light turns on within 2 minutes."),
        (
            every_kind.THRESHOLD,
            "When the living room illuminance falls below 45 lx, the living room lamp turns on within 5 minutes.",
        ),
        (
            every_kind.SEQUENCE,
            "When the TV turns off, the living room lamp turns off and then the front door lock is locked.",
        ),
        (every_kind.SCENE, "The lamp, the spots and the TV are turned on together."),
        (every_kind.DURATION, "The bathroom fan is turned off after about 20 minutes."),
        (every_kind.FREQUENCY, "The washing machine turns on 6 times a week since 12 October, 2 before."),
        (every_kind.LEFT_OPEN, "The bedroom window was left open: longer than 40 minutes is unusual."),
        (
            every_kind.MISSED,
            "The coffee machine usually turns on by 07:40 on weekdays and has not since 12 November.",
        ),
    ],
    ids=every_kind.NAMES,
)
def test_every_kind_of_routine_is_said_as_a_person_would(pattern: Pattern, sentence: str) -> None:
    assert describe(pattern, NAMES) == sentence


@pytest.mark.parametrize(
    ("event", "people", "beginning"),
    [
        ("arrives", ("person.anna",), "When Anna comes home, "),
        ("leaves", ("person.anna",), "When Anna leaves home, "),
        ("first_arrives", every_kind.PEOPLE, "When the first person comes home, "),
        ("last_leaves", every_kind.PEOPLE, "When the last person leaves, "),
    ],
)
def test_who_comes_and_goes(event: str, people: tuple[str, ...], beginning: str) -> None:
    pattern = every_kind.PRESENCE.with_(trigger=PresenceTrigger(event, people, 45.0, 120.0))
    assert describe(pattern, {}) == f"{beginning}the hall light turns on within 2 minutes."


@pytest.mark.parametrize(
    ("trigger", "beginning"),
    [
        (NumericTrigger("sensor.x", 21.4, None, 60, 300), "When the Attic temperature rises above 21.5 °C, "),
        (NumericTrigger("sensor.y", None, 900, 60, 300), "When the CO2 Monitor falls below 900 ppm, "),
    ],
)
def test_a_measurement_is_called_by_what_is_measured(trigger: NumericTrigger, beginning: str) -> None:
    home = about(
        EntityInfo("sensor.x", name="Attic", device_class="temperature", unit="°C"),
        EntityInfo("sensor.y", name="CO2 Monitor", device_class="carbon_dioxide", unit="ppm"),
    )
    assert describe(every_kind.THRESHOLD.with_(trigger=trigger), home).startswith(beginning)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"type": "time", "weekdays": ["sat", "sun"]}, " at weekends"),
        ({"type": "sun", "is": "below_horizon"}, " when it is dark"),
        ({"type": "sun", "is": "above_horizon"}, " in daylight"),
        ({"type": "presence", "is": "somebody_home", "entity_ids": list(every_kind.PEOPLE)}, " while somebody is home"),
        ({"type": "presence", "is": "nobody_home", "entity_ids": list(every_kind.PEOPLE)}, " while nobody is home"),
        ({"type": "presence", "is": "somebody_home", "entity_ids": ["person.ben"]}, " while Ben is home"),
        ({"type": "presence", "is": "nobody_home", "entity_ids": ["person.ben"]}, " while Ben is away"),
        ({"type": "state", "entity_id": "binary_sensor.window", "state": "on"}, " while the window is open"),
        ({"type": "state", "entity_id": "media_player.tv", "state": "playing"}, " while the TV is playing"),
        ({"type": "state", "entity_id": "person.ben", "state": "home"}, " while Ben is home"),
        ({"type": "season", "from": "10-20", "until": "03-15"}, ", from 20 October to 15 March"),
        ({"type": "season", "from": None, "until": "03-15"}, ", until 15 March"),
        ({"type": "season", "from": None, "until": None}, " under a further condition"),
        ({"type": "sun", "is": "green"}, " under a further condition"),
    ],
)
def test_a_condition_is_said(condition: dict[str, object], said: str) -> None:
    home = about(EntityInfo("media_player.tv", name="the TV"))
    pattern = every_kind.CO_OCCURRENCE.with_(conditions=(condition,))
    assert describe(pattern, home) == f"When the front door opens, the hall light turns on within 2 minutes{said}."


def test_the_season_is_said_last() -> None:
    season, dark = {"type": "season", "from": "10-20", "until": None}, {"type": "sun", "is": "below_horizon"}
    pattern = every_kind.CO_OCCURRENCE.with_(conditions=(season, dark))
    assert describe(pattern, {}).endswith("within 2 minutes when it is dark, since 20 October.")


def test_several_things_that_are_told_of_take_the_plural() -> None:
    blinds, locks = "cover.bedroom_blinds", "lock.doors"
    held = every_kind.LEFT_OPEN.with_(trigger=HeldTrigger(blinds, "open", 2400.0))
    assert describe(held, {}) == "The bedroom blinds were left open: longer than 40 minutes is unusual."
    missed = every_kind.MISSED.with_(trigger=MissedTrigger(locks, "locked", "23:00:00", WEEKDAYS, "2025-11-12"))
    assert describe(missed, about(EntityInfo(locks, name="Door locks"))) == (
        "The Door locks are usually locked by 23:00 every day and have not since 12 November."
    )


def test_a_scene_of_different_states_says_each() -> None:
    scene = every_kind.SCENE.with_(
        actions=(Action("light.lamp", "on"), Action("cover.blinds", "closed"), Action("light.spots", "on"))
    )
    assert describe(scene, {}) == "The lamp and the spots are turned on and the blinds are closed together."


def test_a_long_sequence_keeps_its_order() -> None:
    steps = (Action("light.lamp", "off", 30.0), Action("light.hall", "on", 20.0), Action("light.bedroom", "on", 90.0))
    assert describe(every_kind.SEQUENCE.with_(actions=steps), {}).endswith(
        "the lamp turns off, then the hall light turns on and then the bedroom light turns on."
    )


texts = st.text(max_size=80)
entity_ids = st.one_of(texts, st.builds("{}.{}".format, st.sampled_from(["light", "lock", "binary_sensor"]), texts))
actions = st.lists(st.tuples(entity_ids, texts), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    cause=st.tuples(entity_ids, texts),
    done=actions,
    name=st.none() | texts,
    device_class=st.none() | texts,
    area=st.none() | texts,
    within=st.floats(0, 1e7),
)
def test_whatever_a_home_is_called_the_sentence_is_one_line(
    cause: tuple[str, str],
    done: list[tuple[str, str]],
    name: str | None,
    device_class: str | None,
    area: str | None,
    within: float,
) -> None:
    ids = [entity_id for entity_id, _ in (cause, *done)]
    home = about(*(EntityInfo(entity_id, name, area, device_class) for entity_id in ids))
    for pattern in (after(cause, *done, within=within), at("23:59:59", *done, weekdays=())):
        sentence = describe(pattern, home)
        assert sentence.endswith(".")
        assert sentence == " ".join(sentence.split())
        assert sentence.isprintable()
        assert len(sentence) < 1500
        assert sentence == describe(pattern, home)


def entities_of(pattern: Pattern) -> set[str]:
    return set(re.findall(r"\b[a-z_]+\.[a-z_]+\b", str(pattern.to_json())))


@settings(max_examples=50, deadline=None)
@given(pattern=st.sampled_from(every_kind.EVERY), name=texts, device_class=st.none() | texts, unit=st.none() | texts)
def test_whatever_a_home_is_called_every_kind_is_one_line(
    pattern: Pattern, name: str, device_class: str | None, unit: str | None
) -> None:
    home = about(*(EntityInfo(each, name, None, device_class, unit) for each in sorted(entities_of(pattern))))
    sentence = describe(pattern, home)
    assert sentence.endswith(".")
    assert sentence == " ".join(sentence.split())
    assert sentence.isprintable()
