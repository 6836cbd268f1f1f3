"""Who causes the changes one is told of as they happen: the contexts of automations, scripts and calls seen lately.

The rules are those of :mod:`src.history.contexts`; live, every event has its whole context.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from threading import Lock
from typing import NamedTuple

from src.domain.entity_ids import domain_of
from src.domain.events import Origin
from src.domain.local_time import DAY
from src.domain.patterns import Json
from src.history.logbook import AUTOMATIC_DOMAINS

_MOST = 50_000  # contexts remembered; about 10 MB
_FOLLOWED = 1_000  # contexts in which a template or a group may still follow
_LONGEST = DAY  # that an automation may wait before it acts


class Context(NamedTuple):
    """A context of Home Assistant's; see https://data.home-assistant.io/docs/context"""

    id: str | None
    user: str | None
    parent: str | None

    @classmethod
    def of(cls, context: object) -> Context:
        """Of an event or a state as JSON; what is not text counts as none."""
        given: Json = context if isinstance(context, dict) else {}
        found = (given.get(name) for name in ("id", "user_id", "parent_id"))
        return cls(*(value if isinstance(value, str) else None for value in found))


class LiveContexts:
    """Remembers contexts for a day, but no more than so many. May be shared by threads.

    Attributes:
        machines: ids of users that are programs.
    """

    def __init__(self, machines: Collection[str] = frozenset(), *, most: int = _MOST) -> None:
        self.machines = machines
        self._most = most
        self._automatic: OrderedDict[str, int] = OrderedDict()
        self._called: OrderedDict[str, int] = OrderedDict()
        self._first: OrderedDict[str, str] = OrderedDict()  # which entity changed first in a context of a device's own
        self._lock = Lock()

    def note(self, kind: str, context: Context, at: int) -> None:
        """An event of one of the kinds ``automation_triggered``, ``script_started`` and ``call_service``."""
        if context.id is None:
            return
        automatic = kind == "automation_triggered" or (kind == "script_started" and context.user is None)
        self._keep(self._automatic if automatic else self._called, context.id, at)

    def note_automatic(self, contexts: dict[str, int]) -> None:
        """Contexts of automations that were set off before one listened, with their instants, µs UTC."""
        for context, at in sorted(contexts.items(), key=lambda item: item[1]):
            self._keep(self._automatic, context, at)

    def origin(self, context: Context, entity_id: str, at: int) -> Origin:
        """Who caused a change of an entity."""
        if context.user is None and domain_of(entity_id) in AUTOMATIC_DOMAINS and context.id is not None:
            self._keep(self._automatic, context.id, at)
        if context.parent is not None or context.id in self._automatic or context.user in self.machines:
            return Origin.AUTOMATION
        if context.user is not None or context.id in self._called:
            return Origin.USER
        if context.id is None:
            return Origin.UNKNOWN
        with self._lock:
            first = self._first.setdefault(context.id, entity_id)
            while len(self._first) > _FOLLOWED:
                self._first.popitem(last=False)
        return Origin.DEVICE if first == entity_id else Origin.AUTOMATION

    def __len__(self) -> int:
        return len(self._automatic) + len(self._called)

    def _keep(self, contexts: OrderedDict[str, int], context: str, at: int) -> None:
        with self._lock:
            contexts[context] = at
            contexts.move_to_end(context)
            while len(contexts) > self._most or next(iter(contexts.values())) < at - _LONGEST:
                contexts.popitem(last=False)
