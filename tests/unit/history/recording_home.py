"""A fake Home Assistant with a recorder: what happens in it can be asked for afterwards, as a real one answers.

    home = RecordingHome()
    home.switch("light.hall", "on")                     # by hand; the clock of the home moves on by itself
    home.app("light.hall", "off")                       # by somebody with the app
    home.automation("automation.evening", "light.hall", "on", after=hours(2))
    assert stored == home.happened                      # each change with who caused it

The logbook names what came first in a change's context. Asked for everything it looks for that in the span alone;
asked for entities by name, in all there is. 2026.11 copies the user of the parent context.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from src.domain.events import EventLog, Origin
from tests.fake_home_assistant import FakeHomeAssistant, Refusal
from tests.fake_hub_server import Json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2026, 3, 28, 18, tzinfo=UTC)  # the evening before Berlin's clocks go forward
SENSOR = {"unit_of_measurement": "°C", "state_class": "measurement"}

Happened = dict[tuple[int, str, str], Origin]


def micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def rows_of(log: EventLog) -> Happened:
    return {
        (time, log.entities[entity], log.states[state]): Origin(origin)
        for time, entity, state, origin in zip(
            log.time.tolist(), log.entity.tolist(), log.state.tolist(), log.origin.tolist(), strict=True
        )
    }


@dataclass
class Row:
    at: datetime
    context: Json
    kind: str | None = None  # of an event; None for a state
    data: Json = field(default_factory=dict)
    entity_id: str = ""
    state: str = ""
    changed: datetime = EPOCH
    before: str | None = None
    attributes: Json = field(default_factory=dict)


class RecordingHome(FakeHomeAssistant):
    """Attributes:
    rows: what the recorder has committed. ``pending``: what it has not, while ``committing`` is False.
    happened: the changes of state and who caused them; of numbers, over the API, nobody knows.
    now: the home's clock.
    largest: rows of the longest answer that was given.
    """

    def __init__(self, version: str = "2024.3.3") -> None:
        super().__init__(version)
        self.config["time_zone"] = "Europe/Berlin"
        self.rows: list[Row] = []
        self.pending: list[Row] = []
        self.committing = True
        self.happened: Happened = {}
        self.now = START
        self.largest = 0
        self.answers["logbook/get_events"] = self._logbook
        self.answers["history/history_during_period"] = self._history

    @property
    def anna(self) -> str:
        return str(self.users[0]["id"])

    def commit(self) -> None:
        self.committing = True
        self.rows += self.pending
        self.pending = []

    # What happens

    def later(self, **amounts: float) -> datetime:
        """The clock moves on, by 1.234567 s unless said otherwise."""
        self.now += timedelta(**amounts) if amounts else timedelta(seconds=1, microseconds=234_567)
        return self.now

    def change(
        self,
        entity_id: str,
        state: str,
        origin: Origin,
        *,
        context: Json | None = None,
        attributes: Json | None = None,
        forced: bool = False,
    ) -> Json:
        """An entity takes a state. Returns its context."""
        at = self.later()
        given = context or _context()
        old = self.states.get(entity_id)
        new: Json = {
            "entity_id": entity_id,
            "state": state,
            "attributes": (old or {}).get("attributes", {}) if attributes is None else attributes,
            "last_updated": at.isoformat(),
            "context": given,
        }
        same = old is not None and old["state"] == state and not forced
        new["last_changed"] = old["last_changed"] if same and old else new["last_updated"]
        self.states[entity_id] = new
        row = Row(at, given, None, {}, entity_id, state, datetime.fromisoformat(new["last_changed"]))
        row.before, row.attributes = (old or {}).get("state"), new["attributes"]
        self._record(row)
        if not same:
            self.happened[(micros(at), entity_id, state)] = origin
        self.fire("state_changed", {"entity_id": entity_id, "old_state": old, "new_state": new}, given, at=at)
        return given

    def event(self, kind: str, data: Json, context: Json) -> None:
        at = self.later(microseconds=1_500)
        self._record(Row(at, context, kind, data))
        self.fire(kind, data, context, at=at)

    def switch(self, entity_id: str, state: str) -> Json:
        return self.change(entity_id, state, Origin.DEVICE)

    def app(self, entity_id: str, state: str, *, user: str | None = None, origin: Origin = Origin.USER) -> Json:
        context = _context(user_id=user or self.anna)
        self._call(entity_id, state, context)
        return self.change(entity_id, state, origin, context=context)

    def bridge(self, entity_id: str, state: str) -> Json:
        """A call without a user, as HomeKit makes it."""
        context = _context()
        self._call(entity_id, state, context)
        return self.change(entity_id, state, Origin.USER, context=context)

    def automation(
        self, automation: str, entity_id: str, state: str, *, by: Json | None = None, after: timedelta = timedelta()
    ) -> Json:
        """An automation acts, after a while; ``by``: the context of the change that set it off, None for the clock."""
        context = _context(parent_id=by["id"] if by else None)
        self.event("automation_triggered", {"entity_id": automation, "name": automation, "source": "x"}, context)
        self.now += after
        self._call(entity_id, state, context)
        return self.change(entity_id, state, Origin.AUTOMATION, context=context)

    def script(self, entity_id: str, state: str, *, user: str | None) -> Json:
        context = _context(user_id=user)
        self.event("script_started", {"entity_id": "script.blink", "name": "Blink"}, context)
        self._call(entity_id, state, context)
        return self.change(entity_id, state, Origin.USER if user else Origin.AUTOMATION, context=context)

    def start_up(self, *entities: tuple[str, str]) -> None:
        """Home Assistant has stopped and loads these entities anew, by way of ``unavailable``."""
        self.event("homeassistant_stop", {}, _context())
        self.later(seconds=30)
        for entity_id, _ in entities:
            self.states.pop(entity_id, None)
            self.change(entity_id, "unavailable", Origin.UNKNOWN)
        self.event("homeassistant_start", {}, _context())
        for entity_id, state in entities:
            self.change(entity_id, state, Origin.UNKNOWN)

    def _call(self, entity_id: str, state: str, context: Json) -> None:
        data = {"domain": entity_id.partition(".")[0], "service": f"turn_{state}", "service_data": {}}
        self.event("call_service", data, context)

    def _record(self, row: Row) -> None:
        (self.rows if self.committing else self.pending).append(row)

    # What the recorder answers

    def _span(self, fields: Json) -> list[Row]:
        low = datetime.fromisoformat(fields["start_time"])
        high = datetime.fromisoformat(fields["end_time"]) if "end_time" in fields else self.now
        return [row for row in self.rows if low < row.at < high or row.at == high]

    def _history(self, fields: Json) -> Any:
        if fields.get("include_start_time_state", True) or fields.get("significant_changes_only", True):
            raise Refusal("invalid_format", "the fake answers what a reader of changes asks")
        answer: dict[str, list[Json]] = {}
        for row in self._span(fields):
            if row.kind is None and row.entity_id in fields["entity_ids"]:
                told = answer.setdefault(row.entity_id, [])
                if fields.get("minimal_response") and told:
                    if told[-1]["s"] != row.state:
                        told.append({"s": row.state, "lu": row.at.timestamp()})
                    continue
                told.append({"s": row.state, "a": {}, "lu": row.at.timestamp()})
                if row.changed != row.at:
                    told[-1]["lc"] = row.changed.timestamp()
        self.largest = max(self.largest, sum(map(len, answer.values())))
        return answer

    def _logbook(self, fields: Json) -> Any:
        wanted = fields.get("entity_ids")
        span = self._span(fields)
        first: dict[str, Row] = {}
        for row in self.rows if wanted else span:
            first.setdefault(row.context["id"], row)
        entries = [entry for row in span if (entry := self._entry(row, first, wanted)) is not None]
        self.largest = max(self.largest, len(entries))
        return entries

    def _entry(self, row: Row, first: dict[str, Row], wanted: list[str] | None) -> Json | None:
        entry: Json = {"when": row.at.timestamp()}
        if row.kind is None:
            continuous = row.entity_id.startswith(("sensor.", "counter.")) and "state_class" in row.attributes
            named = wanted is None or row.entity_id in wanted
            if row.before is None or row.before == row.state or row.changed != row.at or continuous or not named:
                return None
            entry |= {"state": row.state, "entity_id": row.entity_id}
        elif row.kind in ("automation_triggered", "script_started"):
            if wanted is not None and row.data["entity_id"] not in wanted:
                return None
            entry |= {"domain": row.kind.partition("_")[0], "message": "triggered", "context_id": row.context["id"]}
            entry |= {"entity_id": row.data["entity_id"], "name": row.data["name"]}
        elif row.kind in ("homeassistant_start", "homeassistant_stop") and wanted is None:
            said = "started" if row.kind == "homeassistant_start" else "stopped"
            return {**entry, "domain": "homeassistant", "name": "Home Assistant", "message": said}
        else:
            return None
        return entry | self._cause(row, first)

    def _cause(self, row: Row, first: dict[str, Row]) -> Json:
        cause: Json = {}
        parent = first.get(row.context["parent_id"] or "")
        user = row.context["user_id"]
        if user is None and parent is not None and self.version >= "2026":
            user = parent.context["user_id"]
        if user is not None:
            cause["context_user_id"] = user
        origin = first[row.context["id"]]
        if origin is row:
            if parent is None:
                return cause
            origin = parent
        if origin.kind is None:
            return cause | {"context_state": origin.state, "context_entity_id": origin.entity_id}
        cause["context_event_type"] = origin.kind
        if origin.kind == "call_service":
            return cause | {"context_domain": origin.data["domain"], "context_service": origin.data["service"]}
        return cause | {"context_entity_id": origin.data.get("entity_id"), "context_domain": "automation"}


def _context(user_id: str | None = None, parent_id: str | None = None) -> Json:
    return {"id": secrets.token_hex(13), "user_id": user_id, "parent_id": parent_id}
