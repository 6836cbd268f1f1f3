"""From a history to a home's routines, in words and with the ids they keep: the part of a run that needs no model."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from src.analysis.coverage import as_switched, covered
from src.analysis.explanations import explained
from src.analysis.following_up import FollowUps
from src.analysis.home_view import Describe, View, client_of, labels_of, look, seen_with
from src.analysis.importing import NOTHING_IMPORTED, ImportedHistory, ReadHistory, import_source
from src.analysis.muting import unmuted
from src.analysis.provenance import log_inputs
from src.analysis.remarks import remarks
from src.analysis.request import DetectRequest
from src.analysis.selecting import Chosen, choose
from src.analysis.sentences import describe
from src.analysis.sources import Reading, source_of
from src.analysis.stages import Stages
from src.domain.automations import KnownAutomation
from src.domain.events import EventLog
from src.domain.identity import identify
from src.domain.local_time import DAY, isoformat
from src.domain.patterns import Json, Kind, Pattern, Status
from src.domain.position import placed
from src.domain.progress import Progress
from src.domain.whys import Why
from src.errors import HomeAssistantError, HomeAssistantUnreachable, InvalidSetting, NoHistory
from src.history.machines import unknown_users
from src.history.source import read_in_parts
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from src.mining import Memory, MiningResult, mine
from src.settings import Settings
from src.store.store import Store

logger = logging.getLogger(__name__)

Clock = Callable[[], int]  # µs since the epoch, UTC


class Mine(Protocol):
    """The signature of :func:`src.mining.mine`."""

    def __call__(
        self,
        log: EventLog,
        *,
        kinds: Sequence[Kind] | None,
        known: Sequence[Pattern],
        memory: Memory,
        progress: Progress,
    ) -> MiningResult: ...


@dataclass(frozen=True)
class Routines:
    """What a history holds, before any model has seen it; the log itself is gone, the models need its memory more.

    Attributes:
        muted: ids of patterns that are left out because of what was said of others, or that are about things that are
            not learned from.
    """

    found: tuple[Pattern, ...]
    mined: MiningResult
    whys: tuple[Why, ...]
    inputs: Json
    warnings: tuple[str, ...]
    left_out: dict[str, int]
    whole: bool
    muted: frozenset[str]


class Discovery:
    """Looks at the home, imports what is new in its history, mines it, and says what was found.

    Args:
        home_assistant: the home's own, None where none is set; asked for the home at each run.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        clock: Clock,
        home_assistant: Callable[[], HomeAssistant | None] | None = None,
        describe_home: Describe = describe_home,
        read: ReadHistory = read_in_parts,
        mine: Mine = mine,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._home_assistant = home_assistant or partial(client_of, settings)
        self._describe_home = describe_home
        self._follow_ups = FollowUps(store, clock)
        self._read = read
        self._mine = mine
        self._memory = Memory()  # from night to night; runs do not overlap

    def find(
        self, request: DetectRequest, stages: Stages, progress: Progress, room: Callable[[int], object]
    ) -> Routines:
        """From the history to described routines with the ids they keep.

        Args:
            room: told, before they are loaded, how many events there are; see :mod:`src.analysis.run_memory`.
        """
        store = self._store
        zone_before = self._settings.tz or store.events.time_zone()
        with stages.stage("look"):
            store.answers.wake(self._clock())
            ha = self._home_assistant()
            view = look(ha, store, self._describe_home)
            unfollowed = self._follow_ups.gather(ha) if ha is not None and view.home is not None else ()
            told = (*view.warnings, *unfollowed, *_strangers(view, self._settings))
            time_zone = request.time_zone or self._settings.tz or (view.home.time_zone if view.home else None)
        with stages.stage("import"):
            reading = Reading(self._settings, ha, view, self._read, progress, self._clock())
            imported = self._import(request, reading, time_zone)
            if view.home is not None:
                store.entities.learn({key: each.info for key, each in view.home.entities.items()})
        with stages.stage("load"):
            room(self._about())
            seen = seen_with(self._load(request, time_zone), view.home)
            chosen = self._chosen(placed(seen, self._settings.position))
            log = chosen.log
            mined_from = log_inputs(log)
            ahead = self._dated_ahead(request)
        with stages.stage("mine"):
            # All kinds, whatever was asked for: which of two explanations of a habit stands needs both.
            stored = store.patterns.mined()
            mined = self._mine(log, kinds=None, known=stored, memory=self._memory, progress=progress)
            wanted = [each for each in mined.patterns if request.kinds is None or each.kind in request.kinds]
        with stages.stage("describe"):
            described = [pattern.with_(sentence=describe(pattern, log.info)) for pattern in wanted]
            automations = _automations(view, imported, log)
            if automations is not None:
                described = [each.with_(covered_by=covered(each, automations, log.info)) for each in described]
        with stages.stage("identify"):
            continued = _continued(described, stored, automations_known=automations is not None)
            found, muted = unmuted(continued, store.answers.standing_rejections())
            whys = explained((*mined.whys, *muted), log.info)
        same_zone = zone_before is None or request.time_zone in (None, zone_before)
        return Routines(
            found=tuple(found),
            mined=mined,
            whys=whys,
            inputs={**imported.inputs, **mined_from},
            warnings=(*told, *imported.warnings, *ahead, *chosen.warnings, *remarks(mined)),
            left_out=dict(Counter(imported.skipped) + Counter(mined.left_out) + chosen.left_out),
            whole=same_zone and all(part is None for part in (request.kinds, request.start, request.end)),
            muted=frozenset(each.id for each in continued) - {each.id for each in found}
            | {each.id for each in stored if not chosen.admits(each)},
        )

    def _import(self, request: DetectRequest, reading: Reading, time_zone: str | None) -> ImportedHistory:
        """What is new in the source. A Home Assistant that is away costs nothing but the news, as long as there is
        something to mine: the next import goes on where the last one stopped. One that goes away in the middle fails
        the run, which is tried again soon: of a first import only the oldest days may be there.
        """
        try:
            source = source_of(request, reading)
            if source is None:
                return NOTHING_IMPORTED
            return import_source(self._store, source, time_zone=time_zone, progress=reading.progress, now=reading.now)
        except HomeAssistantError as error:
            away = reading.view.failed is error
            broke_off = isinstance(error, HomeAssistantUnreachable) and not away
            if broke_off or self._store.events.span() is None:
                raise
            logger.warning("home_assistant_away", extra={"code": error.code, "why": error.message})
            said = f"{error} This run used what was imported before."
            return replace(NOTHING_IMPORTED, warnings=() if away else (said,))

    def _chosen(self, log: EventLog) -> Chosen:
        """The events that are learned from."""
        described = self._store.entities.described()
        hidden = {key: each.left_out for key, each in described.items() if each.left_out is not None}
        return choose(log, self._settings.selection, labels_of(described), hidden)

    def _load(self, request: DetectRequest, time_zone: str | None) -> EventLog:
        """The events to mine: RETENTION_DAYS back from the newest, unless the request names a start.

        Raises:
            NoHistory: the store holds no events. InvalidSetting: none of them lie in the asked-for span.
        """
        span = self._store.events.span()
        if span is None:
            raise NoHistory
        # What a wrong clock dated into the future must not push the real history out of the days that are mined.
        tomorrow = self._clock() + DAY
        newest = min(span[1], tomorrow) if span[0] < tomorrow else span[1]
        if request.end is not None:
            newest = min(newest, request.end)
        start = newest - self._settings.retention_days * DAY if request.start is None else request.start
        log = self._store.events.load(start, min(newest + 1, request.end or newest + 1))
        if time_zone is not None:
            log = replace(log, time_zone=time_zone)
        if not len(log):
            first, last = (isoformat(instant, log.time_zone) for instant in span)
            wanted = f"a span that holds events; the history runs from {first} to {last}"
            asked = request.to_json()
            raise InvalidSetting("start and end", (asked["start"], asked["end"]), wanted)
        return log

    def _about(self) -> int:
        """How many events a run of RETENTION_DAYS loads, if days are alike."""
        first, last = self._store.events.span() or (0, 0)
        days = max(1.0, (last - first) / DAY)
        return int(self._store.events.count() * min(1.0, self._settings.retention_days / days))

    def _dated_ahead(self, request: DetectRequest) -> list[str]:
        span = self._store.events.span()
        tomorrow = self._clock() + DAY
        if span is None or not span[0] < tomorrow < span[1] or request.end is not None:
            return []
        return ["Some events are dated after tomorrow. They were left out: check the clock of what wrote them."]


def _strangers(view: View, settings: Settings) -> tuple[str, ...]:
    """What to say of names in INCLUDE_USERS and EXCLUDE_USERS that nobody has."""
    if view.home is None:
        names = f"{settings.include_users}{settings.exclude_users}".strip()
        said = "INCLUDE_USERS and EXCLUDE_USERS: without Home Assistant only ids in EXCLUDE_USERS can be kept."
        return (said,) if names else ()
    if not view.home.users:
        said = "INCLUDE_USERS cannot be kept: Home Assistant names its users to an administrator's token only."
        return (said,) if settings.include_users.strip() else ()
    return tuple(
        f"{name} names {word!r}, and no user of Home Assistant is called so."
        for name, named in (("INCLUDE_USERS", settings.include_users), ("EXCLUDE_USERS", settings.exclude_users))
        for word in unknown_users(view.home, named)
    )


def _automations(view: View, imported: ImportedHistory, log: EventLog) -> tuple[KnownAutomation, ...] | None:
    """Those the home has; None where nobody could tell. While Home Assistant starts, some may not be loaded yet."""
    if view.home is not None and view.home.whole:
        return view.home.automations
    return None if imported.automations is None else as_switched(imported.automations, log)


def _continued(described: Sequence[Pattern], stored: Sequence[Pattern], *, automations_known: bool) -> list[Pattern]:
    """The found patterns with the ids of the stored ones they continue, and what people said of those.

    Args:
        automations_known: whether this run could see the home's automations; else what an earlier one saw still holds.
    """
    before = {pattern.id: pattern for pattern in stored if pattern.status is not Status.STALE}
    found: list[Pattern] = []
    for pattern in identify(described, stored):
        old = before.get(pattern.id)
        if old is not None:
            known = pattern.covered_by if automations_known else old.covered_by
            pattern = pattern.with_(status=old.status, covered_by=known)
        found.append(pattern)
    return found
