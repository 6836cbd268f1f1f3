"""How true the miner is: on simulated homes whose truth is known, on homes without routines, and on real logs.

    python scripts/evaluate.py [--homes 30] [--hard] [--null 40] [--nights 12] [--jobs 2] [--format markdown]
    python scripts/evaluate.py --homes 0 --null 0 --logs FOLDER --zones NAME=ZONE,...

A found pattern of a simulated home is *planted* (a routine of the truth), *equivalent* (follows from the truth: an
echo, a chain, a part of its days), *natural* (sensors that follow people about) or *false*. In ``--hard`` homes people
also do what looks like routines and is none: they use the things of a room together in no order, lean to an hour
without keeping to it, and drop routines half way. ``--nights`` mines homes without routines every night, as a service
does that remembers what it showed. Every false pattern goes to stderr, with ``--verbose`` every miss as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.evaluation import figures, real_logs
from scripts.evaluation.tables import markdown
from scripts.evaluation.workers import HomeTask, NullTask, each, mine_home, mine_null
from src.simulation.nulls import NULL_KINDS

NIGHTS = 90


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=30)
    parser.add_argument("--first", type=int, default=0, help="seed of the first home")
    parser.add_argument("--entities", type=int, default=40)
    parser.add_argument("--hard", action="store_true", help="simulated homes with much that only looks like a routine")
    parser.add_argument("--null", type=int, default=40, help="homes of each sort without routines")
    parser.add_argument("--nights", type=int, default=0, help="homes of each sort to mine on each of 77 nights")
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--logs", type=Path, help="folder of NAME.csv.gz with NAME.entities.csv")
    parser.add_argument("--zones", default="", help="NAME=ZONE, separated by commas; others are taken as UTC")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--verbose", action="store_true", help="tell every planted routine that was missed")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    return parser.parse_args()


def simulated(options: argparse.Namespace) -> figures.Figures:
    """Households with planted routines of every kind."""
    seeds = range(options.first, options.first + options.homes)
    found = []
    for home in each(
        mine_home, [HomeTask(seed, options.days, options.entities, options.hard) for seed in seeds], options.jobs
    ):
        found.append(home)
        for line in (*home.remarks, *(home.misses if options.verbose else ())):
            _note(line)
        if len(found) % 10 == 0:
            _note(f"simulated: {len(found)} of {options.homes} homes")
    return {"days": options.days, "hard": options.hard, **figures.of_homes(found)}


def without_routines(homes: int, days: int, jobs: int, *, first: int, nightly: bool) -> figures.Figures:
    """Homes of each sort in which there is nothing to find."""
    found = []
    seeds = range(first, first + homes)
    tasks = [NullTask(seed, kind, days, nightly) for kind in NULL_KINDS for seed in seeds]
    for home in each(mine_null, tasks, jobs):
        found.append(home)
        for line in home.remarks:
            _note(line)
        if len(found) % homes == 0:
            _note(f"without routines: {len(found)} of {len(tasks)} homes")
    return figures.of_nulls(found)


def main() -> int:
    """Print the figures."""
    options = _options()
    start = time.monotonic()
    results: figures.Figures = {}
    if options.homes:
        results["simulated"] = simulated(options)
    if options.null:
        results["null"] = without_routines(options.null, options.days, options.jobs, first=options.first, nightly=False)
    if options.nights:
        results["nights"] = without_routines(options.nights, NIGHTS, options.jobs, first=options.first, nightly=True)
    if options.logs:
        zones = dict(pair.split("=", 1) for pair in options.zones.split(",") if pair)
        logs = list(each(real_logs.mine_log, real_logs.tasks(options.logs, zones), options.jobs))
        results["logs"] = figures.of_logs(logs)
    results["seconds"] = round(time.monotonic() - start, 1)
    print(json.dumps(results, indent=2) if options.format == "json" else markdown(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
