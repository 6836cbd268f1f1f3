"""What is found in real logs, in the same logs with their days rotated, and what holds on their last days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.evaluation.workers import persistence
from src.history import read_history
from src.mining import mine
from src.simulation.nulls import rotate_days

SHUFFLES = 20


@dataclass(frozen=True)
class LogTask:
    """A log to mine as it is (``shuffle`` None) or with each entity's days rotated."""

    path: Path
    zone: str
    shuffle: int | None = None


@dataclass(frozen=True)
class LogFigures:
    """What one log showed; the last three are of the log as it is, as in :class:`HomeFigures`."""

    name: str
    shuffle: int | None
    events: int
    found: Mapping[str, int]
    early: int = 0
    lasting: int = 0
    held: int = 0


def tasks(folder: Path, zones: Mapping[str, str]) -> list[LogTask]:
    """Every log of a folder, as it is and shuffled."""
    paths = [path for path in sorted(folder.glob("*.csv.gz")) if ".activities." not in path.name]
    shuffles = (None, *range(SHUFFLES))
    return [LogTask(path, zones.get(name_of(path), "UTC"), shuffle) for path in paths for shuffle in shuffles]


def name_of(path: Path) -> str:
    """``flat`` of ``flat.csv.gz``."""
    return path.name.split(".")[0]


def mine_log(task: LogTask) -> LogFigures:
    """Mine one log."""
    described = task.path.with_name(f"{name_of(task.path)}.entities.csv")
    log = read_history(task.path, time_zone=task.zone, entities=described if described.is_file() else None).log
    if task.shuffle is not None:
        log = rotate_days(log, np.random.default_rng(task.shuffle))
    found = Counter(str(pattern.kind) for pattern in mine(log).patterns)
    later = persistence(log) if task.shuffle is None else (0, 0, 0)
    return LogFigures(name_of(task.path), task.shuffle, len(log), found, *later)
