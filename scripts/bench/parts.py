"""The service's own parts, one at a time in a process of its own, so that peak memory is that part's alone.

python -m scripts.bench.parts PART SIZE
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scripts.bench.engines import HOME, ROOT
from scripts.bench.texts import texts
from scripts.bench.worker import Json, memory_mb

sys.path.insert(0, str(ROOT / "services" / "ai-automation-service"))


_NIGHT = 5_000  # events


def mining(events: int) -> Json:
    """CPU seconds of mining a log in memory, and of mining it again with a night's 5,000 events more."""
    from src.mining import Memory, mine
    from src.simulation.bench_log import bench_log

    days, entities = (365, 300) if events > 1_000_000 else (60, 60)
    log = bench_log(events, entities=entities, days=days, seed=1)
    loaded = memory_mb()["peak_mb"]
    memory = Memory()
    day_before = log.between(None, int(log.time[-min(_NIGHT, len(log) // 10)]))
    seconds = []
    for part in (day_before, log):
        start = time.process_time()
        found = mine(part, memory=memory)
        seconds.append(round(time.process_time() - start, 3))
    return {
        "cpu_seconds": seconds[0],
        "night_cpu_seconds": seconds[1],
        "loaded_mb": loaded,
        "peak_mb": memory_mb()["peak_mb"],
        "patterns": len(found.patterns),
    }


def store(events: int) -> Json:
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
    return {
        "add_seconds": seconds[0],
        "again_seconds": seconds[1],
        "load_seconds": seconds[2],
        "peak_mb": memory_mb()["peak_mb"],
    }


def recorder(rows: int) -> Json:
    """Rows a second of importing a recorder in SQLite into a new store, by tenth of the way; and importing it again."""
    from src.analysis.importing import Source, import_source
    from src.domain.progress import silent
    from src.history.source import HistoryRead, read_in_parts
    from src.store import Store

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "home-assistant_v2.db"
        # In a process of its own, so that its memory is not ours.
        subprocess.run([sys.executable, "-m", "scripts.bench.recorders", path, str(rows)], cwd=ROOT, check=True)
        kept = Store.open(f"sqlite:///{folder}/bench.db")
        loaded = memory_mb()["peak_mb"]
        steps = [(0, time.perf_counter(), time.process_time())]
        rows_read = 0

        def told(stage: str, done: float, total: float, unit: str = "") -> None:
            nonlocal rows_read
            rows_read = int(done)

        def read(time_zone: str | None, since: int | None) -> Iterator[HistoryRead]:
            for part in read_in_parts(path, time_zone=time_zone, since=since, progress=told):
                yield part
                # Asked for the next one, so this one is stored.
                steps.append((rows_read, time.perf_counter(), time.process_time()))

        imported = import_source(kept, Source("bench", read), time_zone=None, progress=silent, now=2**60)
        tenths = _tenths(steps, rows)
        start = time.perf_counter()
        import_source(kept, Source("bench", read), time_zone=None, progress=silent, now=2**60)
        again = time.perf_counter() - start
        kept.close()
    by_cpu = [round(count / cpu) for count, _, cpu in tenths]
    return {
        "import_seconds": round(sum(seconds for _, seconds, _ in tenths), 1),
        "rows_per_second": round(rows / sum(seconds for _, seconds, _ in tenths)),
        "rows_per_second_by_tenth": [round(count / seconds) for count, seconds, _ in tenths],
        "rows_per_cpu_second_by_tenth": by_cpu,
        "last_to_first_by_cpu": round(by_cpu[-1] / by_cpu[0], 2),
        "events": imported.inputs["added"],
        "again_seconds": round(again, 2),
        "loaded_mb": loaded,
        "peak_mb": memory_mb()["peak_mb"],
    }


def _tenths(steps: Sequence[tuple[int, float, float]], rows: int) -> list[tuple[int, float, float]]:
    """Rows, seconds and CPU seconds of each tenth; it ends where a step does, so fewer where steps are longer."""
    marks = [steps[0]]
    for number in range(1, 11):
        reached = next((step for step in steps if step[0] >= rows * number / 10), steps[-1])
        if reached[0] > marks[-1][0]:
            marks.append(reached)
    return [(b[0] - a[0], b[1] - a[1], b[2] - a[2]) for a, b in itertools.pairwise(marks)]


def embedding(_: int) -> Json:
    """Texts a second of ours alone, with the machine's own threads; and the first vector of the process."""
    from src.models.model_manager import ModelManager
    from src.settings import load_settings

    models = ModelManager(load_settings(models_dir=HOME / "models"))
    start = time.perf_counter()
    models.generate_embeddings(texts("short", 1, "first"))
    figures: Json = {"first_vector_seconds": round(time.perf_counter() - start, 2)}
    for kind, batch in itertools.product(("short", "long"), (1, 32, 256)):
        pool = texts(kind, 512 if batch > 1 else 64, "parts")
        rounds = [pool[at : at + batch] for at in range(0, len(pool), batch)]
        models.generate_embeddings(texts(kind, batch, "warm-up"))
        start = time.perf_counter()
        for each in rounds:
            models.generate_embeddings(each)
        figures[f"{kind}_x{batch}_texts_per_second"] = round(len(pool) / (time.perf_counter() - start))
    return {**figures, "peak_mb": memory_mb()["peak_mb"]}


def container(megabytes: int) -> Json:
    """MB that the image's container of that size held at rest, with its models, in a run, and with all at once."""
    from scripts.bench.box import NotMeasured
    from scripts.bench.container import measured

    try:
        return measured(megabytes)
    except NotMeasured as error:
        return {"left_out": str(error)}


def image(_: int) -> Json:
    """How large the service's image is, and the seconds to build it and until it is healthy."""
    from scripts.bench.box import NotMeasured
    from scripts.bench.image import measured

    try:
        return measured()
    except NotMeasured as error:
        return {"left_out": str(error)}


PARTS: dict[str, tuple[Callable[[int], Json], tuple[int, ...]]] = {
    "mining": (mining, (10_000, 100_000, 1_000_000)),
    "store": (store, (100_000, 1_000_000)),
    "recorder": (recorder, (1_000_000,)),
    "embedding": (embedding, (0,)),
    "image": (image, (0,)),
    "container": (container, (2048, 1024)),
}
_MEASURED = {"mining": "cpu_seconds", "store": "add_seconds", "recorder": "import_seconds"}
_LARGE = ("mining", "recorder")


def measure(part: str, *, large: bool) -> list[Json]:
    """One part at its sizes; ``{"skipped": why}`` where its process fails."""
    rows = []
    for size in PARTS[part][1] + ((10_000_000,) if part in _LARGE and large else ()):
        print(f"{part} {size:,} ...", file=sys.stderr)
        rows.append({"size": size, **_in_process(part, size)})
    if part in _MEASURED:
        _with_ratios(rows, _MEASURED[part])
    return rows


def _in_process(part: str, size: int) -> Json:
    command = [sys.executable, "-m", "scripts.bench.parts", part, str(size)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"skipped": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    figures: Json = json.loads(done.stdout.splitlines()[-1])
    return figures


def _with_ratios(rows: Sequence[Json], key: str) -> None:
    for smaller, larger in itertools.pairwise(rows):
        if smaller.get(key) and larger.get(key):
            larger["times_smaller"] = round(larger[key] / smaller[key], 1)
            larger["events_times"] = round(larger["size"] / smaller["size"], 1)


if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]][0](int(sys.argv[2]))))
