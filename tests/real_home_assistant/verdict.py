"""What of the patterns that were found in the test home is right, and what is not."""

from __future__ import annotations

from dataclasses import dataclass

from tests.real_home_assistant.automated import AUTOMATED_ONLY
from tests.real_home_assistant.habits import HABITS
from tests.real_home_assistant.json_types import Json
from tests.real_home_assistant.things import FOLLOWERS


@dataclass(frozen=True)
class Verdict:
    """Of the patterns of one home.

    Attributes:
        found: the pattern of each habit that was found, by the habit's name.
        missed: names of the others.
        wrong: sentences that say an automation's doing, or a follower's, is people's.
        besides: sentences of no planted habit.
    """

    found: dict[str, Json]
    missed: list[str]
    wrong: list[str]
    besides: list[str]


def judge(patterns: list[Json]) -> Verdict:
    """Compare with what was planted."""
    found: dict[str, Json] = {}
    for habit in HABITS:
        for pattern in patterns:
            if habit.is_found_in(pattern):
                found.setdefault(habit.name, pattern)
    return Verdict(
        found,
        [habit.name for habit in HABITS if habit.name not in found],
        [pattern["sentence"] for pattern in patterns if _is_wrong(pattern)],
        [pattern["sentence"] for pattern in patterns if pattern not in found.values()],
    )


def _is_wrong(pattern: Json) -> bool:
    things = {action["entity_id"] for action in pattern["actions"]}
    return bool(things & {*AUTOMATED_ONLY, *FOLLOWERS})
