"""How true the miner is: on simulated homes whose truth is known, on homes without routines, and on real logs.

    python scripts/evaluate.py [--homes 60] [--hard] [--null 40] [--nights 12] [--format json]
    python scripts/evaluate.py --homes 0 --null 0 --logs FOLDER --zones NAME=ZONE,...

A found pattern of a simulated home is *planted* (a routine of the truth), *equivalent* (follows from the truth: an
echo, a chain, a part of its days), *natural* (sensors that follow people about) or *false*. In ``--hard`` homes people
also do what looks like routines and is none: they use the things of a room together in no order, lean to an hour
without keeping to it, and drop routines half way. Progress and every false pattern go to stderr.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

SERVICE = Path(__file__).resolve().parents[1] / "services" / "ai-automation-service"
sys.path.insert(0, str(SERVICE))

from src.domain.events import EventLog  # noqa: E402  (the path is set first)
from src.domain.local_time import DAY  # noqa: E402
from src.history import read_history  # noqa: E402
from src.mining import mine  # noqa: E402
from src.simulation.households import household  # noqa: E402
from src.simulation.nulls import NullKind, null_home, rotate_days  # noqa: E402
from src.simulation.verdict import Judge, Verdict, happened, matches  # noqa: E402

Figures = dict[str, Any]
NULL_KINDS: tuple[NullKind, ...] = ("uniform", "rotated", "permuted")
SHUFFLES = 20
SEARCHED = 0.75  # share of a log's days that is mined, to see whether the found hold on the rest
HOLDS = 0.5  # share of the later opportunities that must be taken for a routine to hold


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def simulated(homes: int, days: int, *, hard: bool) -> Figures:
    """Recall by kind, verdicts on what was shown, how many were shown, and what holds later, over ``homes`` seeds."""
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    shown: list[int] = []
    events = early = held = 0
    mined_seconds = 0.0
    for seed in range(homes):
        home = household(seed, days=days, hard=hard)
        start = time.process_time()
        patterns = mine(home.log).patterns
        mined_seconds += time.process_time() - start
        judge = Judge(home)
        events += len(home.log)
        shown.append(len(patterns))
        for pattern in patterns:
            verdict = judge(pattern)
            verdicts[str(verdict)] += 1
            if verdict is Verdict.FALSE:
                _note(f"false in home {seed}: {pattern.trigger.to_json()} {pattern.actions[0].to_json()}")
        for routine in home.planted:
            planted[str(routine.kind)] += 1
            found[str(routine.kind)] += any(matches(routine, pattern) for pattern in patterns)
        found_early, holding = _persistence(home.log)
        early += found_early
        held += holding
        if (seed + 1) % 10 == 0:
            _note(f"simulated: {seed + 1} of {homes} homes")
    total = sum(shown)
    return {
        "homes": homes,
        "days": days,
        "hard": hard,
        "events": events,
        "recall": {kind: _share(found[kind], planted[kind]) for kind in sorted(planted)},
        "recall_overall": _share(sum(found.values()), sum(planted.values())),
        "shown": total,
        "verdicts": {str(verdict): verdicts[str(verdict)] for verdict in Verdict},
        "false_share": _share(verdicts[str(Verdict.FALSE)], total),
        "false_per_home": _share(verdicts[str(Verdict.FALSE)], homes),
        "shown_per_home": {"least": min(shown), "median": median(shown), "most": max(shown)},
        "found_early": early,
        "of_those_hold_later": held,
        "mining_cpu_seconds_per_home": round(mined_seconds / homes, 3),
    }


def nulls(homes: int, days: int) -> Figures:
    """Share of homes without any routine that are shown something, by the way they were made."""
    result: Figures = {}
    for kind in NULL_KINDS:
        wrong = sum(bool(mine(null_home(seed, kind, days=days).log).patterns) for seed in range(homes))
        result[kind] = {"homes": homes, "shown_anything": wrong}
        _note(f"null {kind}: {wrong} of {homes}")
    return result


def nights(homes: int, days: int) -> Figures:
    """Share of homes without routines that are shown something on any of many nights of a growing log."""
    wrong = 0
    for seed in range(homes):
        log = null_home(seed, "rotated", days=days).log
        first = int(log.time[0])
        wrong += any(mine(log.between(None, first + night * DAY)).patterns for night in range(14, days + 1))
    return {"homes": homes, "nights": days - 13, "ever_shown_anything": wrong}


def real(path: Path, zone: str) -> Figures:
    """What is found in a log, in the same log with each entity's days rotated, and what holds on its last days."""
    described = path.with_name(path.name.split(".")[0] + ".entities.csv")
    log = read_history(path, time_zone=zone, entities=described if described.is_file() else None).log
    patterns = mine(log).patterns
    shuffled = [len(mine(rotate_days(log, np.random.default_rng(seed))).patterns) for seed in range(SHUFFLES)]
    early, held = _persistence(log)
    return {
        "events": len(log),
        "found": len(patterns),
        "by_kind": dict(Counter(str(pattern.kind) for pattern in patterns)),
        "found_shuffled_mean": sum(shuffled) / len(shuffled),
        "shuffles_shown_anything": sum(map(bool, shuffled)),
        "found_early": early,
        "of_those_hold_later": held,
    }


def _persistence(log: EventLog) -> tuple[int, int]:
    """How many patterns the first days show, and how many of those hold on the rest."""
    split = int(log.time[0] + SEARCHED * (log.time[-1] - log.time[0]))
    patterns = mine(log.between(None, split)).patterns
    later = log.between(split, None)
    return len(patterns), sum(_holds(later, pattern) for pattern in patterns)


def _holds(log: EventLog, pattern: Any) -> bool:
    hits, opportunities = happened(log, pattern)
    return opportunities > 0 and hits >= HOLDS * opportunities


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=60)
    parser.add_argument("--hard", action="store_true", help="simulated homes with much that only looks like a routine")
    parser.add_argument("--null", type=int, default=40, help="homes of each sort without routines")
    parser.add_argument("--nights", type=int, default=0, help="homes without routines to mine every night")
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--logs", type=Path, help="folder of NAME.csv.gz with NAME.entities.csv")
    parser.add_argument("--zones", default="", help="NAME=ZONE, separated by commas; others are taken as UTC")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    results: Figures = {}
    if options.homes:
        results["simulated"] = simulated(options.homes, options.days, hard=options.hard)
    if options.null:
        results["null"] = nulls(options.null, options.days)
    if options.nights:
        results["nights"] = nights(options.nights, 90)
    if options.logs:
        zones = dict(pair.split("=", 1) for pair in options.zones.split(",") if pair)
        for path in sorted(options.logs.glob("*.csv.gz")):
            if ".activities." not in path.name:
                name = path.name.split(".")[0]
                results[name] = real(path, zones.get(name, "UTC"))
                _note(f"{name}: {results[name]}")
    results["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    if options.format == "json":
        print(json.dumps(results, indent=2))
    else:
        _print(results)
    return 0


def _print(results: Figures, indent: str = "") -> None:
    for name, value in results.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            _print(value, indent + "  ")
        else:
            print(f"{indent}{name:<{32 - len(indent)}} {value}")


if __name__ == "__main__":
    sys.exit(main())
