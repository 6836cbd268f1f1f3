"""One routine of every kind, and of every trigger, as mining gives them."""

from __future__ import annotations

from typing import Any

from src.domain.patterns import (
    WEEKDAYS,
    Action,
    DayTypeTrigger,
    Evidence,
    HeldTrigger,
    Holdout,
    Kind,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
)

WORKDAYS, WEEKEND = WEEKDAYS[:5], WEEKDAYS[5:]
PEOPLE = ("person.anna", "person.ben")


def evidence(**changes: Any) -> Evidence:
    values: dict[str, Any] = {
        "hits": 19,
        "opportunities": 22,
        "rate": 0.864,
        "rate_low": 0.667,
        "rate_high": 0.953,
        "expected_rate": 0.06,
        "lift": 14.4,
        "p_value": 1.2e-14,
        "q_value": 3.1e-12,
        "holdout": Holdout(6, 7),
        "spread_minutes": 8.5,
        "first_seen": "2025-10-01T07:05:00+02:00",
        "last_seen": "2025-11-19T07:12:00+01:00",
    }
    return Evidence(**{**values, **changes})


def routine(kind: Kind, trigger: Trigger, *actions: tuple[str, str], **changes: Any) -> Pattern:
    """A pattern of a kind; ``id`` and all else can be said."""
    return Pattern(
        **{
            "id": "p_0000000000000000",
            "kind": kind,
            "trigger": trigger,
            "actions": tuple(Action(*action) for action in actions),
            "evidence": evidence(),
            **changes,
        }
    )


TIME_OF_DAY = routine(Kind.TIME_OF_DAY, TimeTrigger("07:10:00", WORKDAYS), ("light.kitchen", "on"))
DAY_TYPE = routine(
    Kind.DAY_TYPE,
    DayTypeTrigger((TimeTrigger("07:11:00", WORKDAYS), TimeTrigger("08:29:00", WEEKEND))),
    ("cover.bedroom_blinds", "open"),
)
SOLAR = routine(Kind.SOLAR, SunTrigger("sunset", 12, WEEKDAYS), ("light.porch", "on"))
SEASONAL = routine(
    Kind.SEASONAL,
    TimeTrigger("06:31:00", WEEKDAYS),
    ("switch.heater", "on"),
    conditions=({"type": "season", "from": "10-20", "until": None},),
)
CO_OCCURRENCE = routine(
    Kind.CO_OCCURRENCE, StateTrigger("binary_sensor.front_door", "on", 20.0, 120.0), ("light.hall", "on")
)
PRESENCE = routine(Kind.PRESENCE, PresenceTrigger("arrives", ("person.anna",), 45.0, 120.0), ("light.hall", "on"))
THRESHOLD = routine(
    Kind.THRESHOLD,
    NumericTrigger("sensor.living_room_illuminance", None, 45.3, 60.0, 300.0),
    ("light.living_room_lamp", "on"),
)
SEQUENCE = routine(
    Kind.SEQUENCE,
    StateTrigger("media_player.tv", "off", 30.0, 120.0),
    actions=(Action("light.living_room_lamp", "off", 30.0), Action("lock.front_door", "locked", 60.0)),
)
SCENE = routine(
    Kind.SCENE,
    TogetherTrigger(("light.lamp", "light.spots", "media_player.tv"), 60.0),
    ("light.lamp", "on"),
    ("light.spots", "on"),
    ("media_player.tv", "on"),
)
DURATION = routine(Kind.DURATION, HeldTrigger("fan.bathroom", "on", 1250.0), ("fan.bathroom", "off"))
FREQUENCY = routine(Kind.FREQUENCY, RateTrigger("switch.washing_machine", "on", 2.0, 6.1, "2025-10-12"))
LEFT_OPEN = routine(Kind.ANOMALY, HeldTrigger("binary_sensor.bedroom_window", "on", 2400.0))
MISSED = routine(Kind.ANOMALY, MissedTrigger("switch.coffee_machine", "on", "07:40:00", WORKDAYS, "2025-11-12"))

EVERY = (
    TIME_OF_DAY,
    DAY_TYPE,
    SOLAR,
    SEASONAL,
    CO_OCCURRENCE,
    PRESENCE,
    THRESHOLD,
    SEQUENCE,
    SCENE,
    DURATION,
    FREQUENCY,
    LEFT_OPEN,
    MISSED,
)
NAMES = [f"{pattern.kind}-{pattern.trigger.to_json()['type']}" for pattern in EVERY]
