"""A model at its precisions, side by side on this machine: size, memory, load time, speed, and how exact it still is.

    python scripts/quantize_model.py --precision fp32|fp16|int8|compare [--model embedding] [--format json]

Converts with the service's own conversion into MODELS_DIR what is not there yet, so it leaves the model ready to be
served with that QUANTIZATION. Each figure is of a process of its own, rounds go through the precisions in turn, and
medians are told. How exact: what it answers to the 455 sentences of ``src/models/data/parity_sentences.txt`` beside
what the same weights answer at fp32, which is measured too whatever is asked for. Settings come from the environment;
the model is one of the catalog (MODEL_CATALOG adds to it).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.bench.agreement import of_labels, of_scores, of_vectors
from scripts.bench.engines import ROOT
from scripts.bench.machine import machine
from scripts.bench.worker import Json

PRECISIONS = ("fp32", "fp16", "int8_weights", "int8")
_COMPARED = {"vectors": of_vectors, "scores": of_scores, "categories": of_labels, "priorities": of_labels}


class MeasuringFailed(Exception):
    """The process that measures a precision ended without figures."""


def main() -> int:
    """Print the figures; 1 when a precision could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=(*PRECISIONS, "compare"), required=True)
    parser.add_argument("--model", default="embedding", help="name in the catalog (embedding)")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each precision (3)")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a speed is measured for, at least (0.5)")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    chosen = PRECISIONS if options.precision == "compare" else tuple(dict.fromkeys(("fp32", options.precision)))
    try:
        rows = compare(options.model, chosen, options.rounds, options.seconds)
    except MeasuringFailed as error:
        print(error, file=sys.stderr)
        return 1
    if options.format == "json":
        print(json.dumps({"machine": machine(), "model": options.model, "precisions": rows}, indent=2))
    else:
        _print_table(options.model, rows)
    return 0


def compare(model: str, precisions: tuple[str, ...], rounds: int, seconds: float) -> list[Json]:
    """One row a precision, ``fp32`` first, whose answers the others are held against.

    Raises:
        MeasuringFailed: with the process's last words.
    """
    measured: dict[str, list[Json]] = {precision: [] for precision in precisions}
    with tempfile.TemporaryDirectory() as folder:
        answers = {precision: Path(folder) / f"{precision}.npz" for precision in precisions}
        for number in range(rounds):
            for precision in precisions:
                print(f"round {number + 1} of {rounds}: {model} at {precision} ...", file=sys.stderr)
                measured[precision].append(_in_process(model, precision, seconds, answers[precision]))
        return [
            {**_medians(figures), "agreement": _agreement(answers["fp32"], answers[precision])}
            for precision, figures in measured.items()
        ]


def _in_process(model: str, precision: str, seconds: float, answers: Path) -> Json:
    command = [sys.executable, "-m", "scripts.bench.one_precision", model, precision, str(seconds), str(answers)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise MeasuringFailed(f"{model} at {precision}: {why}")
    figures: Json = json.loads(done.stdout)
    return figures


def _medians(rounds: list[Json]) -> Json:
    """Of every number; what is no number as the last round has it."""
    return {
        key: _medians([each[key] for each in rounds])
        if isinstance(value, dict)
        else round(median(each[key] for each in rounds), 2)
        if isinstance(value, int | float)
        else value
        for key, value in rounds[-1].items()
    }


def _agreement(reference: Path, other: Path) -> Json:
    found: Json = {}
    with np.load(reference) as expected, np.load(other) as given:
        for name, compared in _COMPARED.items():
            if name in expected:
                prefix = f"{name} " if name in ("categories", "priorities") else ""
                found |= {f"{prefix}{key}": value for key, value in compared(expected[name], given[name]).items()}
    return found


def _print_table(model: str, rows: list[Json]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(model, *(row["precision"] for row in rows), box=None, header_style="bold")
    reference = rows[0]
    for key, unit in (("size_mb", "size, MB"), ("memory_mb", "memory, MB"), ("load_seconds", "load, s")):
        table.add_row(unit, *(str(row.get(key, "")) for row in rows))
    for cell, base in reference["speeds"].items():
        ratios = (f"{row['speeds'][cell]:,.0f} (× {row['speeds'][cell] / base:.2f})" for row in rows)
        table.add_row(f"{cell}, a second", *ratios)
    for key in reference["agreement"]:
        table.add_row(key.replace("_", " "), *(str(row["agreement"][key]) for row in rows))
    Console(highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main())
