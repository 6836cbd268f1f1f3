"""A planted routine as the pattern that a perfect miner would show for it."""

from __future__ import annotations

from src.domain.patterns import (
    WEEKDAYS,
    Action,
    DayTypeTrigger,
    Evidence,
    HeldTrigger,
    Holdout,
    Json,
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
from src.simulation.home import Planted, SimulatedHome
from src.simulation.matching import date_of


def evidence(spread: float = 8.0) -> Evidence:
    return Evidence(20, 30, 0.67, 0.5, 0.8, 0.1, 6.7, 1e-6, 1e-4, Holdout(5, 10), spread, "", "")


def clock(minutes: float | None) -> str:
    assert minutes is not None
    return f"{int(minutes) // 60 % 24:02d}:{int(minutes) % 60:02d}:00"


def trigger_of(home: SimulatedHome, routine: Planted) -> Trigger:
    within = (routine.delay_seconds or 0) + 4 * 60 * routine.spread_minutes
    delay = routine.delay_seconds or 0.0
    since = str(date_of(home, routine.since_minutes)) if routine.since_minutes is not None else ""
    at = clock(routine.at_minutes) if routine.at_minutes is not None else ""
    match routine.kind:
        case Kind.TIME_OF_DAY | Kind.SEASONAL:
            return TimeTrigger(at, routine.weekdays)
        case Kind.DAY_TYPE:
            others = tuple(day for day in WEEKDAYS if day not in routine.weekdays)
            return DayTypeTrigger(
                (TimeTrigger(at, routine.weekdays), TimeTrigger(clock(routine.other_minutes), others))
            )
        case Kind.SOLAR:
            return SunTrigger(routine.sun_event or "", round(routine.offset_minutes or 0), routine.weekdays)
        case Kind.CO_OCCURRENCE:
            return StateTrigger(routine.trigger_entity or "", routine.trigger_to or "", delay, within)
        case Kind.PRESENCE:
            return PresenceTrigger(routine.presence_event or "", routine.people, delay, within)
        case Kind.THRESHOLD:
            rising = routine.rising
            return NumericTrigger(
                routine.trigger_entity or "",
                routine.level if rising else None,
                None if rising else routine.level,
                delay,
                within,
            )
        case Kind.SEQUENCE:
            gaps = [step.after_seconds for step in routine.steps[1:]]
            return StateTrigger(routine.trigger_entity or "", routine.trigger_to or "", gaps[0], 2.5 * sum(gaps))
        case Kind.SCENE:
            members = tuple(sorted(step.entity_id for step in routine.steps))
            return TogetherTrigger(members, 60 * routine.spread_minutes)
        case Kind.DURATION:
            return HeldTrigger(routine.trigger_entity or "", routine.trigger_to or "", routine.for_seconds or 0)
        case Kind.FREQUENCY:
            return RateTrigger(routine.entity_id, routine.to, 5.0, 5.0 * (routine.factor or 1), since)
        case Kind.ANOMALY:
            if routine.at_minutes is None:
                return HeldTrigger(routine.entity_id, routine.to, routine.for_seconds or 0)
            return MissedTrigger(routine.entity_id, routine.to, at, routine.weekdays, since)


def ideal(home: SimulatedHome, routine: Planted) -> Pattern:
    told_only = routine.kind in (Kind.FREQUENCY, Kind.ANOMALY)
    conditions: list[Json] = [condition.to_json() for condition in routine.conditions]
    if routine.kind is Kind.SEASONAL:
        assert routine.since_minutes is not None
        conditions.append({"type": "season", "from": str(date_of(home, routine.since_minutes))[5:], "until": None})
    return Pattern(
        "p_0",
        routine.kind,
        trigger_of(home, routine),
        () if told_only else tuple(Action(*thing) for thing in routine.things),
        evidence(routine.spread_minutes),
        conditions=tuple(conditions),
    )
