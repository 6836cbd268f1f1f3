"""The figures as tables of Markdown, as `docs/evaluation.md` has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scripts.evaluation.figures import VERDICTS, Figures


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |"
    yield ""


def markdown(results: Figures) -> str:
    """All that was measured."""
    lines: list[str] = []
    if "simulated" in results:
        lines += _homes(results["simulated"])
    if "null" in results:
        lines += _nulls(results["null"])
    if "nights" in results:
        lines += _nulls(results["nights"])
    if "logs" in results:
        lines += _logs(results["logs"])
    return "\n".join(lines).rstrip()


def _homes(homes: Figures) -> Iterator[str]:
    rows = [
        (
            kind,
            figures["planted"],
            figures["found"],
            figures["recall"],
            figures["shown"],
            *(figures["verdicts"][verdict] for verdict in VERDICTS),
        )
        for kind, figures in homes["kinds"].items()
    ]
    found = sum(figures["found"] for figures in homes["kinds"].values())
    verdicts = homes["verdicts"]
    whole = ("all", homes["planted"], found, homes["recall"], homes["shown"], *(verdicts[v] for v in VERDICTS))
    yield from _table(("kind", "planted", "found", "recall", "shown", *VERDICTS), [*rows, whole])
    shown, conditions, later = homes["shown_per_home"], homes["conditions"], homes["later"]
    cpu = homes["cpu_seconds_per_home"]
    yield from _table(
        (f"{homes['homes']} homes of {homes['days']} days", ""),
        [
            ("events, entities of a home", f"{homes['events_a_home']:,}, {homes['entities_a_home']}"),
            ("false of what is shown", homes["false_discovery_rate"]),
            ("shown to a home", f"{shown['least']} to {shown['most']}, median {shown['median']:g}"),
            (
                "routines under a condition",
                f"{conditions['planted']}, found {conditions['found']}, with it {conditions['found_with_them']}",
            ),
            ("conditions that were not needed", conditions["unneeded"]),
            (
                "found on the first 75 % of days, hold later",
                f"{later['of_those_hold']} of {later['with_later_opportunities']} ({later['share']})",
            ),
            ("CPU for a home", f"median {cpu['median']} s, at most {cpu['most']} s"),
            ("peak memory", f"{homes['peak_mb']} MB"),
        ],
    )


def _nulls(nulls: Figures) -> Iterator[str]:
    rows = [
        (kind, row["homes"], row["nights_each"], row["shown_anything"], row["share"], row["cpu_seconds_per_home"])
        for kind, row in nulls.items()
    ]
    head = ("made by", "homes", "nights each", "ever shown anything", "share", "CPU s each")
    yield from _table(head, rows)


def _logs(logs: Figures) -> Iterator[str]:
    rows = [
        (
            name,
            row.get("events"),
            row["found"],
            ", ".join(f"{kind} {count}" for kind, count in row.get("by_kind", {}).items()),
            row["found_shuffled"],
            row["shuffled_share"],
            f"{row['later']['of_those_hold']} of {row['later']['with_later_opportunities']}",
        )
        for name, row in logs.items()
    ]
    yield from _table(("log", "events", "found", "kinds", "found shuffled", "share", "hold later"), rows)
