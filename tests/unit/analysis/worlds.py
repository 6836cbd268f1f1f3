"""Small worlds for the tests of the pipeline: patterns made by hand, models that count what they are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.domain.events import EntityInfo, EventLog
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    Evidence,
    Holdout,
    Kind,
    Pattern,
    StateTrigger,
    TimeTrigger,
)
from src.domain.progress import Progress, silent
from src.errors import ModelUnavailable, ServiceError
from src.history import HistoryRead, SourceInfo
from src.mining import Memory, MiningResult
from src.models.infer.token_vectors import TokenVectors
from src.models.model_manager import Classification, Ranked

WORKDAYS = WEEKDAYS[:5]


def evidence(rate_low: float = 0.7, expected_rate: float = 0.05, **changes: Any) -> Evidence:
    values: dict[str, Any] = {
        "hits": 19,
        "opportunities": 22,
        "rate": 0.86,
        "rate_low": rate_low,
        "rate_high": 0.95,
        "expected_rate": expected_rate,
        "lift": 17.2,
        "p_value": 1e-12,
        "q_value": 1e-10,
        "holdout": Holdout(6, 7),
        "spread_minutes": 8.5,
        "first_seen": "2026-03-02T07:05:00+01:00",
        "last_seen": "2026-03-31T07:12:00+02:00",
    }
    return Evidence(**{**values, **changes})


def at(
    time: str,
    *actions: tuple[str, str],
    id: str = "p_0000000000000000",
    weekdays: Sequence[str] = WORKDAYS,
    **changes: Any,
) -> Pattern:
    """A routine of the clock."""
    return Pattern(
        id=id,
        kind=Kind.TIME_OF_DAY,
        trigger=TimeTrigger(time, tuple(weekdays)),
        actions=tuple(Action(*action) for action in actions),
        **{"evidence": evidence(), **changes},
    )


def after(
    cause: tuple[str, str],
    *actions: tuple[str, str],
    id: str = "p_0000000000000000",
    delay: float = 20,
    within: float = 120,
    **changes: Any,
) -> Pattern:
    """A routine that something sets off."""
    return Pattern(
        id=id,
        kind=Kind.CO_OCCURRENCE,
        trigger=StateTrigger(*cause, delay_seconds=delay, within_seconds=within),
        actions=tuple(Action(*action) for action in actions),
        **{"evidence": evidence(), **changes},
    )


class CountingModels:
    """The model manager's methods over bags of words. Counts the texts of each call; any role can be unavailable."""

    embedding_id = "bag-of-words@1"
    reranker_id = "shared-words@1"

    def __init__(self, *, without: Sequence[str] = ()) -> None:
        self.without = set(without)
        self.embedded: list[str] = []
        self.reranked: list[tuple[str, int]] = []
        self.classified: list[str] = []

    def _need(self, role: str) -> None:
        if role in self.without:
            raise ModelUnavailable(role, ["cache: empty", "hub: offline"])

    def generate_embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._need("embedding")
        self.embedded.extend(texts)
        rows = np.zeros((len(texts), 384), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words_of(text):
                row += bag_of(word)
            row /= max(float(np.linalg.norm(row)), 1e-9)
        return rows

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        self._need("token vectors")
        return [
            TokenVectors(tuple(words), np.stack([bag_of(word) for word in words])) for words in map(words_of, texts)
        ]

    def rerank(self, query: str, candidates: Sequence[str], top_k: int = 10) -> list[Ranked]:
        self._need("reranker")
        self.reranked.append((query, len(candidates)))
        shared = [len(set(words_of(query)) & set(words_of(text))) for text in candidates]
        order = sorted(range(len(candidates)), key=lambda i: -shared[i])[:top_k]
        return [Ranked(i, float(shared[i])) for i in order]

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        self._need("classifier")
        self.classified.extend(texts)
        return [Classification("comfort", "medium", {"comfort": 1.0}, {"medium": 1.0}, "fixed@1") for _ in texts]


def bag_of(word: str) -> NDArray[np.float32]:
    row = np.zeros(384, np.float32)
    row[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 384] = 1
    return row


def words_of(text: str) -> list[str]:
    return text.lower().rstrip(".?").split()


class Clockwork:
    """A clock that stands still unless it is moved. µs since the epoch, UTC."""

    def __init__(self, text: str = "2026-04-01T03:00:00+02:00") -> None:
        self.now = us(text)

    def __call__(self) -> int:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span) // timedelta(microseconds=1)


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


class Source:
    """A history file that exists, and what a reader makes of it: a lamp that is switched on once a day."""

    def __init__(self, path: Path) -> None:
        path.write_text("timestamp,entity_id,state\n")
        self.path = path
        self.days = 30
        self.silent = False
        self.time_zone: str | None = "Europe/Berlin"
        self.since: list[int | None] = []
        self.time_zones: list[str | None] = []

    def log(self, time_zone: str = "Europe/Berlin") -> EventLog:
        first = us("2026-03-01T06:00:00+00:00")
        time = first + np.arange(self.days, dtype=np.int64) * 86_400_000_000
        zeros = np.zeros(self.days, np.int32)
        return EventLog(
            time,
            zeros,
            zeros,
            zeros.astype(np.int8),
            ("light.kitchen",),
            ("on",),
            time_zone,
            {"light.kitchen": EntityInfo("light.kitchen", name="Kitchen Ceiling")},
        )

    def read(
        self,
        source: str | Path,
        *,
        time_zone: str | None = None,
        entities: str | Path | None = None,
        since: int | None = None,
        progress: Progress = silent,
    ) -> HistoryRead:
        self.since.append(since)
        self.time_zones.append(time_zone)
        log = self.log(time_zone or self.time_zone or "UTC").between(since)
        if self.silent:
            log = log.between(0, 0)
        return HistoryRead(
            log, SourceInfo(str(Path(source).absolute()), "csv"), {"bad_timestamp": 2}, ("The zone was assumed.",)
        )


class Found:
    """A miner that finds what it is told to."""

    def __init__(self) -> None:
        self.patterns: list[Pattern] = []
        self.logs: list[EventLog] = []
        self.error: ServiceError | BaseException | None = None

    def mine(
        self,
        log: EventLog,
        *,
        kinds: Sequence[Kind] | None = None,
        known: Sequence[Pattern] = (),
        memory: Memory | None = None,
        progress: Progress = silent,
    ) -> MiningResult:
        self.logs.append(log)
        if self.error is not None:
            raise self.error
        wanted = tuple(pattern for pattern in self.patterns if kinds is None or pattern.kind in kinds)
        return MiningResult(wanted, {"time_of_day": 40, "co_occurrence": 60}, {"could_be_chance": 7})
