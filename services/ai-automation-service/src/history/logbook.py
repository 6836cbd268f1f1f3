"""Who caused a change, as Home Assistant's logbook tells it.

An entry of the logbook has no context ids. It names what came first in its context instead (``context_event_type``,
``context_entity_id``) and a user, who by 2026.11 may be the one whose act set an automation off. The first rule that
applies decides; they give what :mod:`src.history.contexts` gives for the rows of the database:

1. an automation came first: automation
2. a script came first and no user asked: automation
3. the user is a program: automation
4. an ``automation.*`` or ``script.*`` entity changed first, or is what changed, and no user asked: automation
5. there is a user, or a service call or another event came first (HomeKit's, say): user
6. another entity that is read changed first: it follows that one, as a template or a group does: automation
7. otherwise the device itself reported it: device

The logbook looks for what came first only from the beginning of the span it is asked for, unless it is asked about
entities by name: then it looks as far back as there is anything. An automation that waits for an hour before it acts
would else look like a service call by hand, so what follows a call is asked about again, by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from src.domain.entity_ids import domain_of
from src.domain.events import Origin
from src.domain.patterns import Json
from src.history.admission import Admission
from src.history.seconds import instants_of_seconds

AUTOMATIC_DOMAINS = ("automation", "script")


class Change(NamedTuple):
    """An entity took a state at an instant, µs UTC."""

    time: int
    entity_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Firing:
    """An automation was set off, at an instant in µs UTC."""

    automation: str
    time: int


@dataclass
class LogbookPage:
    """What the logbook says of a span.

    Attributes:
        origins: of each change that it names.
        called: entities that changed by a service call, whoever made it.
        starts, stops: of Home Assistant, µs UTC.
        automatic: contexts that automations, or scripts nobody asked for, run in, with their instants.
        refused: changes of entities that are not read, by reason.
    """

    origins: dict[Change, Origin] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    starts: list[int] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)
    automatic: dict[str, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


def read_page(entries: Iterable[Json], admission: Admission, machines: Collection[str], counted: range) -> LogbookPage:
    """The entries of ``logbook/get_events``, which come in the order of time.

    Args:
        counted: µs UTC; where entries that are refused count, as spans overlap.
        machines: ids of users that are programs.
    """
    page = LogbookPage()
    entries = list(entries)
    seconds = np.array([entry["when"] if _is_number(entry.get("when")) else np.nan for entry in entries], np.float64)
    for entry, at in zip(entries, instants_of_seconds(seconds).tolist(), strict=True):
        entity_id, state = entry.get("entity_id"), entry.get("state")
        if at < 0:
            continue
        if isinstance(entity_id, str) and isinstance(state, str):
            reason = admission.refused(entity_id)
            if reason is not None:
                page.refused[reason] += at in counted
                continue
            origin = origin_of(entry, entity_id, machines)
            if origin is Origin.DEVICE and _follows(entry, entity_id, admission):
                origin = Origin.AUTOMATION
            page.origins[Change(at, entity_id, state)] = origin
            if entry.get("context_event_type") == "call_service":
                page.called.add(entity_id)
        else:
            _note_event(page, entry, at)
    return page


def origin_of(entry: Json, entity_id: str, machines: Collection[str]) -> Origin:
    """Who caused the change that an entry tells of, by rules 1 to 5 and 7."""
    first, user = entry.get("context_event_type"), entry.get("context_user_id")
    if first == "automation_triggered" or (first == "script_started" and user is None) or user in machines:
        return Origin.AUTOMATION
    if user is None and (_automatic(entity_id) or _automatic(entry.get("context_entity_id"))):
        return Origin.AUTOMATION
    return Origin.USER if user is not None or first is not None else Origin.DEVICE


def _follows(entry: Json, entity_id: str, admission: Admission) -> bool:
    first = entry.get("context_entity_id")
    return isinstance(first, str) and first != entity_id and admission.refused(first) is None


def _note_event(page: LogbookPage, entry: Json, at: int) -> None:
    domain, entity_id, context = entry.get("domain"), entry.get("entity_id"), entry.get("context_id")
    if domain == "homeassistant" and entity_id is None:
        if entry.get("message") == "started":
            page.starts.append(at)
        elif entry.get("message") == "stopped":
            page.stops.append(at)
    elif isinstance(context, str) and isinstance(entity_id, str):
        if domain == "automation":
            page.firings.append(Firing(entity_id, at))
            page.automatic[context] = at
        elif domain == "script" and entry.get("context_user_id") is None:
            page.automatic[context] = at


def _automatic(entity_id: object) -> bool:
    return isinstance(entity_id, str) and domain_of(entity_id) in AUTOMATIC_DOMAINS


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
