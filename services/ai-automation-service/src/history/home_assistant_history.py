"""History of a home over Home Assistant's own API, for those who cannot give its database.

What changed comes from ``history/history_during_period``, who caused it from ``logbook/get_events``; both are
WebSocket commands, and read from the recorder. History alone names no cause, and the logbook leaves out sensors with
a unit, first states and repeated ones. What the logbook does not name has an unknown origin.

The recorder is asked in windows of time, oldest first, which grow and shrink with what is in them: no answer is huge,
memory is bounded, and what was handed over before a break need not be read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from src.domain.entity_ids import domain_of
from src.domain.events import MICROSECONDS, EntityInfo, EventLog, Origin
from src.domain.home import Home
from src.domain.local_time import DAY
from src.domain.patterns import Json
from src.domain.progress import Progress, silent
from src.domain.selection import Selection
from src.errors import HomeAssistantFailed
from src.history.admission import Admission
from src.history.first_reports import STARTING, FirstReports, starts_of
from src.history.logbook import AUTOMATIC_DOMAINS, Change, Firing, LogbookPage, read_page
from src.history.source import HistoryRead, SourceInfo
from src.history.state_rows import StateRows, continuous
from src.history.table import EventTable
from src.home_assistant.access import Access
from src.home_assistant.client import HomeAssistant
from src.home_assistant.session import Session

OLDEST = 400 * DAY  # as far back as a run mines by default
PATIENCE = 120.0  # s, for an answer: a day of a busy home is read from a slow disk

_HOUR = 3_600 * MICROSECONDS
_SHORTEST, _LONGEST = _HOUR // 6, DAY
_FEW, _MANY = 4_000, 20_000  # rows of an answer, below and above which the next window is longer or shorter
_LEAD = 60 * MICROSECONDS  # what came first in a context is looked for from so much earlier; contexts last 5 s
_EDGE = 1_000  # µs; it is not told whether the ends of a span are part of it
_IDS = 100  # entities in one question
_TELLING = 50  # changes of a window, sensors with a unit left out, of which the logbook would name some
_FOREVER = 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def source_key(access: Access) -> str:
    """Under which the store keeps how far this Home Assistant was read."""
    return f"home_assistant:{access.url}"


def read_home_assistant(
    ha: HomeAssistant,
    home: Home,
    *,
    since: int | None,
    now: int,
    machines: Collection[str] = frozenset(),
    selection: Selection | None = None,
    progress: Progress = silent,
) -> Iterator[HistoryRead]:
    """The history in parts, oldest first; windows in which nothing happened are left out.

    Args:
        since: only events at or after this instant, µs UTC; None: all that the recorder keeps.
        now: µs UTC; how far the windows go. The last one has no end, for Home Assistant's clock may be ahead.
        machines: ids of users that are programs, see :func:`src.history.machines.machine_users`.

    Raises:
        HomeAssistantUnreachable, HomeAssistantRefused.
        HomeAssistantFailed: it keeps neither history nor logbook.
    """
    with ha.session(timeout=max(PATIENCE, ha.access.timeout)) as session:
        reader = ApiHistory(session, source_key(ha.access), home, machines=machines, selection=selection)
        yield from reader.parts(since, now, progress)


class ApiHistory:
    """Reads history over a session of its caller's.

    Args:
        fired: is told of the automations that were set off in each window that was read.
    """

    def __init__(
        self,
        session: Session,
        key: str,
        home: Home,
        *,
        machines: Collection[str] = frozenset(),
        selection: Selection | None = None,
        fired: Callable[[Sequence[Firing]], None] | None = None,
    ) -> None:
        self._session = session
        self._source = SourceInfo(key, "home_assistant", {"version": session.version})
        self._home = home
        self._machines = machines
        self._admission = Admission(home, selection)
        self._fired = fired
        self._first_reports = FirstReports()
        self._missing: list[str] = []
        self._told = 0  # of what is missing, how much was told already
        ids = self._admission.admitted()
        self._numeric = [entity_id for entity_id in ids if continuous(home.entities[entity_id])]
        self._others = [entity_id for entity_id in ids if not continuous(home.entities[entity_id])]

    @property
    def last_start(self) -> int | None:
        """When Home Assistant last began to load its entities, in what was read so far, µs UTC."""
        return self._first_reports.start

    def parts(self, since: int | None, now: int, progress: Progress = silent) -> Iterator[HistoryRead]:
        """See :func:`read_home_assistant`."""
        first = self._oldest(now) if since is None else since
        # Whatever was read before: what is read again is judged as it was then. So it begins early enough to see the
        # start of Home Assistant that the first of the reports may belong to.
        self._first_reports = FirstReports()
        low, width, last = first - STARTING, _HOUR, False
        while not last:
            high = low + width
            last = high >= now
            read, rows = self._window(low, None if last else high, first)
            progress("read", min(high, now) - first, max(now - first, 1), "µs")
            if len(read.log) or read.skipped or read.warnings:
                yield read
            low = high
            width = _next(width, rows)

    def automatic_contexts(self, since: int) -> dict[str, int]:
        """Contexts that automations and scripts were set off in since an instant, for those that still wait."""
        ids = [entity_id for entity_id in self._home.entities if domain_of(entity_id) in AUTOMATIC_DOMAINS]
        return self._logbook(since, None, ids).automatic if ids else {}

    def _oldest(self, now: int) -> int:
        """The instant of the oldest change in the logbook, less a day; as far back as there is use for without one."""
        low, width = now - OLDEST, _HOUR
        while low < now:
            entries = self._entries(low, low + width)
            changes = [entry for entry in entries if "entity_id" in entry]
            times = [entry["when"] for entry in changes if isinstance(entry.get("when"), int | float)]
            if times:
                return int(min(times) * MICROSECONDS) - DAY  # first states and sensors with a unit are not in it
            low, width = low + width, min(2 * width, _LONGEST)
        return now - OLDEST

    def _window(self, low: int, high: int | None, first: int) -> tuple[HistoryRead, int]:
        """The changes with ``low <= time < high``, and how many rows it took to learn of them.

        Args:
            first: what is older serves only to judge the rest.
        """
        counted = range(max(low, first), high or _FOREVER)
        page = self._logbook(low - _LEAD, high, counted=counted)
        if page.called:
            page.origins.update(self._logbook(low - _LEAD, high, sorted(page.called)).origins)
        rows = self._history(low, high, page)
        if not page.origins:
            page = self._by_name(low, high, rows, page, counted)
        table = EventTable(first)
        end = high or _FOREVER
        changes = sorted(change for change in {*page.origins, *rows.changes} if low <= change.time < end)
        self._add(table, changes, low, page, rows)
        if self._fired is not None:
            self._fired([firing for firing in page.firings if firing.time >= low])
        log = table.log(self._home.time_zone, {}, self._home.position)
        table.skipped.update(page.refused)
        warnings, self._told = tuple(self._missing[self._told :]), len(self._missing)
        read = HistoryRead(replace(log, info=self._described(log)), self._source, dict(table.skipped), warnings)
        return read, len(page.origins) + rows.read

    def _by_name(self, low: int, high: int | None, rows: StateRows, page: LogbookPage, counted: range) -> LogbookPage:
        """What the logbook says of the things that changed although, asked for everything, it said nothing.

        It does so where what the recorder leaves out is written in a way that makes it leave out all.
        """
        acts = [change.entity_id for change in rows.changes if not self._is_numeric(change.entity_id)]
        if not acts:
            return page
        acting = [entity_id for entity_id in self._home.entities if domain_of(entity_id) in AUTOMATIC_DOMAINS]
        ids = sorted({*acts, *acting})
        entries = [
            entry
            for index in range(0, len(ids), _IDS)
            for entry in self._entries(low - _LEAD, high, ids[index : index + _IDS])
        ]
        found = read_page(entries, self._admission, self._machines, counted)
        if not found.origins and len(acts) >= _TELLING and _SILENT not in self._missing:
            self._missing.append(_SILENT)
        return found if found.origins else page

    def _add(self, table: EventTable, changes: list[Change], low: int, page: LogbookPage, rows: StateRows) -> None:
        """Changes in order of time, those that are mere first reports with an unknown origin."""
        news = {
            change
            for change in rows.changes
            if change not in page.origins and change not in rows.repeats and not self._is_numeric(change.entity_id)
        }
        starts = [start for start in starts_of(page, news, self.last_start) if start >= low]
        origins = np.zeros(len(changes), np.int8)
        for index, change in enumerate(changes):
            while starts and starts[0] <= change.time:
                self._first_reports.started(starts.pop(0))
            first = self._first_reports.first(change.entity_id, change.state, change.time, new=change in news)
            origin = page.origins.get(change, Origin.UNKNOWN)
            origins[index] = Origin.UNKNOWN if first and origin is Origin.DEVICE else origin
        for start in starts:
            self._first_reports.started(start)
        times = np.array([change.time for change in changes], np.int64)
        table.add(times, [change.entity_id for change in changes], [change.state for change in changes], origins)

    def _logbook(
        self, low: int, high: int | None, ids: Sequence[str] | None = None, *, counted: range = range(0)
    ) -> LogbookPage:
        return read_page(self._entries(low, high, ids), self._admission, self._machines, counted)

    def _entries(self, low: int, high: int | None, ids: Sequence[str] | None = None) -> list[Json]:
        named = {} if ids is None else {"entity_ids": list(ids)}
        answer = self._asked("logbook/get_events", **_span(low, high), **named)
        return [entry for entry in answer if isinstance(entry, dict)] if isinstance(answer, list) else []

    def _history(self, low: int, high: int | None, page: LogbookPage) -> StateRows:
        # The logbook also names entities that are gone by now; their history can be had all the same.
        gone = {change.entity_id for change in page.origins} - self._home.entities.keys()
        rows = StateRows()
        # Of numbers only the states are sent. Elsewhere a repeated state may be a button that was pressed again, which
        # is told from a change of attributes by its times.
        for ids, numeric in ((self._numeric, True), (self._others + sorted(gone), False)):
            for index in range(0, len(ids), _IDS):
                answer = self._asked(
                    "history/history_during_period",
                    **_span(low, high),
                    entity_ids=ids[index : index + _IDS],
                    include_start_time_state=False,
                    significant_changes_only=False,
                    minimal_response=numeric,
                    no_attributes=True,
                )
                for entity_id, states in answer.items() if isinstance(answer, dict) else ():
                    rows.add(entity_id, states)
        return rows

    def _asked(self, command: str, **fields: object) -> object:
        """The answer of a command that a home may do without; None where it does, unless it has none of them."""
        try:
            return self._session.command(command, **fields)
        except HomeAssistantFailed as error:
            if error.reason != "unknown_command":
                raise
            name = command.partition("/")[0]
            warning = f"Home Assistant has no {name}, so {_LOST[name]}; `{name}:` in its configuration.yaml mends that."
            if warning not in self._missing:
                self._missing.append(warning)
            if len(self._missing) == len(_LOST):
                raise
            return None

    def _is_numeric(self, entity_id: str) -> bool:
        entity = self._home.entities.get(entity_id)
        return entity is not None and continuous(entity)

    def _described(self, log: EventLog) -> dict[str, EntityInfo]:
        return {
            entity_id: self._home.entities[entity_id].info
            for entity_id in log.entities
            if entity_id in self._home.entities
        }


def _next(width: int, rows: int) -> int:
    """How long the next window is, after one of so many rows."""
    if rows > _MANY:
        return max(width // 2, _SHORTEST)
    if rows >= _FEW:
        return width
    # After a time in which nothing happened, a day of a busy home may begin.
    return min(2 * width, _LONGEST if rows else _LONGEST // 4)


_SILENT = (
    "Home Assistant's logbook tells nothing of what happened, so who caused a change is unknown and what automations"
    " did may look like habits; see `logbook:` and what `recorder:` leaves out in its configuration.yaml."
)
_LOST = {
    "logbook": "who caused a change is unknown",
    "history": "sensors with a unit and the states after a start are missing",
}


def _span(low: int, high: int | None) -> dict[str, str]:
    span = {"start_time": _iso(low - _EDGE)}
    return span if high is None else {**span, "end_time": _iso(high + _EDGE)}


def _iso(instant: int) -> str:
    return (_EPOCH + timedelta(microseconds=max(instant, 0))).isoformat()
