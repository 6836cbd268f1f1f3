"""What no automation may do unattended unless a person confirmed that very thing.

Nothing here asks how likely harm is, only whether a person would want to have been asked. A service whose effect is not
known counts as dangerous. What each service does: https://www.home-assistant.io/integrations/ (each domain's page).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from src.automations.calls import Call, contents
from src.automations.consequences import Effect, as_known, followers, groups_of, sets, spread, without
from src.automations.dangers import Danger, danger, label
from src.automations.deeds import deeds_of
from src.automations.draft import Draft
from src.automations.findings import Finding, remark
from src.domain.automations import KnownAutomation
from src.domain.entity_ids import domain_of
from src.domain.events import EntityInfo
from src.domain.home import Home, HomeEntity
from src.home_assistant.automation_values import listed

_DEEPEST = 8  # groups inside groups
_GROUPED = ("group", "scene")  # what acts through its members, or may
# Scenes of these come from a system that has lights only.
_LIGHT_SYSTEMS = frozenset(("hue", "lifx", "nanoleaf", "wiz", "wled", "elgato", "govee_light_local", "yeelight"))
_SILENT = frozenset(("notify", "persistent_notification", "tts", "logbook", "system_log"))
# Of these it does not matter which of them another automation means.
_HARMLESS = frozenset(("light", "media_player", "vacuum", "fan", "humidifier", "input_number", "input_select"))


def hazards(draft: Draft, home: Home) -> tuple[Finding, ...]:
    """What is dangerous about a draft, each thing once; what other automations would do because of it counts too."""
    return _Judging(home.entities, without(home.automations, draft.automation_id, home)).of(draft)


def hazards_offline(draft: Draft, info: Mapping[str, EntityInfo]) -> tuple[Finding, ...]:
    """The same without a Home Assistant at hand: by names and device classes alone, and so with more doubt.

    The members of groups and scenes are not known then, nor are other automations.
    """
    entities = {
        entity_id: HomeEntity(entity_id, each.name, each.area, device_class=each.device_class, unit=each.unit)
        for entity_id, each in info.items()
    }
    return _Judging(entities, ()).of(draft)


@dataclass(frozen=True, slots=True)
class _Through:
    """How a thing is reached: by a scene or a group, or by another automation. Empty: by the draft itself."""

    said: str = ""


_DIRECT = _Through()


class _Judging:
    def __init__(self, entities: Mapping[str, HomeEntity], automations: Sequence[KnownAutomation]) -> None:
        self._entities = entities
        self._automations = automations

    def of(self, draft: Draft) -> tuple[Finding, ...]:
        found: dict[tuple[str, str | None, str | None], Finding] = {}
        for finding in self._all(draft):
            found.setdefault((finding.code, finding.about, finding.confirm), finding)
        return tuple(found.values())

    def _all(self, draft: Draft) -> Iterator[Finding]:
        parts = contents(draft)
        for step in parts.unreadable:
            yield Finding(
                "unreadable_step",
                f"It has {step}, whose effect cannot be told, so it may do anything.",
                "Write it as a call of a service with the entities it acts on.",
            )
        for call in parts.calls:
            yield from self._call(call)
        groups = groups_of(self._entities)
        for automation in followers(as_known(draft), self._automations, groups):
            for action in sets(automation, groups):
                yield from self._because(automation, (action.entity_id, action.to))
            yield from self._unread(automation)

    def _call(self, call: Call) -> Iterator[Finding]:
        if call.domain in _SILENT:
            return
        for part in call.vague:
            yield Finding(
                "vague_target",
                f"{call.service} is aimed at {part}, so what it acts on cannot be told and may change later.",
                "Name the single entities.",
                call.service,
            )
        ids = call.entity_ids
        if call.domain == "script" and call.verb not in ("turn_on", "turn_off", "toggle", "reload"):
            ids = (f"script.{call.verb}",)
            call = Call("script.turn_on", ids, call.data)
        if not ids and not call.vague and deeds_of(call, call.domain, None) is None:
            yield _unknown_service(call)
        for entity_id in ids:
            yield from self._act(call, entity_id, _DIRECT, 0)

    def _act(self, call: Call, entity_id: str, through: _Through, depth: int) -> Iterator[Finding]:
        thing = self._entities.get(entity_id) or HomeEntity(entity_id)
        if thing.domain == "group" and call.domain not in ("group", "homeassistant"):
            # A group is replaced by its members, and a service takes those of its own domain only.
            inside: tuple[str, ...] | None = self._members(entity_id)
            if inside is not None:
                inside = tuple(each for each in inside if domain_of(each) in (call.domain, "group"))
        else:
            inside = self._members(entity_id)
        if inside is None or depth >= _DEEPEST:
            if thing.domain in _GROUPED:
                yield _unknown_members(thing, call)
                return
            inside = ()
        if thing.domain == "scene":
            yield from self._scene(thing, inside)
            return
        deeds = deeds_of(call, thing.domain, thing)
        if deeds is None:
            yield _unknown_service(call, thing)
            return
        if thing.domain != "group":
            for deed in deeds:
                yield from _judged(danger(thing, deed), thing, deed, through)
        within = _Through(f" {label(thing)} contains it.")
        for member in inside:
            yield from self._act(call, member, within, depth + 1)

    def _scene(self, scene: HomeEntity, members: tuple[str, ...]) -> Iterator[Finding]:
        """What a scene sets its things to is not told; it may be the worst of it."""
        inner = {each: known for each in self._entities if (known := self._members(each)) is not None}
        for member in spread(members, inner):
            thing = self._entities.get(member) or HomeEntity(member)
            if thing.domain == "scene" and member in inner:
                continue
            for deed in _WORST.get(thing.domain, ("turn_on", "turn_off")):
                found = danger(thing, deed)
                if found is not None and found.blocks:
                    yield from _judged(found, thing, deed, _Through(f" {label(scene)} may do so."))

    def _because(self, automation: KnownAutomation, effect: Effect) -> Iterator[Finding]:
        entity_id, state = effect
        thing = self._entities.get(entity_id) or HomeEntity(entity_id)
        for deed in _DEED_OF_STATE.get(thing.domain, {}).get(state, ()):
            found = danger(thing, deed)
            if found is not None and found.blocks:
                yield from _judged(
                    found, thing, deed, _Through(f" It would set off your automation {automation.name}, which does so.")
                )

    def _unread(self, automation: KnownAutomation) -> Iterator[Finding]:
        services = [each for each in automation.unresolved if domain_of(each) not in _HARMLESS]
        if not services:
            return
        about = automation.entity_id or automation.name
        yield Finding(
            "hazard_unknown_effect",
            f"It would set off your automation {automation.name}, of which cannot be told what it acts on "
            f"({', '.join(services)}).",
            f"If what that does may happen with nobody watching, confirm {about}:trigger.",
            about,
            f"{about}:trigger",
        )

    def _members(self, entity_id: str) -> tuple[str, ...] | None:
        """What a group or scene consists of; None where that is not known."""
        thing = self._entities.get(entity_id)
        given = None if thing is None else thing.attributes.get("entity_id")
        if given is None:
            lights = thing is not None and thing.domain == "scene" and thing.platform in _LIGHT_SYSTEMS
            return () if lights else None
        return tuple(each for each in listed(given) if isinstance(each, str))


# What a scene may do at worst to a thing of a domain.
_WORST: Mapping[str, tuple[str, ...]] = {
    "alarm_control_panel": ("disarm", "trigger"),
    "automation": ("turn_on",),
    "button": ("press",),
    "climate": ("heat",),
    "cover": ("open",),
    "lawn_mower": ("start_mowing",),
    "lock": ("unlock",),
    "number": ("set",),
    "input_number": ("set",),
    "select": ("set",),
    "input_select": ("set",),
    "scene": ("turn_on",),
    "script": ("turn_on",),
    "valve": ("open",),
    "water_heater": ("heat",),
}
_ON_OFF: Mapping[str, tuple[str, ...]] = {"on": ("turn_on",), "off": ("turn_off",)}
_HEATS = dict.fromkeys(("heat", "auto", "heat_cool", "on"), ("heat",))
# What an automation has done to a thing that took a state because of it.
_DEED_OF_STATE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "alarm_control_panel": {"disarmed": ("disarm",), "triggered": ("trigger",)},
    "button": {"pressed": ("press",)},
    "climate": _HEATS,
    "cover": {"open": ("open",)},
    "fan": _ON_OFF,
    "group": _ON_OFF,
    "humidifier": _ON_OFF,
    "input_boolean": _ON_OFF,
    "lawn_mower": {"mowing": ("start_mowing",)},
    "light": _ON_OFF,
    "lock": {"unlocked": ("unlock",), "open": ("unlock",)},
    "scene": {"activated": ("turn_on",)},
    "script": _ON_OFF,
    "siren": _ON_OFF,
    "switch": _ON_OFF,
    "valve": {"open": ("open",)},
    "water_heater": dict.fromkeys(("eco", "electric", "gas", "heat_pump", "high_demand", "performance"), ("heat",)),
}


def _judged(found: Danger | None, thing: HomeEntity, deed: str, through: _Through) -> Iterator[Finding]:
    if found is None:
        return
    message = f"{found.what} {found.why}{through.said}"
    if not found.blocks:
        yield remark(found.code, message, found.remedy, about=thing.entity_id)
        return
    confirm = f"{thing.entity_id}:{deed}"
    remedy = f"If you want that to happen with nobody watching, confirm {confirm}."
    yield Finding(found.code, message, remedy, thing.entity_id, confirm)


def _unknown_members(thing: HomeEntity, call: Call) -> Finding:
    confirm = f"{thing.entity_id}:{call.verb}"
    return Finding(
        "hazard_unknown_effect",
        f"What {label(thing)} consists of is not known here, so it may open, unlock or heat something.",
        f"Look at what is in it; if all of that may happen with nobody watching, confirm {confirm}.",
        thing.entity_id,
        confirm,
    )


def _unknown_service(call: Call, thing: HomeEntity | None = None) -> Finding:
    aimed = thing.entity_id if thing is not None else call.domain
    confirm = f"{aimed}:{call.verb}"
    return Finding(
        "hazard_unknown_effect",
        f"What {call.service} does is not known here, so it may open, unlock or heat something.",
        f"If what it does may happen with nobody watching, confirm {confirm}.",
        thing.entity_id if thing is not None else call.service,
        confirm,
    )
