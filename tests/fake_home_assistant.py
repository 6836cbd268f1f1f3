"""A small, honest Home Assistant on the loopback interface, for what a real one does not do on demand.

    with FakeHomeAssistant() as fake:
        fake.add_area("Kitchen", floor="Ground floor")
        fake.add_entity("light.kitchen", "off", area="Kitchen", labels=["Night"])
        ha = HomeAssistant(fake.access())                    # the client under test
        ha.call_service("light.turn_on", {}, {"entity_id": "light.kitchen"})
        assert fake.states["light.kitchen"]["state"] == "on"
        assert fake.asked[-1]["type"] == "call_service"      # every command, as it came

    fake.set_state("light.kitchen", "on", parent_id="01ABC")  # something happens; subscribers hear of it
    fake.fire("automation_triggered", {...}, context)         # so, too
    fake.trouble["get_states"] = Drop()                       # by command, or "GET states/light.kitchen"; "*" is any
    fake.trouble["*"] = Say("<html>", 502)                    # Hang(), Drop(), Slow(s), Say(text, status), redirect
    fake.answers["logbook/get_events"] = lambda fields: []    # instead of what it would answer; raise Refusal to refuse
    fake.stop(); fake.start()                                 # a restart on the same port: refuses, then accepts
    fake.revoke()                                             # the token, and the connections it opened
    fake.config["state"] = "NOT_RUNNING"                      # it is starting

Answers have the shapes of a real 2024.3.3 and 2026.11 (``FakeHomeAssistant(version="2026.11.0")``): areas and devices
have floors and labels since 2024.4, and newer ones respell an automation that is written. What it does not know it
refuses with ``unknown_command``, as they do.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from src.home_assistant.access import Access
from tests.fake_home_shapes import PARTS, context_of, core_config, id_of, respelt, service_list, slug, user_named
from tests.fake_hub_server import Connection, Drop, Hang, HubServer, Json, Say, Slow, Trickle, Trouble, redirect

__all__ = ["Drop", "FakeHomeAssistant", "Hang", "Refusal", "Say", "Slow", "Trickle", "Trouble", "redirect"]

_KEYS = {
    "id", "alias", "description", "mode", "max", "max_exceeded", "initial_state", "trace", "variables",
    "trigger_variables", "use_blueprint", "trigger", "triggers", "condition", "conditions", "action", "actions",
}  # fmt: skip
_TURNS = {"turn_on": "on", "turn_off": "off", "lock": "locked", "unlock": "unlocked"}
_ADMIN_ONLY = ("config/auth/", "trace/", "subscribe_trigger", "execute_script")
_ADMIN_ONLY_NEWER = (*_ADMIN_ONLY, "automation/config", "blueprint/")
_FOR_EVERYBODY = ("state_changed", "area_registry_updated", "device_registry_updated", "entity_registry_updated")


class Refusal(Exception):
    """A command's answer with ``success: false``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class FakeHomeAssistant:
    """See the module.

    Attributes:
        token: of an administrator; ``guest_token`` of a user that is none.
        asked: every WebSocket command after authentication, in order. ``called``: every REST call (method, path, body).
        heard: every message of a WebSocket, before authentication too. ``greeting``: instead of ``auth_required``.
        heads: first line and headers of every HTTP request, the WebSocket's too.
        states: by entity id, as ``get_states`` gives them.
        entities, devices, areas, floors, labels: the registries, as their lists give them.
        automations: configs by id, as they were posted.
        traces: of ``trace/list``, in full. ``logbook``: of ``logbook/get_events``.
    """

    def __init__(self, version: str = "2024.3.3") -> None:
        self.version = version
        self.token, self.guest_token = secrets.token_hex(20), secrets.token_hex(20)
        self.users = [
            user_named("Anna", "system-admin"),
            user_named("Ben", "system-users"),
            user_named("Content", "system-read-only"),
        ]
        self.users[2]["system_generated"] = True
        self.config: Json = core_config(version)
        self.states: dict[str, Json] = {}
        self.entities: list[Json] = []
        self.devices: list[Json] = []
        self.areas: list[Json] = []
        self.floors: list[Json] = []
        self.labels: list[Json] = []
        self.services: dict[str, dict[str, Json]] = service_list()
        self.automations: dict[str, Json] = {}
        self.blueprints: dict[str, Json] = {}
        self.traces: list[Json] = []
        self.logbook: list[Json] = []
        self.trouble: dict[str, Trouble] = {}
        self.answers: dict[str, Callable[[Json], Any]] = {}
        self.asked: list[Json] = []
        self.called: list[tuple[str, str, Any]] = []
        self.heads: list[tuple[str, dict[str, str]]] = []
        self.heard: list[Json] = []
        self.greeting: Json | None = None
        self._server: HubServer | None = None
        self._port = 0
        self._lock = threading.RLock()

    # Its life

    def start(self) -> None:
        self._server = HubServer(self, self._port)
        self._port = self._server.server_address[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def access(self, timeout: float = 10.0, token: str | None = None) -> Access:
        return Access(self.url, f"ws://127.0.0.1:{self._port}/api/websocket", token or self.token, timeout)

    def revoke(self) -> None:
        """The administrator's token is worth nothing any more, and what it opened is closed."""
        self.token = secrets.token_hex(20)
        self.drop_connections(goodbye=True)

    def drop_connections(self, *, goodbye: bool = False) -> None:
        """Every open WebSocket ends, as when the network fails; with ``goodbye`` as when Home Assistant stops."""
        for connection in self._connections():
            connection.close() if goodbye else connection.cut()

    def hang_connections(self) -> None:
        """Nothing more comes over what is open now, not even an answer to a ping."""
        for connection in self._connections():
            connection.hanging = True

    # What is in it

    def add_area(self, name: str, floor: str | None = None, labels: list[str] | None = None) -> str:
        """Returns its id."""
        floor_id = None
        if floor is not None:
            floor_id = slug(floor)
            if all(each["floor_id"] != floor_id for each in self.floors):
                self.floors.append({"aliases": [], "floor_id": floor_id, "icon": None, "level": 0, "name": floor})
        area: Json = {
            "aliases": [],
            "area_id": slug(name),
            "floor_id": floor_id,
            "icon": None,
            "name": name,
            "picture": None,
        }
        self.areas.append({**area, "labels": self._label_ids(labels)})
        return slug(name)

    def add_device(self, name: str, area: str | None = None, labels: list[str] | None = None) -> str:
        """Returns its id. ``area`` is the name of one that was added."""
        device = {"id": id_of(name), "name": name, "name_by_user": None, "area_id": slug(area) if area else None}
        more = {"disabled_by": None, "entry_type": None, "manufacturer": None, "model": None, "via_device_id": None}
        self.devices.append({**device, **more, "labels": self._label_ids(labels)})
        return id_of(name)

    def add_entity(
        self,
        entity_id: str,
        state: str | None = None,
        *,
        name: str | None = None,
        area: str | None = None,
        device: str | None = None,
        labels: list[str] | None = None,
        platform: str = "demo",
        unique_id: str | None = None,
        category: str | None = None,
        hidden: bool = False,
        disabled: bool = False,
        attributes: Json | None = None,
    ) -> None:
        """An entity of the registry, and its state if one is given. ``area`` is a name, ``device`` an id."""
        given = (attributes or {}).get("friendly_name")
        self.entities.append(
            {
                "area_id": slug(area) if area else None,
                "config_entry_id": None,
                "device_id": device,
                "disabled_by": "user" if disabled else None,
                "entity_category": category,
                "entity_id": entity_id,
                "has_entity_name": False,
                "hidden_by": "user" if hidden else None,
                "icon": None,
                "id": id_of(entity_id),
                "labels": self._label_ids(labels),
                "name": name,
                "options": {},
                "original_name": given,
                "platform": platform,
                "translation_key": None,
                "unique_id": unique_id or entity_id,
            }
        )
        if state is not None:
            shown = {"friendly_name": name} if name else {}
            self.set_state(entity_id, state, {**shown, **(attributes or {})})

    def set_state(
        self,
        entity_id: str,
        state: str,
        attributes: Json | None = None,
        *,
        user_id: str | None = None,
        parent_id: str | None = None,
        context_id: str | None = None,
        at: datetime | None = None,
    ) -> Json:
        """A new state, of which subscribers hear. Returns it, as ``get_states`` gives it."""
        with self._lock:
            old = self.states.get(entity_id)
            now = (at or datetime.now(UTC)).isoformat()
            changed = now if old is None or old["state"] != state else old["last_changed"]
            new: Json = {
                "entity_id": entity_id,
                "state": state,
                "attributes": (old or {}).get("attributes", {}) if attributes is None else attributes,
                "last_changed": changed,
                "last_updated": now,
                "context": context_of(user_id, parent_id, context_id),
            }
            self.states[entity_id] = new
        self.fire("state_changed", {"entity_id": entity_id, "old_state": old, "new_state": new}, new["context"], at=at)
        return new

    def remove_state(self, entity_id: str) -> None:
        with self._lock:
            old = self.states.pop(entity_id, None)
        self.fire("state_changed", {"entity_id": entity_id, "old_state": old, "new_state": None})

    def run_automation(self, entity_id: str, *, user_id: str | None = None, parent_id: str | None = None) -> Json:
        """An automation fires: its event, its trace, and when it last did. Returns the context of what it does."""
        state = self.states[entity_id]
        context, now = context_of(user_id, parent_id), datetime.now(UTC).isoformat()
        key, name = str(state["attributes"].get("id")), state["attributes"].get("friendly_name", entity_id)
        self.fire("automation_triggered", {"name": name, "entity_id": entity_id, "source": None}, context)
        trace = {
            "last_step": "action/0",
            "run_id": secrets.token_hex(16),
            "state": "stopped",
            "script_execution": "finished",
            "timestamp": {"start": now, "finish": now},
            "domain": "automation",
            "item_id": key,
            "trigger": None,
        }
        self.traces.append({**trace, "trace": {}, "config": self.automations.get(key), "context": context})
        shown = {**state["attributes"], "last_triggered": now}
        self.set_state(entity_id, state["state"], shown, parent_id=parent_id, context_id=context["id"])
        return context

    def fire(self, kind: str, data: Json, context: Json | None = None, *, at: datetime | None = None) -> None:
        """An event, to all who subscribed to it."""
        event = {
            "event_type": kind,
            "data": data,
            "origin": "LOCAL",
            "time_fired": (at or datetime.now(UTC)).isoformat(),
            "context": context or context_of(),
        }
        for connection in self._connections():
            for number, wanted in list(connection.subscriptions.items()):
                if wanted.get("event_type") in (None, kind):
                    connection.event(number, event)

    # What the server asks

    def user_of(self, token: str) -> Json | None:
        return {self.token: self.users[0], self.guest_token: self.users[1]}.get(token)

    def trouble_on(self, what: str) -> Trouble | None:
        return self.trouble.get(what) or self.trouble.get("*")

    def command(self, connection: Connection, message: Json) -> None:
        number, kind = message["id"], message["type"]
        self.asked.append(message)
        if number <= connection.last_id:
            return connection.error(number, "id_reuse", "Identifier values have to increase.")
        connection.last_id = number
        fields = {key: value for key, value in message.items() if key not in ("id", "type")}
        if connection.user is not self.users[0] and self._for_administrators(kind, fields):
            return connection.error(number, "unauthorized", "Unauthorized")
        if kind == "subscribe_events" and kind not in self.answers:
            connection.subscriptions[number] = fields
            return connection.result(number)
        try:
            result = self._answer(kind, fields, connection)
        except Refusal as refusal:
            return connection.error(number, refusal.code, refusal.message)
        return connection.result(number, result)

    def rest(self, user: Json, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and answer; an answer of None is the web server's own 404."""
        self.called.append((method, path, body))
        with self._lock:
            if path == "":
                return 200, {"message": "API running."}
            if path == "config":
                return 200, self.config
            if path.startswith("states/"):
                state = self.states.get(path.removeprefix("states/"))
                return (404, {"message": "Entity not found."}) if state is None else (200, state)
            if path == "states":
                return 200, list(self.states.values())
            if path.startswith("config/automation/config/"):
                if user is not self.users[0]:
                    return 401, {"message": "Unauthorized"}
                return self._automation(method, path.rpartition("/")[2], body)
        return 404, None

    # Its answers

    @property
    def _release(self) -> tuple[int, int]:
        year, month, *_ = self.version.split(".")
        return int(year), int(month)

    def _for_administrators(self, kind: str, fields: Json) -> bool:
        if kind == "subscribe_events":
            return fields.get("event_type") not in _FOR_EVERYBODY
        return kind.startswith(_ADMIN_ONLY if self._release < (2024, 10) else _ADMIN_ONLY_NEWER)

    def _listed(self, entries: list[Json]) -> list[Json]:
        if self._release >= (2024, 4):
            return entries
        return [{key: value for key, value in each.items() if key not in ("floor_id", "labels")} for each in entries]

    def _answer(self, kind: str, fields: Json, connection: Connection) -> Any:
        if kind in self.answers:
            return self.answers[kind](fields)
        with self._lock:
            simple: dict[str, Any] = {
                "get_config": self.config,
                "get_states": list(self.states.values()),
                "get_services": self.services,
                "config/auth/list": self.users,
                "config/entity_registry/list": self.entities,
                "config/device_registry/list": self._listed(self.devices),
                "config/area_registry/list": self._listed(self.areas),
                "config/floor_registry/list": self.floors,
                "config/label_registry/list": self.labels,
                "logbook/get_events": self.logbook,
            }
            if kind in simple:
                return simple[kind]
            if kind == "auth/current_user":
                own = connection.user
                return {"id": own["id"], "name": own["name"], "is_owner": own["is_owner"], "is_admin": own["is_owner"]}
            if kind == "unsubscribe_events":
                connection.subscriptions.pop(fields.get("subscription", 0), None)
                return None
            if kind == "call_service":
                return self._service(fields, connection.user)
            if kind == "automation/config":
                return {"config": self._config_of(fields.get("entity_id"))}
            if kind == "trace/list":
                full = ("trace", "config", "blueprint_inputs", "context")
                return [{k: v for k, v in each.items() if k not in full} for each in self._traces(fields)]
            if kind == "trace/get":
                for each in self._traces(fields):
                    if each["run_id"] == fields.get("run_id"):
                        return each
                raise Refusal("not_found", "The trace could not be found")
            if kind == "blueprint/list":
                return self.blueprints
            if kind == "validate_config":
                return self._valid(fields)
        raise Refusal("unknown_command", "Unknown command.")

    def _valid(self, fields: Json) -> Json:
        newer = self._release >= (2024, 10)
        for name in fields:
            if name not in (PARTS.values() if newer else PARTS):
                raise Refusal("invalid_format", f"extra keys not allowed @ data['{name}']. Got {fields[name]!r}")
        return {name: {"valid": True, "error": None} for name in fields}

    def _traces(self, fields: Json) -> list[Json]:
        return [each for each in self.traces if fields.get("item_id") in (None, each["item_id"])]

    def _config_of(self, entity_id: Any) -> Json | None:
        state = self.states.get(str(entity_id))
        if state is None or not str(entity_id).startswith("automation."):
            raise Refusal("not_found", "Entity not found")
        return self.automations.get(str(state["attributes"].get("id")))

    def _automation(self, method: str, key: str, body: Any) -> tuple[int, Any]:
        if method == "GET":
            found = self.automations.get(key)
            return (404, {"message": "Resource not found"}) if found is None else (200, found)
        if method == "DELETE":
            if self.automations.pop(key, None) is None:
                return 400, {"message": "Resource not found"}
            for entry in [each for each in self.entities if each["unique_id"] == key]:
                self.entities.remove(entry)
                self.remove_state(entry["entity_id"])
            return 200, {"result": "ok"}
        unknown = [name for name in body if name not in _KEYS]
        if unknown:
            return 400, {"message": f"Message malformed: extra keys not allowed @ data['{unknown[0]}']"}
        if "use_blueprint" not in body and not ({"trigger", "triggers"} & body.keys()):
            return 400, {"message": "Message malformed: required key not provided @ data['trigger']"}
        self.automations[key] = {"id": key, **(body if self._release < (2024, 10) else respelt(body))}
        if all(each["unique_id"] != key for each in self.entities):
            self.add_entity(
                self._free_id(f"automation.{slug(body.get('alias', key))}"), platform="automation", unique_id=key
            )
        entry = next(each for each in self.entities if each["unique_id"] == key)
        old = self.states.get(entry["entity_id"])
        on = body["initial_state"] if "initial_state" in body else old is None or old["state"] == "on"
        shown = {"id": key, "last_triggered": None, "mode": body.get("mode", "single"), "current": 0}
        name = entry["name"] or body.get("alias", f"automation {key}")
        self.set_state(entry["entity_id"], "on" if on else "off", {**shown, "friendly_name": name})
        return 200, {"result": "ok"}

    def _free_id(self, wanted: str) -> str:
        taken = {each["entity_id"] for each in self.entities}
        return next(each for each in (wanted, *(f"{wanted}_{n}" for n in range(2, 99))) if each not in taken)

    def _service(self, fields: Json, user: Json) -> Json:
        domain, service = fields["domain"], fields["service"]
        if service not in self.services.get(domain, {}):
            raise Refusal("not_found", f"Service {domain}.{service} not found.")
        context = context_of(user["id"])
        data = {**(fields.get("service_data") or {}), **(fields.get("target") or {})}
        self.fire("call_service", {"domain": domain, "service": service, "service_data": data}, context)
        aimed = data.get("entity_id") or []
        for entity_id in [aimed] if isinstance(aimed, str) else aimed:
            if (domain, service) == ("automation", "trigger") and entity_id in self.states:
                self.run_automation(entity_id, parent_id=context["id"])
            elif service in _TURNS and entity_id in self.states:
                self.set_state(entity_id, _TURNS[service], user_id=user["id"], context_id=context["id"])
        return {"context": context, "response": None}

    def _label_ids(self, names: list[str] | None) -> list[str]:
        for name in names or []:
            if all(each["name"] != name for each in self.labels):
                shown = {"color": None, "description": None, "icon": None}
                self.labels.append({**shown, "label_id": slug(name), "name": name})
        return [slug(name) for name in names or []]

    def _connections(self) -> list[Connection]:
        server = self._server  # another thread may stop it meanwhile
        return [] if server is None else list(server.connections)
