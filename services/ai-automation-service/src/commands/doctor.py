"""``doctor``: all that a support thread would ask for, to be read by everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from src import __version__
from src.doctor.checks import CHECKS
from src.doctor.examination import Diagnosis, examine
from src.doctor.finding import Finding, Level
from src.doctor.given import read_given, settle
from src.doctor.situation import Situation
from src.domain.patterns import Json
from src.errors import InvalidSetting
from src.terminal import Terminal

_COLOURS = {
    Level.OK: "green",
    Level.NOTE: "cyan",
    Level.WARNING: "yellow",
    Level.FAILED: "bold red",
    Level.SKIPPED: "dim",
}
Examine = Callable[[Situation], Diagnosis]


def see_doctor(
    terminal: Terminal,
    *,
    timeout: float,
    offline: bool,
    deep: bool,
    examining: Examine = lambda situation: examine(situation, CHECKS),
) -> bool:
    """Look at everything and tell it; whether nothing failed.

    Raises:
        InvalidSetting: no such timeout.
    """
    if not 0.1 <= timeout <= 600:
        raise InvalidSetting("--timeout", timeout, "seconds from 0.1 to 600")
    given = read_given(Path.cwd())
    settings, problems = settle(given)
    situation = Situation(settings, given, problems, offline=offline, deep=deep, timeout=timeout)
    with _without_logs():
        diagnosis = examining(situation)
    value: Json = {"version": __version__, "offline": offline, "deep": deep, **diagnosis.to_json()}
    terminal.result(value, *_tables(diagnosis))
    return diagnosis.well


def _tables(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    for group in dict.fromkeys(each.group for each in diagnosis.findings):
        yield _table(group, [each for each in diagnosis.findings if each.group == group])
    yield Text()
    yield _contacted(diagnosis)
    counts = ", ".join(f"{count} {level}" for level in Level if (count := diagnosis.count(level)))
    yield f"{counts}. Nothing was changed, and no secret is shown."


def _contacted(diagnosis: Diagnosis) -> str:
    if not diagnosis.contacted:
        return "No connection was made."
    return f"Connected to the hosts of {', '.join(diagnosis.contacted)}, and to nobody else."


def _table(group: str, findings: list[Finding]) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=False, show_edge=False, pad_edge=False)
    table.add_column(no_wrap=True, width=7)
    table.add_column(no_wrap=True, width=max(16, *(len(each.check) for each in findings)))
    table.add_column(overflow="fold")
    for each in findings:
        told = Text(each.fact)
        if each.remedy:
            told.append(f"\n→ {each.remedy}", style="italic")
        table.add_row(Text(str(each.level), style=_COLOURS[each.level]), each.check, told)
    return Group(Text(f"\n{group}", style="bold"), table)


@contextmanager
def _without_logs() -> Iterator[None]:
    """What goes wrong is told by the findings; a library's own words may hold what they do not."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
