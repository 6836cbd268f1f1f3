"""One home each for processes of their own: mine it and say how that went."""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "services" / "ai-automation-service"))

from src.domain.events import EventLog
from src.domain.local_time import DAY
from src.domain.patterns import Pattern
from src.mining import mine
from src.mining.memory import Memory
from src.simulation.holding import happened
from src.simulation.home import Planted, SimulatedHome
from src.simulation.households import household
from src.simulation.matching import conditions_match, matches
from src.simulation.nulls import NullKind, null_home
from src.simulation.verdict import Judge, Verdict

Task = TypeVar("Task")
Answer = TypeVar("Answer")

SEARCHED = 0.75  # share of a log's days that is mined, to see whether the found hold on the rest
HOLDS = 0.5  # share of the later opportunities that must be taken for a routine to hold
FIRST_NIGHT = 14


@dataclass(frozen=True)
class HomeTask:
    """A household to mine."""

    seed: int
    days: int
    entities: int
    hard: bool


@dataclass(frozen=True)
class HomeFigures:
    """How mining one household went.

    Attributes:
        verdicts: ``(kind, verdict)`` of each shown pattern.
        planted: ``(kind, found, told)`` of each planted routine; told is found, or an equivalent pattern acts alike.
        conditional: ``(planted with conditions, of those found, of those with just these conditions)``.
        conditions_amiss: found routines without conditions that are shown with some.
        early, lasting, held: patterns of the first days; those that had opportunities later; those that held.
        remarks: lines about false patterns, and about missed routines.
        cpu_seconds: of mining all days.
    """

    seed: int
    events: int
    entities: int
    verdicts: tuple[tuple[str, str], ...]
    planted: tuple[tuple[str, bool, bool], ...]
    conditional: tuple[int, int, int]
    conditions_amiss: int
    early: int
    lasting: int
    held: int
    cpu_seconds: float
    peak_mb: float
    remarks: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


def peak_mb() -> float:
    """Most memory this process had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def mine_home(task: HomeTask) -> HomeFigures:
    """Mine a household and judge what is shown."""
    home = household(task.seed, task.days, task.entities, hard=task.hard)
    start = time.process_time()
    patterns = mine(home.log).patterns
    seconds = time.process_time() - start
    peak = peak_mb()
    judge = Judge(home)
    judged = [(pattern, judge(pattern)) for pattern in patterns]
    found = {
        routine: pattern
        for routine in home.planted
        for pattern in reversed(patterns)
        if matches(home, routine, pattern)
    }
    alike = {
        (action.entity_id, action.to)
        for pattern, verdict in judged
        if verdict in (Verdict.EQUIVALENT, Verdict.PLANTED)
        for action in pattern.actions
    }
    with_conditions = [routine for routine in home.planted if routine.conditions]
    early, lasting, held = persistence(home.log)
    return HomeFigures(
        seed=task.seed,
        events=len(home.log),
        entities=len(home.log.entities),
        verdicts=tuple((str(pattern.kind), str(verdict)) for pattern, verdict in judged),
        planted=tuple(
            (str(routine.kind), routine in found, routine in found or not alike.isdisjoint(routine.things))
            for routine in home.planted
        ),
        conditional=(
            len(with_conditions),
            sum(routine in found for routine in with_conditions),
            sum(routine in found and conditions_match(routine, found[routine]) for routine in with_conditions),
        ),
        conditions_amiss=sum(
            not routine.conditions and not conditions_match(routine, pattern) for routine, pattern in found.items()
        ),
        early=early,
        lasting=lasting,
        held=held,
        cpu_seconds=seconds,
        peak_mb=peak,
        remarks=tuple(
            f"false in home {task.seed}: {_said(pattern)}" for pattern, verdict in judged if verdict is Verdict.FALSE
        ),
        misses=tuple(_missed(task.seed, home, routine, patterns) for routine in home.planted if routine not in found),
    )


def _said(pattern: Pattern) -> str:
    actions = [action.to_json() for action in pattern.actions]
    evidence = pattern.evidence
    held_out = evidence.holdout
    return (
        f"{pattern.kind} {pattern.trigger.to_json()} {list(pattern.conditions)} {actions}, {evidence.hits} of "
        f"{evidence.opportunities} and {held_out.hits} of {held_out.opportunities}"
    )


def _missed(seed: int, home: SimulatedHome, routine: Planted, patterns: Sequence[Pattern]) -> str:
    """What was planted, and what is shown about its things instead."""
    names = {entity_id for entity_id, _ in routine.things}
    about = [
        _said(pattern)
        for pattern in patterns
        if names & ({action.entity_id for action in pattern.actions} | {pattern.trigger.to_json().get("entity_id")})
    ]
    given = {
        name: value
        for name in routine.__slots__
        if (value := getattr(routine, name)) not in (None, ()) and name != "kind"
    }
    return f"missed in home {seed}: {routine.kind} {given}; shown instead: {about or 'nothing'}"


def persistence(log: EventLog) -> tuple[int, int, int]:
    """How many patterns the first days show, how many of those had opportunities later, and how many of those held."""
    split = int(log.time[0] + SEARCHED * (log.time[-1] - log.time[0]))
    patterns = mine(log.between(None, split)).patterns
    later = log.between(split, None)
    taken = [happened(later, pattern) for pattern in patterns]
    return (
        len(patterns),
        sum(opportunities > 0 for _, opportunities in taken),
        sum(opportunities > 0 and hits >= HOLDS * opportunities for hits, opportunities in taken),
    )


@dataclass(frozen=True)
class NullTask:
    """A home without routines; mined once, or every night as it grows."""

    seed: int
    kind: NullKind
    days: int
    nightly: bool = False


@dataclass(frozen=True)
class NullFigures:
    """What a home without routines was shown.

    Attributes:
        nights: how often it was mined.
        nights_shown: on how many of those it was shown something.
        shown: by kind, how many different patterns, by their ids.
    """

    kind: NullKind
    nights: int
    nights_shown: int
    shown: Counter[str] = field(default_factory=Counter)
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    remarks: tuple[str, ...] = ()


def mine_null(task: NullTask) -> NullFigures:
    """Mine a home without routines; nightly as a service does, which knows what it showed the night before."""
    log = null_home(task.seed, task.kind, days=task.days).log
    begin = int(log.time[0])
    ends = [begin + night * DAY for night in range(FIRST_NIGHT, task.days + 1)] if task.nightly else [None]
    known: tuple[Pattern, ...] = ()
    memory = Memory()
    start = time.process_time()
    shown: dict[str, Pattern] = {}
    nights_shown = 0
    for end in ends:
        known = mine(log.between(None, end), known=known, memory=memory).patterns
        nights_shown += bool(known)
        shown.update({pattern.id: pattern for pattern in known})
    return NullFigures(
        task.kind,
        len(ends),
        nights_shown,
        Counter(str(pattern.kind) for pattern in shown.values()),
        time.process_time() - start,
        peak_mb(),
        tuple(f"false in {task.kind} home {task.seed}: {_said(pattern)}" for pattern in shown.values()),
    )


def each(work: Callable[[Task], Answer], tasks: Iterable[Task], jobs: int) -> Iterator[Answer]:
    """The answers in the order of the tasks, made by so many processes."""
    if jobs == 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, tasks)
