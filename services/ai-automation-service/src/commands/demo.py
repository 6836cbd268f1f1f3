"""``demo``: the demo home as files like those a real home would give, and how much of its truth was found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from src.domain.patterns import Pattern
from src.errors import InvalidSetting
from src.simulation.files import write_csv, write_entities
from src.simulation.home import SimulatedHome
from src.terminal import Terminal


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


def found_line(home: SimulatedHome, patterns: Sequence[Pattern]) -> str:
    """How many of the planted routines were found, and how much of what was found does not follow from any."""
    from src.simulation.matching import matches
    from src.simulation.verdict import Judge, Verdict

    found = sum(any(matches(home, routine, pattern) for pattern in patterns) for routine in home.planted)
    judge = Judge(home)
    wrong = sum(judge(pattern) is Verdict.FALSE for pattern in patterns)
    besides = f"{wrong} besides that nobody planted" if wrong else "nothing besides"
    return (
        f"\nThis home is made up: {found} of the {len(home.planted)} routines planted in it were found, and {besides}."
    )


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
