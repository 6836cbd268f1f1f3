"""``co_occurrence``: when one thing happens, another follows within a delay of 15 s to 15 min.

The unit is the opportunity: the trigger happens while the action's entity is not in the wanted state yet; what an
automation did first was no opportunity. The chance of a hit is the largest under three null models
(:mod:`src.mining.following_chance`): jitter within an hour, which keeps both things' daily shape, and the same time of
the surrounding days by the clock and by the sun. The family is all pairs of a trigger and an action; the p-value
of a pair pays for the delays and the conditions tried.

A person's coming and going is a trigger of the kind ``presence``.

Assumed: opportunities are independent given the hour and the time of day. Fails: a third thing that the home does not
log sets off both within minutes; what is then shown is real, but the trigger is only the first sign of it.
"""

from __future__ import annotations

from functools import partial

from src.domain.patterns import Kind, StateTrigger
from src.mining.following import Cause
from src.mining.following_rivals import unexplained
from src.mining.following_search import search_causes
from src.mining.kind import Bar, Home, Search
from src.mining.vocabulary import PRESENCE_DOMAINS


class CoOccurrence:
    """See the module."""

    kind = Kind.CO_OCCURRENCE
    bar = Bar()

    def search(self, home: Home) -> Search:
        return search_causes(home, self.kind, self.bar, _things(home), unexplained)


def _things(home: Home) -> list[Cause]:
    changes = home.changes
    return [
        Cause(
            name=(thing.entity_id, thing.to),
            times=changes.time[changes.of(code)],
            entity_ids=frozenset((thing.entity_id,)),
            trigger=partial(StateTrigger, thing.entity_id, thing.to),
            code=code,
        )
        for code in home.triggers
        if (thing := changes.things[code]).entity_id.partition(".")[0] not in PRESENCE_DOMAINS
    ]
