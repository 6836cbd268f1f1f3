"""The figures of a run as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.bench.comparison import BASE, OURS
from scripts.bench.engines import ENGINES
from scripts.bench.worker import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_NAMES = {
    "loaded resident_mb": "loaded, MB",
    "loaded anonymous_mb": "no file's",
    "loaded peak_mb": "most until then",
    "worked resident_mb": "after work, MB",
    "worked anonymous_mb": "no file's, after work",
    "worked peak_mb": "most ever",
}
_UNITS = {"embed": "texts a second", "rerank": "pairs a second", "classify": "patterns a second"}


class Report:
    """Prints each section as soon as it was measured, to standard output."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=160)

    def machine(self, stated: Json) -> None:
        """What it is measured on."""
        self._console.print(
            f"{stated['processor']}, {stated['processors']} processors ({' '.join(stated['instructions'])}), "
            f"{stated['memory_gb']} GB, {stated['system']}, load {' '.join(map(str, stated['load']))}\n"
        )

    def part(self, name: str, rows: list[Json]) -> None:
        """A column a size."""
        table = _table(name, *(f"{row['size']:,}" if row["size"] else "" for row in rows))
        for figure in dict.fromkeys(key for row in rows for key in row if key != "size"):
            table.add_row(figure, *(str(row.get(figure, "")) for row in rows))
        self._console.print(table)
        self._console.print()

    def comparison(self, name: str, found: Json) -> None:
        """A row an engine, and why others are not there."""
        if name in _UNITS:
            _print_cells(self._console, name, found["cells"])
        else:
            _print_values(self._console, name, found["engines"])
        for engine, why in found["left_out"].items():
            self._console.print(f"  without {ENGINES[engine].title}: {why}")
        self._console.print()


def _print_cells(console: Console, name: str, cells: Json) -> None:
    """A row an engine; below, how ours stands to torch FP32 and to the fastest other engine."""
    table = _table(f"{name}, {_UNITS[name]}", *cells)
    engines = dict.fromkeys(engine for cell in cells.values() for engine in cell["engines"])
    for engine in engines:
        table.add_row(ENGINES[engine].title, *(_rate(cell["engines"].get(engine)) for cell in cells.values()))
    if OURS in engines and BASE in engines:
        table.add_row(
            "ours to torch FP32",
            *(f"× {cell['engines'][OURS]['ratio']:.2f}" for cell in cells.values()),
            style="bold",
        )
    if any("best_other" in cell for cell in cells.values()):
        ratios = (f"× {cell['ours_to_best_other']:.2f} {cell['best_other']}" for cell in cells.values())
        table.add_row("ours to the best other", *ratios, style="bold")
    console.print(table)
    least = min((figure["busy"] for cell in cells.values() for figure in cell["engines"].values()), default=0.0)
    console.print(f"  ± half the range of the rounds; engines kept {least:.1f} processors busy at least")


def _print_values(console: Console, name: str, engines: Json) -> None:
    """A row an engine, a column a figure."""
    flat = {
        engine: {_NAMES.get(key, key): value for key, value in _flattened(found)} for engine, found in engines.items()
    }
    table = _table(name, *dict.fromkeys(key for found in flat.values() for key in found))
    for engine, found in flat.items():
        table.add_row(ENGINES[engine].title, *map(str, found.values()))
    console.print(table)


def _flattened(found: Json) -> list[tuple[str, object]]:
    return [
        (f"{key} {inner}".strip(), value)
        for key, each in found.items()
        for inner, value in (each.items() if isinstance(each, dict) else (("", each),))
    ]


def _rate(figure: Json | None) -> str:
    return "" if figure is None else f"{figure['rate']:,.0f} ± {figure['spread']:.0%}"


def _table(title: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    table.add_column(title, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table
