"""``models bench``: how fast one model is on this machine, and what it takes.

Measured in a process of its own, so that its memory is the model's and what this process has loaded is not in the way.
For a comparison with other engines see ``scripts/benchmark.py``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from src.commands.models_fetch import fetch_models
from src.domain.patterns import Json
from src.errors import ModelUnavailable
from src.models.catalog.model_catalog import ModelCard
from src.settings import Settings, environment_of_children, hidden_settings
from src.terminal import Terminal

_SERVICE = Path(__file__).resolve().parents[2]


def bench_model(card: ModelCard, settings: Settings, terminal: Terminal) -> Json:
    """The figures of :func:`src.commands.models_measure.measure`; the model is fetched first when it is not here.

    Raises:
        ModelUnavailable: it could not be had, or the measuring process failed.
    """
    (fetched,) = fetch_models([card], settings, terminal)
    if fetched.error is not None:
        raise fetched.error
    terminal.say("measuring ...")
    told = settings.model_dump(mode="json", exclude=set(hidden_settings()))  # measuring needs no password
    absolute = {**told, "models_dir": str(settings.models_dir.absolute())}
    done = subprocess.run(
        [sys.executable, "-m", "src.commands.models_measure", card.name],
        cwd=_SERVICE,
        env=environment_of_children(),
        input=json.dumps(absolute),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        why = done.stderr.strip().rpartition("\n")[2] or f"it ended with code {done.returncode}"
        raise ModelUnavailable(card.name, [f"measuring: {why}"])
    measured: Json = json.loads(done.stdout)
    return measured


def bench_table(measured: Json) -> RenderableType:
    """The figures for people."""
    rates = measured["texts_per_second"]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column("Texts a second")
    for size in next(iter(rates.values())):
        table.add_column(f"x{size}", justify="right")
    for length, by_size in rates.items():
        table.add_row(length, *(f"{rate:,.0f}" for rate in by_size.values()))
    memory = measured["memory_bytes"]
    loaded = f"{measured['model']}: loaded in {measured['load_seconds']:.2f} s"
    return Group(Text(loaded + (f", {memory / 1e6:.0f} MB resident in use" if memory else "")), Text(), table)
