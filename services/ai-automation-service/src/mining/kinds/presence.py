"""``presence``: somebody comes home or goes, and an action follows within 15 s to 15 min.

Causes are each person's arrivals and departures and, where the home knows more than one person, the first arrival in an
empty home and the departure of the last. Opportunities, null models and conditions are those of ``co_occurrence``; the
family is all causes with all actions. A condition on who is at home is about the others.

Of "Anna arrives" and "the first arrives" for mostly the same hits the one with more hits beyond chance, weighed by its
rate, is kept. A device tracker is asked only in a home without persons, and one that echoes another is no cause of
its own.

Assumed: a tracker reports within a minute or so. Fails: where it reports later than people reach the switch, the
action comes first and no routine is seen; whoever always comes together cannot be told apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from src.domain.events import MICROSECONDS, Int64Array
from src.domain.patterns import Kind, PresenceTrigger
from src.mining.following import Cause, Following
from src.mining.following_rivals import unexplained, without_echoes
from src.mining.following_search import search_causes
from src.mining.kind import Bar, Home, Search
from src.mining.people import HOME

_ECHO_WITHIN = 60 * MICROSECONDS
_ECHO_SHARE = 0.9


class Presence:
    """See the module."""

    kind = Kind.PRESENCE
    bar = Bar()

    def search(self, home: Home) -> Search:
        return search_causes(home, self.kind, self.bar, comings_and_goings(home), _rivalry)


def _rivalry(found: Sequence[Following], left_out: Counter[str]) -> list[Following]:
    return unexplained(without_echoes(found, left_out), left_out)


def comings_and_goings(home: Home) -> list[Cause]:
    """What the people of a home may set off, echoes left out."""
    people = home.people
    causes: list[Cause] = []
    for number, entity_id in enumerate(people.entity_ids):
        for event, times in (("arrives", people.arrivals[number]), ("leaves", people.departures[number])):
            causes.append(_cause(home, event, (entity_id,), times))
    if len(people.entity_ids) > 1:
        causes.append(_cause(home, "first_arrives", people.entity_ids, people.first_arrivals))
        causes.append(_cause(home, "last_leaves", people.entity_ids, people.last_departures))
    kept: list[Cause] = []
    for cause in causes:
        alike = [other for other in kept if other.name[0] == cause.name[0]]
        if not any(_echoes(cause.times, other.times) for other in alike):
            kept.append(cause)
    return kept


def _cause(home: Home, event: str, entity_ids: tuple[str, ...], times: Int64Array) -> Cause:
    alone = entity_ids[0] if len(entity_ids) == 1 else None
    return Cause(
        name=(event, *entity_ids),
        times=times,
        entity_ids=frozenset(entity_ids),
        trigger=partial(PresenceTrigger, event, entity_ids),
        code=_came_home(home, alone) if event == "arrives" else None,
        apart=alone,
    )


def _came_home(home: Home, entity_id: str | None) -> int | None:
    for thing in home.changes.things:
        if thing.entity_id == entity_id and thing.to == HOME:
            return thing.code
    return None


def _echoes(times: Int64Array, others: Int64Array) -> bool:
    """Whether nearly all of both come within a minute of the other."""
    return min(_near(times, others), _near(others, times)) >= _ECHO_SHARE


def _near(times: Int64Array, others: Int64Array) -> float:
    if len(times) == 0 or len(others) == 0:
        return 0.0
    low = np.searchsorted(others, times - _ECHO_WITHIN, "left")
    high = np.searchsorted(others, times + _ECHO_WITHIN, "right")
    return float(np.mean(high > low))
