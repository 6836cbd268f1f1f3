"""The labels a routine may get: which categories there are, and which priorities."""

from __future__ import annotations

import re
from dataclasses import dataclass

CATEGORIES = ("energy", "comfort", "security", "convenience")
PRIORITIES = ("high", "medium", "low")

_FEWEST, _MOST, _LONGEST = 2, 12, 24
_WORDS = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Labels:
    """The answers that a classifier may give.

    Attributes:
        categories: what a routine may be about.
        priorities: how much it may matter, most first.

    Raises:
        ValueError: as :func:`parse_labels`.
    """

    categories: tuple[str, ...] = CATEGORIES
    priorities: tuple[str, ...] = PRIORITIES

    def __post_init__(self) -> None:
        _check(self.categories)
        _check(self.priorities)


def parse_labels(text: str) -> tuple[str, ...]:
    """Labels as people write them in a setting, ``energy, comfort``: in their order, without the spaces around them.

    Raises:
        ValueError: there are fewer than 2 or more than 12, two are the same but for capitals, or one is not a word or a
            few words of at most 24 letters.
    """
    labels = tuple(part.strip() for part in text.split(","))
    _check(labels)
    return labels


def _check(labels: tuple[str, ...]) -> None:
    if not _FEWEST <= len(labels) <= _MOST:
        raise ValueError(f"{_FEWEST} to {_MOST} labels, separated by commas; these are {len(labels)}")
    for label in labels:
        if len(label) > _LONGEST or not _WORDS.fullmatch(label):
            raise ValueError(f"labels of plain words, each of at most {_LONGEST} letters; {label!r} is none")
    if len({label.casefold() for label in labels}) < len(labels):
        raise ValueError("labels that differ from each other")


DEFAULT_LABELS = Labels()
