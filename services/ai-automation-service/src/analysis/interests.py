"""Interests: the standing questions that the nightly run ranks patterns by."""

from __future__ import annotations

from dataclasses import dataclass

from src.analysis.request import one_line


@dataclass(frozen=True, slots=True)
class Interest:
    """A name to ask for it by, and the question as the models read it."""

    name: str
    question: str


INTERESTS: tuple[Interest, ...] = (
    Interest("save energy", "Which routines waste or could save electricity and heating?"),
    Interest("safer nights", "Which routines keep doors, locks and the home secure at night or when nobody is there?"),
    Interest(
        "more comfort", "Which routines make the home comfortable: light, warmth, blinds and music at the right time?"
    ),
    Interest("less effort", "Which everyday chores and repeated button presses could happen by themselves?"),
)


def interests_for(asked: str | None) -> tuple[Interest, ...]:
    """Every standing interest for None, one by its name, else a free question under its own words."""
    if asked is None:
        return INTERESTS
    wanted = one_line(asked)
    for interest in INTERESTS:
        if interest.name == wanted.lower():
            return (interest,)
    return (Interest(wanted, wanted),)
