"""Speed and memory of the parts that have to be quick, as ratios in one run: machines are noisy.

    python scripts/benchmark.py [--only mining,store,recorder,embedding,embed,rerank,classify,start,memory]
                                [--large] [--format json]
    python scripts/benchmark.py --only image,container
    python scripts/benchmark.py --only embed --engines ours,torch,ort-int8-fused --rounds 3 --seconds 0.3

``mining``, ``store``, ``recorder`` and ``embedding`` are the service alone. ``embed``, ``rerank``, ``classify``,
``start`` and ``memory`` are the service against other engines on two processors; ``make bench-engines`` installs those.
An engine that is not installed is named and left out. ``image`` (its size, and the seconds to build and to start it)
and ``container`` (the image in boxes of 2 and 1 GB; a quarter of an hour) need a Docker engine and are only measured
when they are named.

Environment: BENCH_HOME, the folder of engines and models (``.bench``); BENCH_BEFORE, another checkout of this
repository, measured as the engine ``before``; BENCH_PRIORITY, set: engines run with real-time priority (root's right),
so that other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.bench import comparison, weights
from scripts.bench.comparison import Plan
from scripts.bench.engines import ENGINES, HOME
from scripts.bench.machine import machine
from scripts.bench.parts import PARTS, measure
from scripts.bench.report import Report
from scripts.bench.worker import Json

COMPARISONS: dict[str, Callable[[Plan], Json]] = {
    "embed": comparison.embed,
    "rerank": comparison.rerank,
    "classify": comparison.classify,
    "start": comparison.start,
    "memory": comparison.memory,
}


def main() -> int:
    """Print the figures; 1 when a part of the service, or ours in a comparison, could not be measured."""
    options = _options()
    results: Json = {"machine": machine(), "parts": {}, "comparisons": {}}
    report = Report() if options.format == "table" else None
    if report:
        report.machine(results["machine"])
    plan = Plan(tuple(options.engines), options.rounds, options.seconds, options.threads)
    if any(name in COMPARISONS for name in options.only):
        weights.provide(HOME, full=any(name in ("rerank", "classify", "memory") for name in options.only))
    for name in options.only:
        if name in PARTS:
            results["parts"][name] = rows = measure(name, large=options.large)
            if report:
                report.part(name, rows)
        else:
            results["comparisons"][name] = found = COMPARISONS[name](plan)
            if report:
                report.comparison(name, found)
    if not report:
        print(json.dumps(results, indent=2))
    skipped = any("skipped" in row for rows in results["parts"].values() for row in rows)
    return int(skipped or any("ours" in found["left_out"] for found in results["comparisons"].values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    everything = [*PARTS, *COMPARISONS]
    usual = [name for name in everything if name not in ("image", "container")]
    parser.add_argument("--only", type=_names(everything), default=usual, metavar="SECTIONS", help="by comma")
    parser.add_argument("--engines", type=_names(ENGINES), default=list(ENGINES), help=f"of {', '.join(ENGINES)}")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each cell by each engine (5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a measurement takes at least (0.5)")
    parser.add_argument("--threads", type=int, default=2, help="processors and threads of each engine (2)")
    parser.add_argument("--large", action="store_true", help="mine 10,000,000 events and import as many rows too")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    return parser.parse_args()


def _names(known: Collection[str]) -> Callable[[str], list[str]]:
    """Reads some of the known names, separated by commas."""

    def names(text: str) -> list[str]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return chosen

    return names


if __name__ == "__main__":
    sys.exit(main())
