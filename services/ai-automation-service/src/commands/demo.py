"""``demo``: the demo home as files like those a real home would give, and how much of its truth was found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from src.domain.patterns import (
    DayTypeTrigger,
    HeldTrigger,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    TimeTrigger,
)
from src.errors import InvalidSetting
from src.simulation.files import write_csv, write_entities
from src.simulation.home import Planted, SimulatedHome
from src.terminal import Terminal

CLOSE_MINUTES = 20  # a found time of day this near to the planted one is the same routine


def entities_beside(file: Path) -> Path:
    """``home.entities.csv`` of ``home.csv`` or ``home.csv.gz``."""
    return file.with_name(f"{file.name.partition('.')[0]}.entities.csv")


def write_home(home: SimulatedHome, file: Path) -> None:
    """Write a home's history and, before it, its entities beside it; each is there whole or not at all.

    Raises:
        InvalidSetting: the place cannot be written to.
    """
    try:
        write_entities(home.log, entities_beside(file))
        write_csv(home.log, file)
    except OSError as error:
        raise InvalidSetting("FILE", str(file), f"a path this user may write to ({error.strerror})") from error


def is_found(routine: Planted, patterns: Sequence[Pattern]) -> bool:
    """Whether some pattern says what was planted: the same action, at that time of day or after that cause."""
    return any(_same(routine, pattern) for pattern in patterns)


def _same(routine: Planted, pattern: Pattern) -> bool:
    """A routine of the clock may be found as a kind of its own, such as one that differs at weekends."""
    trigger = pattern.trigger
    things = {(action.entity_id, action.to) for action in pattern.actions}
    if isinstance(trigger, RateTrigger | HeldTrigger | MissedTrigger) and not things:
        things = {(trigger.entity_id, trigger.to)}
    if (routine.entity_id, routine.to) not in things:
        return False
    match trigger:
        case TimeTrigger():
            return _near(routine, trigger)
        case DayTypeTrigger():
            return any(_near(routine, each) for each in trigger.times)
        case StateTrigger():
            return (trigger.entity_id, trigger.to) == (routine.trigger_entity, routine.trigger_to)
        case PresenceTrigger():
            comes = trigger.event in ("arrives", "first_arrives")
            return routine.trigger_entity in trigger.entity_ids and comes == (routine.trigger_to == "home")
        case NumericTrigger():
            return trigger.entity_id == routine.trigger_entity
        case _:
            return pattern.kind is routine.kind


def _near(routine: Planted, trigger: TimeTrigger) -> bool:
    if routine.at_minutes is None:
        return False
    hours, minutes, _ = (int(part) for part in trigger.at.split(":"))
    apart = abs((hours * 60 + minutes - routine.at_minutes + 720) % 1440 - 720)
    return apart <= CLOSE_MINUTES and not set(trigger.weekdays).isdisjoint(routine.weekdays)


def found_line(planted: Sequence[Planted], patterns: Sequence[Pattern]) -> str:
    """How many of the planted routines were found."""
    found = sum(is_found(routine, patterns) for routine in planted)
    return f"\nThis home is made up: {found} of the {len(planted)} routines that were planted in it were found."


def write_demo_file(file: Path, terminal: Terminal, *, seed: int | None) -> None:
    """Write the demo home and say how to mine it."""
    from src.simulation.demo import demo_home

    home = demo_home() if seed is None else demo_home(seed)
    write_home(home, file)
    entities = entities_beside(file)
    terminal.result(
        {
            "history": str(file),
            "entities": str(entities),
            "time_zone": home.log.time_zone,
            "events": len(home.log),
            "planted": len(home.planted),
        },
        f"{len(home.log):,} events, {len(home.planted)} planted routines. To mine them:",
        f"{sys.executable} -m src.cli mine {file} --entities {entities} --time-zone {home.log.time_zone}",
    )
