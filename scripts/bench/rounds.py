"""Rounds of measurements: A B C, B C A, ...; medians, spreads and ratios of what they gave. Nothing here measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from scripts.bench.worker import Json


@dataclass(frozen=True, slots=True)
class Figure:
    """What one engine did in one cell, over all rounds.

    Attributes:
        rate: items a second, the median of the rounds.
        spread: how far the rounds lie apart, the half of their range as a share of the median.
        busy: processors that it kept busy, the median.
        ratio: to the base engine, the median of the rounds' own ratios; None without the base engine.
    """

    rate: float
    spread: float
    busy: float
    ratio: float | None

    def to_json(self) -> Json:
        """Rounded for reading."""
        ratio = None if self.ratio is None else round(self.ratio, 2)
        return {
            "rate": round(self.rate, 1),
            "spread": round(self.spread, 3),
            "busy": round(self.busy, 2),
            "ratio": ratio,
        }


def interleaved(
    engines: Sequence[str], cells: Sequence[str], rounds: int, ask: Callable[[str, str, int], Json | None]
) -> dict[str, dict[str, list[Json]]]:
    """Answers by cell and engine, one a round; an engine that once gives None is not asked again.

    Every cell is measured by all engines one after another before the next, each round beginning with another engine,
    so that a machine that becomes slower or faster does so for all of them.

    Args:
        ask: engine, cell, round.
    """
    answers: dict[str, dict[str, list[Json]]] = {cell: {engine: [] for engine in engines} for cell in cells}
    failed: set[str] = set()
    for number in range(rounds):
        for cell in cells:
            for engine in rotated(engines, number):
                if engine in failed:
                    continue
                answer = ask(engine, cell, number)
                if answer is None:
                    failed.add(engine)
                else:
                    answers[cell][engine].append(answer)
    for by_engine in answers.values():
        for engine in failed:
            del by_engine[engine]
    return answers


def rotated(engines: Sequence[str], by: int) -> Iterator[str]:
    """All of them, beginning with another one each time."""
    yield from (engines[(place + by) % len(engines)] for place in range(len(engines)))


def figures(answers: Mapping[str, Sequence[Json]], base: str) -> dict[str, Figure]:
    """By engine, from its answers in the order of the rounds."""
    compared = answers.get(base)
    return {
        engine: Figure(
            rate=median(rates := [float(answer["rate"]) for answer in rounds]),
            spread=(max(rates) - min(rates)) / 2 / median(rates),
            busy=median(float(answer["busy"]) for answer in rounds),
            ratio=median(rate / float(other["rate"]) for rate, other in zip(rates, compared, strict=True))
            if compared
            else None,
        )
        for engine, rounds in answers.items()
    }


def best_other(found: Mapping[str, Figure], ours: str) -> str | None:
    """The fastest engine that is not ours."""
    others = [engine for engine in found if engine != ours]
    return max(others, key=lambda engine: found[engine].rate) if others else None


def against(answers: Mapping[str, Sequence[Json]], ours: str, other: str) -> float:
    """How many times as fast ours is as the other: the median of the rounds' ratios."""
    pairs = zip(answers[ours], answers[other], strict=True)
    return median(float(mine["rate"]) / float(its["rate"]) for mine, its in pairs)
