"""What the family of the demo home does: a routine of every kind that mining knows."""

from __future__ import annotations

from collections.abc import Sequence

from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.home import Condition, Planted, Step
from src.simulation.span import DAY_MINUTES

DAYS = 60

WORKDAYS = WEEKDAYS[:5]
SCHOOL_NIGHTS = ("mon", "tue", "wed", "thu", "sun")
FAMILY = ("person.anna", "person.ben", "person.mia")


def _clock(clock: str) -> float:
    """Minutes after midnight of ``HH:MM``."""
    hours, minutes = clock.split(":")
    return int(hours) * 60.0 + int(minutes)


def at(
    clock: str,
    entity_id: str,
    to: str,
    weekdays: Sequence[str],
    probability: float,
    spread: float,
    *,
    otherwise: str | None = None,
    since_day: int | None = None,
) -> Planted:
    """A routine of the clock: ``at("07:10", "light.kitchen", "on", WEEKDAYS, 0.9, 6)``.

    Args:
        otherwise: the time on the other days of the week.
        since_day: the day of the span it began on.
    """
    kind = Kind.TIME_OF_DAY
    if otherwise is not None:
        kind = Kind.DAY_TYPE
    elif since_day is not None:
        kind = Kind.SEASONAL
    return Planted(
        kind,
        entity_id,
        to,
        tuple(weekdays),
        probability,
        spread,
        at_minutes=_clock(clock),
        other_minutes=None if otherwise is None else _clock(otherwise),
        since_minutes=None if since_day is None else float(since_day * DAY_MINUTES),
    )


def after_sunset(minutes: float, entity_id: str, to: str, probability: float, spread: float) -> Planted:
    """A routine of the sun on every day; before sunset where ``minutes`` is negative."""
    return Planted(Kind.SOLAR, entity_id, to, WEEKDAYS, probability, spread, sun_event="sunset", offset_minutes=minutes)


def after(
    trigger: tuple[str, str],
    entity_id: str,
    to: str,
    seconds: float,
    probability: float,
    spread: float,
    *,
    conditions: tuple[Condition, ...] = (),
) -> Planted:
    """A routine that follows: ``after(("media_player.tv", "on"), "light.tv", "on", 12, 0.9, 0.1)``."""
    person = trigger[0].startswith("person.")
    return Planted(
        Kind.PRESENCE if person else Kind.CO_OCCURRENCE,
        entity_id,
        to,
        WEEKDAYS,
        probability,
        spread,
        trigger_entity=trigger[0],
        trigger_to=trigger[1],
        delay_seconds=seconds,
        presence_event={"home": "arrives", "not_home": "leaves"}[trigger[1]] if person else None,
        people=(trigger[0],) if person else (),
        conditions=conditions,
    )


def after_all_left(entity_id: str, to: str, seconds: float, probability: float, spread: float) -> Planted:
    """A routine of whoever leaves last."""
    return Planted(
        Kind.PRESENCE,
        entity_id,
        to,
        WEEKDAYS,
        probability,
        spread,
        delay_seconds=seconds,
        presence_event="last_leaves",
        people=FAMILY,
    )


def above(
    sensor: str, level: float, entity_id: str, to: str, seconds: float, probability: float, spread: float
) -> Planted:
    """A routine that follows a measurement rising over a level."""
    return Planted(
        Kind.THRESHOLD,
        entity_id,
        to,
        WEEKDAYS,
        probability,
        spread,
        trigger_entity=sensor,
        delay_seconds=seconds,
        level=level,
        rising=True,
    )


def in_order(*steps: tuple[str, str, float], probability: float) -> Planted:
    """Things done one after the other: ``(entity id, state, seconds after the step before it)``."""
    (first, first_to, _), (last, last_to, _) = steps[0], steps[-1]
    return Planted(
        Kind.SEQUENCE,
        last,
        last_to,
        WEEKDAYS,
        probability,
        0.2,
        trigger_entity=first,
        trigger_to=first_to,
        steps=tuple(Step(*step) for step in steps),
    )


def together(entity_ids: Sequence[str], to: str, seconds: float, per_day: float, probability: float) -> Planted:
    """Things set within so many seconds, in no order."""
    steps = tuple(Step(entity_id, to) for entity_id in sorted(entity_ids))
    return Planted(
        Kind.SCENE, steps[0].entity_id, to, WEEKDAYS, probability, seconds / 60, steps=steps, per_day=per_day
    )


def lasting(minutes: float, entity_id: str, probability: float, spread: float) -> Planted:
    """A thing that is turned off by hand after about so long."""
    return Planted(
        Kind.DURATION,
        entity_id,
        "off",
        WEEKDAYS,
        probability,
        spread,
        trigger_entity=entity_id,
        trigger_to="on",
        for_seconds=minutes * 60,
    )


def more_often(factor: float, entity_id: str, since_day: int) -> Planted:
    """A thing that is used so many times as often since a day of the span."""
    since = float(since_day * DAY_MINUTES)
    return Planted(Kind.FREQUENCY, entity_id, "on", WEEKDAYS, 1.0, 0.0, since_minutes=since, factor=factor)


def forgotten(entity_id: str, since_day: float) -> Planted:
    """A thing left open for hours once, on the last days."""
    return Planted(
        Kind.ANOMALY, entity_id, "on", WEEKDAYS, 1.0, 0.0, for_seconds=900.0, since_minutes=since_day * DAY_MINUTES
    )


ROUTINES: tuple[Planted, ...] = (
    at("06:50", "light.kitchen_ceiling", "on", WORKDAYS, 0.94, 6),
    at("07:15", "switch.coffee_machine", "on", WORKDAYS, 0.95, 7, otherwise="09:10"),
    at("07:40", "cover.living_room_blinds", "open", WEEKDAYS, 0.93, 9),
    after_sunset(20, "cover.living_room_blinds", "closed", 0.93, 7),
    at("20:15", "light.mia_bedside_lamp", "off", SCHOOL_NIGHTS, 0.94, 8),
    at("16:20", "climate.living_room", "heat", WORKDAYS, 0.9, 9),
    at("22:40", "climate.living_room", "off", WEEKDAYS, 0.93, 11),
    at("09:30", "vacuum.robby", "cleaning", ("tue", "thu"), 0.95, 4),
    at("10:05", "switch.washing_machine", "on", ("sat",), 0.95, 12),
    at("23:58", "light.bedroom_lamp", "off", WEEKDAYS, 0.93, 7),
    at("06:25", "switch.bathroom_heater", "on", WEEKDAYS, 0.95, 5, since_day=30),
    after(("person.anna", "home"), "light.living_room_lamp", "on", 70, 0.88, 0.7),
    after(("person.ben", "not_home"), "lock.front_door", "locked", 45, 0.92, 0.4),
    after_all_left("alarm_control_panel.house", "armed_away", 60, 0.92, 0.4),
    after(("media_player.living_room_tv", "on"), "light.tv_backlight", "on", 12, 0.93, 0.1),
    after(("media_player.living_room_tv", "off"), "light.tv_backlight", "off", 25, 0.9, 0.25),
    after(("switch.coffee_machine", "on"), "media_player.kitchen_radio", "playing", 50, 0.85, 0.5),
    after(("light.bathroom", "on"), "fan.bathroom", "on", 9, 0.82, 0.08),
    after(("binary_sensor.garden_door", "on"), "light.patio", "on", 7, 0.92, 0.06, conditions=(Condition("dark"),)),
    above("sensor.bathroom_humidity", 66, "switch.dehumidifier", "on", 180, 0.9, 0.8),
    in_order(
        ("switch.projector", "on", 0.0),
        ("media_player.soundbar", "playing", 25.0),
        ("light.screen_strip", "on", 40.0),
        probability=0.95,
    ),
    together(("light.dining_table", "light.sideboard", "light.window_lamp"), "on", 60, 1.0, 0.97),
    lasting(40, "switch.towel_warmer", 0.93, 3),
    more_often(4, "switch.kettle", since_day=32),
    forgotten("binary_sensor.bedroom_window", since_day=58.3),
)
