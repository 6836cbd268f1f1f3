"""One engine in a process of its own, asked over its standard input, a line of JSON each. Standard library alone.

    python -m scripts.bench.worker ENGINE HOME THREADS

What libraries print goes to standard error; an answer is one line of JSON on standard output. The process ends when
its standard input does.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.bench.engines import ENGINES, Engine
from scripts.bench.texts import QUERY, texts

Json = dict[str, Any]

_SPEED_LIMIT = 200_000  # no more calls than this in one measurement


def main() -> None:
    """Answer until the input ends."""
    name, home, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    _stay_on(threads)
    if "BENCH_PRIORITY" in os.environ:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    engine = ENGINES[name].make(home, threads)
    for line in sys.stdin:
        request: Json = json.loads(line)
        try:
            answer = WORK[request["do"]](engine, request)
        except Exception as error:  # the asker is told whatever it was, and decides
            answer = {"failed": f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"}
        print(json.dumps(answer), file=answers, flush=True)


def _stay_on(threads: int) -> None:
    """Leave all processors but as many as there are threads, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def repeated(call: Callable[[int], object], items: int, seconds: float) -> Json:
    """Items a second over as many calls as fit, at least one; each call gets the number of the call.

    ``busy`` is how many processors it kept busy: with less than it has threads, something else had the machine, or
    the engine waited.
    """
    calls = 0
    start, used = time.perf_counter(), time.process_time()
    while calls < _SPEED_LIMIT:
        call(calls)
        calls += 1
        spent = time.perf_counter() - start
        if spent >= seconds:
            break
    return {"rate": calls * items / spent, "busy": (time.process_time() - used) / spent}


def _embed(engine: Engine, request: Json) -> Json:
    """Texts a second at one length and one number of texts a call; new texts in every round, few are met twice."""
    kind, batch, seconds = request["kind"], int(request["batch"]), float(request["seconds"])
    pool = texts(kind, 1024, request["seed"])
    parts = [pool[at : at + batch] for at in range(0, len(pool), batch)]
    engine.embed(texts(kind, batch, "warm-up"))
    return repeated(lambda number: engine.embed(parts[number % len(parts)]), batch, seconds)


def _rerank(engine: Engine, request: Json) -> Json:
    """Pairs a second; one call ranks them all."""
    pairs = int(request["items"])
    sets = [texts("passage", pairs, f"{request['seed']} {number}") for number in range(4)]
    engine.rerank(QUERY, texts("passage", pairs, "warm-up"))
    return repeated(lambda number: engine.rerank(QUERY, sets[number % 4]), pairs, float(request["seconds"]))


def _classify(engine: Engine, request: Json) -> Json:
    """Patterns a second; one call classifies them all."""
    patterns, prompts = int(request["items"]), int(request.get("prompts", 1))
    sets = [texts("passage", patterns, f"{request['seed']} {number}") for number in range(4)]
    engine.classify(texts("passage", min(patterns, 16), "warm-up"), prompts)
    return repeated(lambda number: engine.classify(sets[number % 4], prompts), patterns, float(request["seconds"]))


def _first(engine: Engine, _: Json) -> Json:
    engine.embed(texts("short", 1, "first"))
    return {}


def memory_mb() -> Json:
    """Of this process: resident now, of these not backed by a file, and the most it ever had."""
    status = Path("/proc/self/status")
    if not status.exists():
        return {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
    # Not getrusage: its peak is inherited from the process that started this one.
    stated = dict(line.split(":", 1) for line in status.read_text().splitlines())
    fields = {"resident_mb": "VmRSS", "anonymous_mb": "RssAnon", "peak_mb": "VmHWM"}
    return {name: round(int(stated[field].split()[0]) / 1024) for name, field in fields.items()}


WORK: dict[str, Callable[[Engine, Json], Json]] = {
    "embed": _embed,
    "rerank": _rerank,
    "classify": _classify,
    "first": _first,
    "memory": lambda _, __: memory_mb(),
}


if __name__ == "__main__":
    main()
