"""What a person reads in a terminal: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, RenderableType

from src.domain.patterns import Json
from src.domain.progress import Progress as Listener
from src.errors import ServiceError

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

# Files and servers may hold what a terminal takes for orders: of control characters only line ends and tabs are shown.
_ORDERS = dict.fromkeys((number for number in (*range(32), *range(127, 160)) if chr(number) not in "\n\t"), "\ufffd")

PIPE_WIDTH = 100  # columns of a table that goes into a file or another program


def readable(stage: str) -> str:
    """A stage or reason as people say it: ``flapping_entity`` becomes ``flapping entity``."""
    return stage.replace("_", " ")


class Terminal:
    """One program's two streams.

    With ``as_json`` stdout carries exactly one JSON document, whatever happens; without it, tables for people.
    """

    def __init__(self, *, as_json: bool = False, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.as_json = as_json
        self.stdout = stdout or sys.stdout
        self.out = self._console(self.stdout)
        self.err = self._console(stderr or sys.stderr)

    @staticmethod
    def _console(stream: TextIO) -> Console:
        console = Console(file=stream, highlight=False, emoji=False, markup=False)
        if not console.is_terminal:
            console.width = max(console.width, PIPE_WIDTH)
        return console

    def result(self, value: Json, *tables: RenderableType) -> None:
        """The answer of a command: the JSON form or the tables for people, whichever was asked for."""
        if self.as_json:
            self._write_json(value)
            return
        self.show(*tables)

    def show(self, *tables: RenderableType) -> None:
        """Tables on stdout, of a command that has no JSON form; a plain string is a line, never broken into two."""
        for table in tables:
            self.out.print(table, soft_wrap=isinstance(table, str))

    def say(self, text: str) -> None:
        """A remark on stderr."""
        self.err.print(text.translate(_ORDERS), soft_wrap=not self.err.is_terminal)

    def warn(self, text: str) -> None:
        """Something a person should know although the work goes on."""
        self.say(f"Note: {text}")

    def error(self, error: ServiceError) -> None:
        """One sentence and its remedy on stderr; with JSON, the same as an object on stdout."""
        if self.as_json:
            self._write_json(
                {
                    "error": {
                        "code": error.code,
                        "message": error.message,
                        "remedy": error.remedy,
                        "about": error.about,
                    }
                }
            )
        self.say(f"Error: {error.message}")
        if error.remedy:
            self.say(error.remedy)

    def _write_json(self, value: Json) -> None:
        # A lone surrogate (JSON Lines may carry one) leaves as the escape it came as; all else as UTF-8.
        text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        data = text.encode("utf-8", "backslashreplace")
        binary = getattr(self.stdout, "buffer", None)
        if binary is None:
            self.stdout.write(data.decode("utf-8"))
        else:
            binary.write(data)
        self.stdout.flush()

    @contextmanager
    def progress(self) -> Iterator[Listener]:
        """How far long work is, on stderr: bars on a terminal, otherwise a line as each stage begins and ends."""
        if not self.err.is_terminal:
            yield _Lines(self)
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.err, transient=True) as bars:
            yield _Bar(bars)


class _Lines:
    """Progress for logs: nothing moves, so one line when a stage begins and one when it is through."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._stage = ""
        self._through = False

    def __call__(self, stage: str, done: float, total: float, unit: str = "") -> None:
        if stage != self._stage:
            self._stage, self._through = stage, False
            self._terminal.say(f"{readable(stage)} ...")
        if total and done >= total and not self._through:
            self._through = True
            self._terminal.say(f"{readable(stage)}: {total:,.0f} {unit}".rstrip())


class _Bar:
    """Progress for people: one bar, for the stage the work is in, and the time since the beginning."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = bars.add_task("", total=None, amount="")

    def __call__(self, stage: str, done: float, total: float, unit: str = "") -> None:
        amount = f"{done:,.0f} of {total:,.0f} {unit}".rstrip() if total > 1 else ""
        self._bars.update(
            self._task, description=readable(stage), completed=done, total=total or None, amount=f"{amount:<30}"
        )
