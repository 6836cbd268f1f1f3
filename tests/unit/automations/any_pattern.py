"""Random patterns of every kind, with things of every domain, names from anywhere and states that cannot be set too."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from src.domain.events import EntityInfo
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    DayTypeTrigger,
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
from tests.unit.domain.every_kind import evidence, routine

STATES: dict[str, tuple[str, ...]] = {
    "alarm_control_panel": ("armed_away", "armed_night", "disarmed", "triggered"),
    "binary_sensor": ("on", "off"),
    "button": ("pressed",),
    "climate": ("heat", "off", "auto", "on"),
    "cover": ("open", "closed", "opening"),
    "fan": ("on", "off"),
    "humidifier": ("on", "off"),
    "input_boolean": ("on", "off"),
    "input_button": ("pressed",),
    "input_number": ("21.5", "3", "-1", "warm"),
    "input_select": ("Movie", "yes", "07:10:00", "{{ x }}", "on"),
    "lawn_mower": ("mowing", "docked", "error"),
    "light": ("on", "off"),
    "lock": ("locked", "unlocked", "jammed"),
    "media_player": ("on", "off", "playing", "paused", "idle", "buffering"),
    "number": ("5", "1e400"),
    "person": ("home", "not_home"),
    "remote": ("on", "off"),
    "scene": ("activated",),
    "script": ("on", "off"),
    "select": ("eco", "off"),
    "sensor": ("running", "17"),
    "siren": ("on", "off"),
    "switch": ("on", "off"),
    "vacuum": ("cleaning", "docked", "paused", "error", "unavailable"),
    "valve": ("open", "closed"),
    "water_heater": ("eco", "off"),
}
PEOPLE = ("person.anna", "person.ben", "device_tracker.phone")

weekdays = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(lambda some: tuple(d for d in WEEKDAYS if d in some))
clocks = st.one_of(
    st.sampled_from(("00:00:00", "23:59:59", "12:00:30")),
    st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)).map(
        lambda t: f"{t[0]:02}:{t[1]:02}:{t[2]:02}"
    ),
)
delays = st.floats(0, 900)
names = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ("l'éclairage: salon", '"Quote" {{ states }}', "- item", "# no comment", "💡 lamp", "x" * 200, "!secret a")
    ),
)


@st.composite
def things(draw: st.DrawFn) -> tuple[str, str]:
    domain = draw(st.sampled_from(sorted(STATES)))
    number = draw(st.integers(1, 3))
    return f"{domain}.thing_{number}", draw(st.sampled_from(STATES[domain]))


@st.composite
def day_types(draw: st.DrawFn) -> DayTypeTrigger:
    sorts = draw(st.lists(st.integers(0, 2), min_size=7, max_size=7))
    times = [
        TimeTrigger(draw(clocks), tuple(day for day, sort in zip(WEEKDAYS, sorts, strict=True) if sort == which))
        for which in sorted(set(sorts))
    ]
    return DayTypeTrigger(tuple(times))


people = st.sets(st.sampled_from(PEOPLE), min_size=1).map(lambda some: tuple(sorted(some)))
levels = st.floats(-50, 5000)
triggers: st.SearchStrategy[tuple[Kind, Trigger]] = st.one_of(
    st.builds(lambda at, days: (Kind.TIME_OF_DAY, TimeTrigger(at, days)), clocks, weekdays),
    day_types().map(lambda trigger: (Kind.DAY_TYPE, trigger)),
    st.builds(
        lambda event, minutes, days: (Kind.SOLAR, SunTrigger(event, minutes, days)),
        st.sampled_from(("sunrise", "sunset")),
        st.integers(-180, 180),
        weekdays,
    ),
    st.builds(
        lambda kind, thing, delay: (kind, StateTrigger(thing[0], thing[1], delay, 900.0)),
        st.sampled_from((Kind.CO_OCCURRENCE, Kind.SEQUENCE)),
        things(),
        delays,
    ),
    st.builds(
        lambda kind, thing, length: (kind, HeldTrigger(thing[0], thing[1], length)),
        st.sampled_from((Kind.DURATION, Kind.ANOMALY)),
        things(),
        st.floats(5, 400_000),
    ),
    st.builds(lambda up, delay: (Kind.THRESHOLD, NumericTrigger("sensor.lux", up, None, delay, 900.0)), levels, delays),
    st.builds(
        lambda low, delay: (Kind.THRESHOLD, NumericTrigger("sensor.lux", None, low, delay, 900.0)), levels, delays
    ),
    st.builds(
        lambda event, ids, delay: (Kind.PRESENCE, PresenceTrigger(event, ids, delay, 900.0)),
        st.sampled_from(("first_arrives", "last_leaves")),
        people,
        delays,
    ),
    st.builds(
        lambda event, ids, delay: (Kind.PRESENCE, PresenceTrigger(event, ids[:1], delay, 900.0)),
        st.sampled_from(("arrives", "leaves")),
        people,
        delays,
    ),
    st.floats(5, 120).map(lambda within: (Kind.SCENE, TogetherTrigger((), within))),
    st.builds(
        lambda thing, at, days: (Kind.ANOMALY, MissedTrigger(thing[0], thing[1], at, days, "2025-11-12")),
        things(),
        clocks,
        weekdays,
    ),
    things().map(lambda thing: (Kind.FREQUENCY, RateTrigger(thing[0], thing[1], 2.0, 6.0, "2025-10-12"))),
)


conditions = st.one_of(
    weekdays.map(lambda days: {"type": "time", "weekdays": list(days)}),
    st.sampled_from(("below_horizon", "above_horizon")).map(lambda it: {"type": "sun", "is": it}),
    st.tuples(st.sampled_from(("somebody_home", "nobody_home")), st.sets(st.sampled_from(PEOPLE), min_size=1)).map(
        lambda it: {"type": "presence", "is": it[0], "entity_ids": sorted(it[1])}
    ),
    things().map(lambda it: {"type": "state", "entity_id": it[0], "state": it[1]}),
    st.sampled_from((("10-20", None), ("11-01", "02-28"), ("04-01", "09-30"), (None, "03-01"))).map(
        lambda it: {"type": "season", "from": it[0], "until": it[1]}
    ),
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    """A pattern of any kind. Many are no routine that a miner would find; none may break what writes them."""
    kind, trigger = draw(triggers)
    several = 2 if kind is Kind.SCENE else 1
    acts = kind not in (Kind.FREQUENCY, Kind.ANOMALY)
    done = draw(st.lists(things(), min_size=several, max_size=3, unique_by=lambda it: it[0])) if acts else []
    after: list[float | None] = [draw(st.floats(0, 900)) if kind is Kind.SEQUENCE else None for _ in done]
    actions = tuple(Action(entity_id, to, pause) for (entity_id, to), pause in zip(done, after, strict=True))
    if isinstance(trigger, TogetherTrigger):
        trigger = TogetherTrigger(tuple(sorted(action.entity_id for action in actions)), trigger.within_seconds)
    changes: Json = {
        "id": f"p_{draw(st.integers(0, 2**64 - 1)):016x}",
        "actions": actions,
        "conditions": tuple(draw(st.lists(conditions, max_size=2))),
        "sentence": draw(names),
        "evidence": evidence(
            expected_rate=draw(st.floats(0, 1)),
            spread_minutes=draw(st.floats(0, 90)),
            holdout=Holdout(draw(st.integers(0, 3)), draw(st.integers(0, 3))),
        ),
    }
    return routine(kind, trigger, **changes)


def info_of(*entity_ids: str, **named: Any) -> dict[str, EntityInfo]:
    """Metadata of entities by their ids."""
    return {entity_id: EntityInfo(entity_id, **named) for entity_id in entity_ids}
