"""Speed and memory of the parts that have to be quick, as ratios in one run: machines are noisy.

    python scripts/benchmark.py [--only mining,store,embedding] [--large] [--format json]

Every figure comes from a process of its own, so that peak memory is that part's alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SERVICE = ROOT / "services" / "ai-automation-service"
sys.path.insert(0, str(SERVICE))

Figures = dict[str, Any]

SHORT = "The hall light turns on around {:02d}:{:02d} on weekdays."
LONG = (
    "When somebody opens the front door after sunset and nobody has been at home for {} minutes, the hall light and "
    "the lamp beside the sofa in the living room turn on within {} minutes, but never on a night before a holiday."
)


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def mining(events: int) -> Figures:
    """CPU seconds of mining a log in memory."""
    from src.mining import mine
    from src.simulation.bench_log import bench_log

    days, entities = (365, 300) if events > 1_000_000 else (60, 60)
    log = bench_log(events, entities=entities, days=days, seed=1)
    loaded = _peak_mb()
    start = time.process_time()
    found = mine(log)
    return {
        "cpu_seconds": round(time.process_time() - start, 3),
        "loaded_mb": loaded,
        "peak_mb": _peak_mb(),
        "patterns": len(found.patterns),
    }


def store(events: int) -> Figures:
    """Seconds of importing a log into a new SQLite store, importing it again, and loading it."""
    from src.simulation.bench_log import bench_log
    from src.store import Store

    log = bench_log(events, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        kept = Store.open(f"sqlite:///{folder}/bench.db")
        seconds = []
        for work in (
            lambda: kept.events.add(log, source="bench"),
            lambda: kept.events.add(log, source="bench"),
            kept.events.load,
        ):
            start = time.perf_counter()
            work()
            seconds.append(round(time.perf_counter() - start, 2))
        kept.close()
    return {"add_seconds": seconds[0], "again_seconds": seconds[1], "load_seconds": seconds[2], "peak_mb": _peak_mb()}


def embedding(_: int) -> Figures:
    """Texts a second, for short and long texts at three batch sizes; and the first vector of the process."""
    from src.models.model_manager import ModelManager
    from src.settings import load_settings

    models = ModelManager(load_settings())
    start = time.perf_counter()
    models.generate_embeddings([SHORT.format(7, 10)])
    figures: Figures = {"first_vector_seconds": round(time.perf_counter() - start, 2)}
    for name, texts in (
        ("short", [SHORT.format(number % 24, number % 60) for number in range(512)]),
        ("long", [LONG.format(number, number % 9) for number in range(512)]),
    ):
        for batch in (1, 32, 256):
            rounds = [texts[at : at + batch] for at in range(0, 512 if batch > 1 else 64, batch)]
            models.generate_embeddings(rounds[0])
            start = time.perf_counter()
            for each in rounds:
                models.generate_embeddings(each)
            done = sum(len(each) for each in rounds)
            figures[f"{name}_x{batch}_texts_per_second"] = round(done / (time.perf_counter() - start))
    return {**figures, "peak_mb": _peak_mb()}


SECTIONS: dict[str, tuple[Callable[[int], Figures], tuple[int, ...]]] = {
    "mining": (mining, (10_000, 100_000, 1_000_000)),
    "store": (store, (100_000, 1_000_000)),
    "embedding": (embedding, (0,)),
}


def measure(section: str, size: int) -> Figures:
    """One section at one size in a process of its own; ``{"skipped": why}`` when that process fails."""
    command = [sys.executable, str(Path(__file__).resolve()), "--worker", section, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"skipped": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _with_ratios(rows: list[Figures], key: str) -> None:
    for smaller, larger in itertools.pairwise(rows):
        if smaller.get(key) and larger.get(key):
            growth = larger["size"] / smaller["size"]
            larger["times_smaller"] = round(larger[key] / smaller[key], 1)
            larger["events_times"] = round(growth, 1)


def main() -> int:
    """Print the figures; 1 when a section could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="sections, separated by commas")
    parser.add_argument("--large", action="store_true", help="mine 10,000,000 events too")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        section, size = options.worker
        print(json.dumps(SECTIONS[section][0](int(size))))
        return 0
    chosen = options.only.split(",") if options.only else list(SECTIONS)
    results: dict[str, list[Figures]] = {}
    for section in chosen:
        sizes = SECTIONS[section][1] + ((10_000_000,) if section == "mining" and options.large else ())
        rows = []
        for size in sizes:
            print(f"{section} {size:,} ...", file=sys.stderr)
            rows.append({"size": size, **measure(section, size)})
        _with_ratios(rows, {"mining": "cpu_seconds", "store": "add_seconds"}.get(section, ""))
        results[section] = rows
    if options.format == "json":
        print(json.dumps(results, indent=2))
    else:
        _print_tables(results)
    return int(any("skipped" in row for rows in results.values() for row in rows))


def _print_tables(results: dict[str, list[Figures]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for section, rows in results.items():
        sizes = (f"{row['size']:,}" if row["size"] else "" for row in rows)
        table = Table(section, *sizes, box=None, title_justify="left", header_style="bold")
        for figure in dict.fromkeys(key for row in rows for key in row if key != "size"):
            table.add_row(figure, *(str(row.get(figure, "")) for row in rows))
        console.print(table)


if __name__ == "__main__":
    sys.exit(main())
