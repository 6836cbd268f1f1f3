"""Routines as tables that fit 80 to 120 columns and read like sentences with their evidence beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from src.domain.patterns import Json, Pattern, PresenceTrigger
from src.domain.runs import Shortlist
from src.domain.whys import Why
from src.terminal import readable

# What one opportunity is called, by type of trigger.
_UNIT = {
    "time": "days",
    "day_type": "days",
    "sun": "days",
    "missed": "days",
    "rate": "days",
    "numeric": "crossings",
    "state": "times",
    "together": "times",
    "held": "times",
}
_PRIORITY_STYLE = {"high": "bold", "medium": "", "low": "dim"}


def seen(pattern: Pattern) -> str:
    """``19/22 days``: chances taken of chances there were."""
    return f"{pattern.evidence.hits}/{pattern.evidence.opportunities} {_unit(pattern)}"


def _unit(pattern: Pattern) -> str:
    trigger = pattern.trigger
    if isinstance(trigger, PresenceTrigger):
        return "arrivals" if trigger.event in ("arrives", "first_arrives") else "departures"
    return _UNIT[trigger.to_json()["type"]]


def percent(share: float) -> str:
    """A share for people: ``6 %``, and never a rounded ``0 %`` for what can happen."""
    if 0 < share < 0.01:
        return "<1 %"
    return f"{share * 100:.0f} %"


def later(pattern: Pattern) -> str:
    """``6/7``: the same on days that were not used to find it."""
    return f"{pattern.evidence.holdout.hits}/{pattern.evidence.holdout.opportunities}"


def _table() -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=False, header_style="dim")
    table.add_column("Routine", ratio=None, overflow="fold")
    table.add_column("Seen", no_wrap=True, justify="right")
    table.add_column("By chance", no_wrap=True, justify="right")
    table.add_column("Later", no_wrap=True, justify="right")
    return table


def _said(pattern: Pattern) -> Text:
    """The sentence, and which automation does it already."""
    said = Text(pattern.sentence)
    if pattern.covered_by is not None:
        said.append(f"\nAlready done by {pattern.covered_by}.", style="dim")
    return said


def home_line(events: int, entities: int, span: Json) -> Text:
    """What was read, in one line."""
    first, last = str(span["start"])[:10], str(span["end"])[:10]
    return Text(
        f"{events:,} events of {entities:,} entities over {span['days']:,} days "
        f"({first} to {last}, {span['time_zone']})."
    )


def left_out_line(left_out: Mapping[str, int]) -> RenderableType:
    """What was not used and why, in one line; nothing when all was used."""
    if not left_out:
        return Group()
    reasons = ", ".join(f"{count:,} {readable(reason)}" for reason, count in left_out.items())
    return Text(f"Left out: {reasons}.", style="dim")


def patterns_table(patterns: Sequence[Pattern]) -> RenderableType:
    """Every routine, strongest first."""
    if not patterns:
        return Text("\nNo routine found that chance could not explain as well.")
    table = _table()
    for pattern in patterns:
        table.add_row(_said(pattern), seen(pattern), percent(pattern.evidence.expected_rate), later(pattern))
    word = "routine" if len(patterns) == 1 else "routines"
    return Group(Text(f"\n{len(patterns)} {word} found\n", style="bold"), table)


# Reasons that lie in what an entity is; all others lie in what people do with it, and are told one by one.
_BY_NATURE = frozenset(
    {
        "cannot_be_set",
        "entity_not_behaviour",
        "free_text_entity",
        "heartbeat",
        "never_changes",
        "numeric_entity",
        "only_follows_others",
        "sets_off_a_routine",
    }
)


def whys_table(whys: Sequence[Why]) -> RenderableType:
    """Why the rest has no routine: one line for what people can set, one for each sort of what they cannot."""
    told = [Text(f"- {why.sentence}") for why in whys if why.reason not in _BY_NATURE]
    sorts: dict[str, list[str]] = {}
    for why in whys:
        if why.reason in _BY_NATURE and why.entity_id is not None:
            sorts.setdefault(why.reason, []).append(why.entity_id)
    for reason, entity_ids in sorted(sorts.items()):
        told.append(Text(f"- {readable(reason)} ({len(entity_ids)}): {', '.join(entity_ids)}", style="dim"))
    return Group(Text("\nWhy not more\n", style="bold"), *told) if told else Group()


def shortlist_table(shortlist: Shortlist, rows: int = 100) -> RenderableType:
    """The first rows of one interest's shortlist, ranked and classified."""
    more = len(shortlist.patterns) - rows
    title = Text(f"\nFor: {shortlist.interest}", style="bold")
    title.append(f" (first {rows} of {len(shortlist.patterns)})\n" if more > 0 else "\n", style="not bold dim")
    if not shortlist.patterns:
        return Group(title, Text("Nothing found for this one."))
    table = _table()
    table.add_column("About", no_wrap=True)
    for pattern in shortlist.patterns[:rows]:
        about = Text(pattern.category or "")
        if pattern.priority:
            about.append(f"\n{pattern.priority}", style=_PRIORITY_STYLE.get(pattern.priority, ""))
        table.add_row(_said(pattern), seen(pattern), percent(pattern.evidence.expected_rate), later(pattern), about)
    return Group(title, table)


def made_by_line(made_by: Mapping[str, str | None]) -> RenderableType:
    """Which models or declared fallbacks ranked and classified."""
    words = {"embedding": "Retrieved by", "reranker": "Ranked by", "classifier": "Classified by"}
    parts = [f"{word} {made_by[role]}." for role, word in words.items() if made_by.get(role)]
    return Text("\n" + "\n".join(parts), style="dim") if parts else Group()
