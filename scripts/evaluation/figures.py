"""Many homes' figures as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from scripts.evaluation.real_logs import LogFigures
from scripts.evaluation.workers import HomeFigures, NullFigures

Figures = dict[str, Any]  # a JSON object
VERDICTS = ("planted", "equivalent", "natural", "false")


def share(part: float, whole: float) -> float | None:
    """A share to four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


def of_homes(homes: Sequence[HomeFigures]) -> Figures:
    """Recall by kind, verdicts on what was shown, how many were shown, and what holds later."""
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for home in homes:
        for kind, is_found, is_told in home.planted:
            planted[kind] += 1
            found[kind] += is_found
            told[kind] += is_told
    verdicts = Counter(verdict for home in homes for verdict in home.verdicts)
    kinds = sorted({*planted, *(kind for kind, _ in verdicts)}, key=lambda kind: (-planted[kind], kind))
    shown = [len(home.verdicts) for home in homes]
    false = sum(verdicts[kind, "false"] for kind in kinds)
    conditional = [sum(home.conditional[part] for home in homes) for part in range(3)]
    seconds = [home.cpu_seconds for home in homes]
    return {
        "homes": len(homes),
        "events_a_home": round(sum(home.events for home in homes) / len(homes)),
        "entities_a_home": round(sum(home.entities for home in homes) / len(homes)),
        "kinds": {
            kind: {
                "planted": planted[kind],
                "found": found[kind],
                "recall": share(found[kind], planted[kind]),
                "found_or_told": told[kind],
                "shown": sum(verdicts[kind, verdict] for verdict in VERDICTS),
                "verdicts": {verdict: verdicts[kind, verdict] for verdict in VERDICTS},
            }
            for kind in kinds
        },
        "planted": sum(planted.values()),
        "recall": share(sum(found.values()), sum(planted.values())),
        "shown": sum(shown),
        "verdicts": {verdict: sum(verdicts[kind, verdict] for kind in kinds) for verdict in VERDICTS},
        "false_discovery_rate": share(false, sum(shown)),
        "homes_shown_anything_false": sum(any(verdict == "false" for _, verdict in home.verdicts) for home in homes),
        "shown_per_home": {"least": min(shown), "median": median(shown), "most": max(shown)},
        "conditions": {
            "planted": conditional[0],
            "found": conditional[1],
            "found_with_them": conditional[2],
            "unneeded": sum(home.conditions_amiss for home in homes),
        },
        "later": _later(homes),
        "cpu_seconds_per_home": {"median": round(median(seconds), 3), "most": round(max(seconds), 3)},
        "peak_mb": round(max(home.peak_mb for home in homes), 1),
    }


def _later(logs: Sequence[HomeFigures] | Sequence[LogFigures]) -> Figures:
    lasting, held = sum(log.lasting for log in logs), sum(log.held for log in logs)
    return {
        "found_on_first_days": sum(log.early for log in logs),
        "with_later_opportunities": lasting,
        "of_those_hold": held,
        "share": share(held, lasting),
    }


def of_nulls(homes: Sequence[NullFigures]) -> Figures:
    """By the way they were made: how many homes were shown anything, ever."""
    result: Figures = {}
    for kind in dict.fromkeys(home.kind for home in homes):
        own = [home for home in homes if home.kind == kind]
        result[kind] = {
            "homes": len(own),
            "nights_each": own[0].nights,
            "shown_anything": sum(home.nights_shown > 0 for home in own),
            "share": share(sum(home.nights_shown > 0 for home in own), len(own)),
            "nights_shown": sum(home.nights_shown for home in own),
            "shown_by_kind": dict(sum((home.shown for home in own), Counter())),
            "cpu_seconds_per_home": round(sum(home.cpu_seconds for home in own) / len(own), 3),
        }
    return result


def of_logs(logs: Sequence[LogFigures]) -> Figures:
    """Found as they are, found on average when shuffled, and what holds later."""
    result: Figures = {}
    for name in dict.fromkeys(log.name for log in logs):
        as_is = next(log for log in logs if log.name == name and log.shuffle is None)
        shuffled = [sum(log.found.values()) for log in logs if log.name == name and log.shuffle is not None]
        found = sum(as_is.found.values())
        mean = sum(shuffled) / len(shuffled)
        result[name] = {
            "events": as_is.events,
            "found": found,
            "by_kind": dict(as_is.found),
            "found_shuffled": round(mean, 3),
            "shuffled_share": share(mean, found),
            "shuffles_shown_anything": f"{sum(map(bool, shuffled))} of {len(shuffled)}",
            "later": _later([as_is]),
        }
    real = [log for log in logs if log.shuffle is None]
    found = sum(sum(log.found.values()) for log in real)
    mean = sum(figures["found_shuffled"] for figures in result.values())
    result["all"] = {"found": found, "found_shuffled": round(mean, 3), "shuffled_share": share(mean, found)}
    result["all"]["later"] = _later(real)
    return result
