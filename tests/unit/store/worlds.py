"""Logs, patterns and results to store, what people answer to them, and what to compare them by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from src.domain.answers import Answer, Verdict
from src.domain.events import EntityInfo, EventLog, Origin
from src.domain.patterns import (
    Action,
    Evidence,
    Holdout,
    Kind,
    MadeBy,
    Pattern,
    Scores,
    StateTrigger,
    Status,
    TimeTrigger,
)
from src.domain.runs import RunResult, Shortlist
from src.store import Store

NOW = 1_760_752_800_000_000  # 2025-10-18T02:00:00Z
SECOND = 1_000_000

Event = tuple[int, str, str, Origin]


def log_of(events: Iterable[Event], time_zone: str = "Europe/Berlin", info: Sequence[EntityInfo] = ()) -> EventLog:
    """A log of (time, entity id, state, origin), in their order within an instant; its dictionaries are not sorted."""
    rows = sorted(events, key=lambda event: event[0])
    entities = tuple(dict.fromkeys(row[1] for row in reversed(rows)))
    states = tuple(dict.fromkeys(row[2] for row in reversed(rows)))
    return EventLog(
        np.array([row[0] for row in rows], np.int64),
        np.array([entities.index(row[1]) for row in rows], np.int32),
        np.array([states.index(row[2]) for row in rows], np.int32),
        np.array([row[3] for row in rows], np.int8),
        entities,
        states,
        time_zone,
        {about.entity_id: about for about in info},
    )


def events_of(log: EventLog) -> list[Event]:
    """What :func:`log_of` takes, in the order of the log."""
    columns = zip(log.time.tolist(), log.entity.tolist(), log.state.tolist(), log.origin.tolist(), strict=True)
    return [(time, log.entities[entity], log.states[state], Origin(origin)) for time, entity, state, origin in columns]


def bytes_of(log: EventLog) -> tuple[object, ...]:
    """Everything of a log, down to the bytes of its columns."""
    columns = tuple(column.tobytes() for column in (log.time, log.entity, log.state, log.origin))
    return (*columns, log.entities, log.states, log.time_zone, dict(log.info))


def busy_home(events: int, seed: int = 0) -> EventLog:
    """A log of many distinct events, several of them in most instants."""
    random = np.random.default_rng(seed)
    return EventLog(
        NOW + np.arange(events, dtype=np.int64) // 3 * SECOND,
        (np.arange(events) % 3).astype(np.int32),
        random.integers(0, 40, events).astype(np.int32),
        random.integers(0, 4, events).astype(np.int8),
        ("light.kitchen", "sensor.power", "lock.front_door"),
        tuple(f"{i / 2}" for i in range(40)),
        "Europe/Berlin",
        {"light.kitchen": EntityInfo("light.kitchen", name="Kitchen", area="Kitchen")},
    )


def pattern(number: int, **changes: Any) -> Pattern:
    """A pattern with every part filled in; patterns of different numbers differ."""
    evidence = Evidence(
        hits=19,
        opportunities=22,
        rate=19 / 22,
        rate_low=0.667,
        rate_high=0.953,
        expected_rate=0.06,
        lift=14.4,
        p_value=1.2e-14,
        q_value=3.1e-300,
        holdout=Holdout(6, 7),
        spread_minutes=8.5,
        first_seen="2025-09-01T07:08:12+02:00",
        last_seen="2025-10-09T07:11:40+02:00",
    )
    timed = number % 2 == 0
    whole = Pattern(
        id=f"p_{number:016x}",
        kind=Kind.TIME_OF_DAY if timed else Kind.CO_OCCURRENCE,
        trigger=TimeTrigger("07:10:00", ("mon", "tue"))
        if timed
        else StateTrigger("binary_sensor.door", "on", 12.5, 60.0),
        actions=(Action(f"light.lamp_{number}", "on"),),
        evidence=evidence,
        sentence=f"Lamp {number} turns on – around 07:10 in Küche\x00🙂.",
        conditions=({"type": "state", "entity_id": "person.a", "state": "home"},),
        scores=Scores(0.61, 3.2, 1),
        category="comfort" if timed else "security",
        priority="medium",
        made_by=MadeBy("embedder", "reranker", "classifier"),
        status=Status.NEW,
    )
    return whole.with_(**changes)


def result(*patterns: Pattern, shortlists: Sequence[Shortlist] = ()) -> RunResult:
    """What a run that found these patterns, in this order, hands over."""
    return RunResult(
        patterns=patterns,
        shortlists=tuple(shortlists),
        inputs={"source": "/data/home.csv", "span": [NOW - SECOND, NOW]},
        versions={"service": "0.1.0", "embedding": None},
        counts={"events": 2, "found": len(patterns)},
        timings={"mine": 1.5},
        left_out={"bad_timestamp": 3},
    )


def leave(store: Store, pattern_id: str, status: Status) -> None:
    """Bring a new pattern to a status the ways there are: somebody's answer, or another pattern's that hides it."""
    if status is Status.STALE:
        store.answers.hide([pattern_id])
    else:
        verdict = next(each for each in Verdict if each.status is status)
        store.answers.add(Answer(pattern_id, verdict, NOW, store.patterns.get(pattern_id)), correction=None)
    assert store.patterns.get(pattern_id).status is status
