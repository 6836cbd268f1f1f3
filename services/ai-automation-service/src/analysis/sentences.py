"""The one description of a pattern that API, UI, CLI and YAML renderer all read."""

from __future__ import annotations

from collections.abc import Mapping

from src.domain.events import EntityInfo
from src.domain.patterns import Pattern


def describe(pattern: Pattern, info: Mapping[str, EntityInfo]) -> str:
    """A plain English sentence: "The kitchen light turns on around 07:10 on weekdays.".

    Says what happens, when, and after what, never numbers of evidence: the sentence is stable from night to night
    while the routine is (times are rounded to five minutes), so that its embedding can be kept.
    """
    raise NotImplementedError
