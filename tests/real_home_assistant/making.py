"""Makes the test home's past: weeks of a real Home Assistant on a frozen clock, in about half a minute."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.real_home_assistant.folder import Folder, set_pace, write_folder
from tests.real_home_assistant.installed import environment
from tests.real_home_assistant.life import Act, Life
from tests.real_home_assistant.things import TIME_ZONE

_LATE = (3.0, 40.0)  # s
_COMMIT = 300  # s
_DOWN = timedelta(minutes=2)
_LIMIT = 300.0  # s that one run may take
# Day of the span and time of the day: while nobody is up, in the middle of the day, with the lights on.
RESTARTS = ((8, time(3, 30)), (14, time(13, 20)), (21, time(21, 10)))


@dataclass(frozen=True)
class Past:
    """A home that has lived.

    Attributes:
        acts: how many things people and devices did.
        restarts: when Home Assistant was started again, s since the epoch.
    """

    folder: Folder
    acts: int
    restarts: tuple[float, ...]


def make_past(path: Path, port: int, python: Path, *, until: date, days: int = 28, seed: int = 1) -> Past:
    """Let people live in the home up to midnight before ``until``.

    Raises:
        AssertionError: Home Assistant did not run to the end; with what it said.
    """
    folder = write_folder(path, port)
    set_pace(path, late=_LATE, commit=_COMMIT)
    first = until - timedelta(days=days)
    acts = Life(first, days, seed, folder.users).acts()
    stops = [_instant(first + timedelta(days=day), at) for day, at in RESTARTS if day < days]
    begins = [_instant(first, time(0)), *(stop + _DOWN.total_seconds() for stop in stops)]
    ends = [*stops, _instant(until, time(0))]
    for begin, end in zip(begins, ends, strict=True):
        _run(folder, python, begin, end, [act for act in acts if begin + 60 <= act.at < end])
    return Past(folder, len(acts), tuple(begins[1:]))


def monday_before(day: date) -> date:
    """The last Monday that is over or has just begun."""
    return day - timedelta(days=day.weekday())


def _instant(day: date, at: time) -> float:
    return datetime.combine(day, at, ZoneInfo(TIME_ZONE)).timestamp()


def _run(folder: Folder, python: Path, begin: float, end: float, acts: list[Act]) -> None:
    run = folder.path / "run.json"
    run.write_text(json.dumps({"start": begin, "end": end, "acts": [act.to_json() for act in acts]}), "utf-8")
    done = subprocess.run(
        [python, "-m", "tests.real_home_assistant.frozen_run", folder.path, run],
        env=environment() | {"HOME": str(folder.path)},
        capture_output=True,
        timeout=_LIMIT,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, f"Home Assistant's run ended with {done.returncode}\n{said[-4000:]}"
    run.unlink()
