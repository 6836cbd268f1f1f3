"""Routines as tables that fit 80 to 120 columns and read like sentences with their evidence beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from src.domain.patterns import HeldTrigger, Json, MissedTrigger, Pattern, PresenceTrigger, RateTrigger
from src.domain.runs import Shortlist
from src.domain.whys import Why
from src.terminal import readable

# What one opportunity is called, by type of trigger.
_UNIT = {
    "time": "days",
    "day_type": "days",
    "sun": "days",
    "missed": "days",
    "numeric": "crossings",
    "state": "times",
    "together": "times",
    "held": "times",
}
_PRIORITY_STYLE = {"high": "bold", "medium": "", "low": "dim"}


def seen(pattern: Pattern) -> str:
    """``19/22 days``: chances taken of chances there were. Of what is only told: how it was before."""
    hits, opportunities = pattern.evidence.hits, pattern.evidence.opportunities
    match pattern.trigger:
        case RateTrigger(per_week_before=before, per_week_after=now):
            return f"{_short(before)} → {_short(now)} a week"
        case HeldTrigger() if not pattern.actions:
            return f"{hits} times before"
        case MissedTrigger():
            return f"{hits}/{opportunities} days before"
    return f"{hits}/{opportunities} {_unit(pattern)}"


def _short(often: float) -> str:
    return f"{often:.0f}" if often >= 10 else f"{often:.1f}".removesuffix(".0")


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


def by_chance(pattern: Pattern) -> str:
    """``6 %``: the share that chance would take; nothing of what is only told, which was never a chance to take."""
    return percent(pattern.evidence.expected_rate) if pattern.actions else ""


def later(pattern: Pattern) -> str:
    """``6/7``: the same on days that were not used to find it; nothing of what is told of those very days."""
    if not pattern.actions:
        return ""
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


# Reasons that lie in a link or a set of things that was tried; all others lie in the history.
_OF_WHAT_WAS_TRIED = frozenset(
    {
        "could_be_chance",
        "echo_of_a_device",
        "ends_after_something_else",
        "ends_by_the_clock",
        "explained_by_a_pair",
        "explained_by_a_simpler_pattern",
        "explained_by_a_third",
        "fading_on_later_days",
        "faster_than_a_person",
        "follows_from_its_counterpart",
        "follows_too_seldom",
        "happens_too_seldom",
        "in_fixed_order",
        "in_no_order",
        "joins_too_seldom",
        "minute_resolution",
        "not_repeated_on_later_days",
        "part_of_a_burst",
        "silent_for_long",
        "the_other_direction_is_shown",
        "timed_by_a_device",
        "too_few_chances_to_be_sure",
        "too_few_hits",
    }
)


def left_out_line(left_out: Mapping[str, int]) -> RenderableType:
    """What was not used and why: a line for the history and one for what was tried; nothing when all was used."""
    lines = []
    for name, tried in (("Left out", False), ("Tried and dropped", True)):
        reasons = [
            f"{count:,} {readable(reason)}"
            for reason, count in left_out.items()
            if (reason in _OF_WHAT_WAS_TRIED) is tried
        ]
        if reasons:
            lines.append(Text(f"{name}: {', '.join(reasons)}.", style="dim"))
    return Group(*lines)


def patterns_table(patterns: Sequence[Pattern]) -> RenderableType:
    """Every routine, strongest first."""
    if not patterns:
        return Text("\nNo routine found that chance could not explain as well.")
    table = _table()
    for pattern in patterns:
        table.add_row(_said(pattern), seen(pattern), by_chance(pattern), later(pattern))
    word = "routine" if len(patterns) == 1 else "routines"
    return Group(Text(f"\n{len(patterns)} {word} found\n", style="bold"), table)


# Reasons that lie in what an entity is; all others lie in what people do with it, and are told one by one.
_BY_NATURE = {
    "cannot_be_set": "Sensors, which nobody can set",
    "entity_not_behaviour": "Software, batteries, links and weather",
    "free_text_entity": "Free text",
    "heartbeat": "Reports at regular gaps",
    "never_changes": "Never changed",
    "numeric_entity": "Measurements, which nobody sets",
    "only_follows_others": "Only follow other devices",
    "sets_off_a_routine": "Set off a routine that is shown",
}


def whys_table(whys: Sequence[Why]) -> RenderableType:
    """Why the rest has no routine: one line for what people can set, one for each sort of what they cannot."""
    rows = [(Text(why.sentence), "") for why in whys if why.reason not in _BY_NATURE]
    for reason, sort in _BY_NATURE.items():
        entity_ids = [why.entity_id for why in whys if why.reason == reason and why.entity_id is not None]
        if entity_ids:
            rows.append((Text(f"{sort} ({len(entity_ids)}): {', '.join(entity_ids)}."), "dim"))
    if not rows:
        return Group()
    # A grid, so that the lines of one reason stay under each other.
    listed = Table.grid(padding=(0, 1))
    for text, style in rows:
        listed.add_row("-", text, style=style)
    return Group(Text("\nWhy not more\n", style="bold"), listed)


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
        table.add_row(_said(pattern), seen(pattern), by_chance(pattern), later(pattern), about)
    return Group(title, table)


def made_by_line(made_by: Mapping[str, str | None]) -> RenderableType:
    """Which models or declared fallbacks ranked and classified."""
    words = {"embedding": "Retrieved by", "reranker": "Ranked by", "classifier": "Classified by"}
    parts = [f"{word} {made_by[role]}." for role, word in words.items() if made_by.get(role)]
    return Text("\n" + "\n".join(parts), style="dim") if parts else Group()
