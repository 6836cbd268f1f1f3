"""Why a thing should not be done unattended to an entity.

By domain and device class where Home Assistant tells them, else by the name and icon its owner gave it.
"""

from __future__ import annotations

from dataclasses import dataclass

from src.automations.appliance_words import kinds_of
from src.domain.home import HomeEntity
from src.home_assistant.automation_values import word

_WAYS_IN = frozenset(("door", "garage", "gate"))
_COVERINGS = frozenset(("awning", "blind", "curtain", "damper", "shade", "shutter"))
_SWITCHED = frozenset(("fan", "group", "humidifier", "input_boolean", "light", "remote", "switch"))
_CHOSEN = frozenset(("input_number", "input_select", "number", "select"))


@dataclass(frozen=True, slots=True)
class Danger:
    """Attributes:
    code: of the finding.
    what: happens, in a sentence.
    why: that is a danger, in a sentence.
    blocks: somebody has to confirm it; False for what is only worth knowing.
    """

    code: str
    what: str
    why: str
    remedy: str = ""
    blocks: bool = True


def label(thing: HomeEntity) -> str:
    """How a thing is called in a message: its name and its id."""
    return f"{thing.name} ({thing.entity_id})" if thing.name else thing.entity_id


def danger(thing: HomeEntity, deed: str) -> Danger | None:
    """What speaks against doing that to a thing with nobody watching; None when nothing does.

    Args:
        deed: of :func:`~src.automations.deeds.deeds_of`.
    """
    match thing.domain:
        case "lock":
            return _unlocks(thing) if deed in ("unlock", "open") else None
        case "alarm_control_panel":
            return _alarm_panel(thing, deed)
        case "cover":
            return _cover(thing, deed)
        case "valve":
            return _valve(thing) if deed == "open" else None
        case "siren":
            return _sounds(thing) if deed == "turn_on" else None
        case "climate" | "water_heater":
            return _heats(thing) if deed == "heat" else None
        case "lawn_mower":
            return _machine(thing) if deed == "start_mowing" else None
        case "automation" | "button" | "scene" | "script":
            return _may_do_anything(thing)
        case domain if domain in _SWITCHED:
            return _switched(thing, deed)
        case domain if domain in _CHOSEN:
            return _chosen(thing)
        case _:
            return None


def _kinds(thing: HomeEntity) -> frozenset[str]:
    icon = word(thing.attributes.get("icon")).partition(":")[2]
    return kinds_of(thing.entity_id.partition(".")[2]) | kinds_of(thing.name) | kinds_of(icon)


def _unlocks(thing: HomeEntity) -> Danger:
    return Danger("hazard_unlock", f"It would unlock {label(thing)}.", "Then anybody can walk in.")


def _alarm_panel(thing: HomeEntity, deed: str) -> Danger | None:
    if deed == "disarm":
        return Danger("hazard_disarm", f"It would disarm {label(thing)}.", "Then nobody is warned of a break-in.")
    return _sounds(thing) if deed == "trigger" else None


def _sounds(thing: HomeEntity) -> Danger:
    return Danger(
        "hazard_alarm", f"It would sound {label(thing)}.", "That frightens people and may call the police for nothing."
    )


def _heats(thing: HomeEntity) -> Danger:
    return Danger(
        "hazard_heat", f"It would make {label(thing)} heat.", "What heats with nobody watching can start a fire."
    )


def _machine(thing: HomeEntity) -> Danger:
    return Danger("hazard_machine", f"It would start {label(thing)}.", "It can hurt whoever stands beside it.")


def _valve(thing: HomeEntity) -> Danger:
    return Danger(
        "hazard_water", f"It would open {label(thing)}.", "What flows with nobody watching can do great damage."
    )


def _may_do_anything(thing: HomeEntity) -> Danger:
    return Danger(
        "hazard_unknown_effect",
        f"It would run {label(thing)}.",
        "What that does cannot be seen from here, so it may open, unlock or heat something.",
    )


def _cover(thing: HomeEntity, deed: str) -> Danger | None:
    kinds = _kinds(thing)
    way_in = thing.device_class in _WAYS_IN or (
        "blind" not in kinds and ("door" in kinds or (thing.device_class != "window" and _garage(thing)))
    )
    if deed == "close":
        if not way_in:
            return None
        return Danger(
            "closes_on_somebody",
            f"It would close {label(thing)}.",
            "Somebody may be in its way.",
            "See that it stops when it meets something.",
            blocks=False,
        )
    if deed != "open":
        return None
    if way_in:
        return Danger("hazard_open", f"It would open {label(thing)}.", "Then anybody can walk in.")
    if thing.device_class == "window":
        return Danger("hazard_open", f"It would open {label(thing)}.", "It lets in rain, and whoever climbs.")
    if thing.device_class in _COVERINGS or "blind" in kinds:
        return None
    return Danger(
        "hazard_open",
        f"It would open {label(thing)}.",
        "Nothing says whether that is a blind or a garage door.",
    )


def _garage(thing: HomeEntity) -> bool:
    return "garage" in f"{thing.entity_id} {thing.name or ''} {thing.attributes.get('icon') or ''}".lower()


def _switched(thing: HomeEntity, deed: str) -> Danger | None:
    kinds = _kinds(thing)
    if thing.domain in ("fan", "humidifier", "light", "remote"):
        # What these are is known; their name is mostly the room's or of what they hang over.
        return _heats(thing) if deed == "turn_on" and "heater" in kinds else None
    if "door" in kinds:
        return Danger("hazard_open", f"It would switch {label(thing)}.", "By its name that opens or unlocks a way in.")
    if "alarm" in kinds:
        return Danger(
            "hazard_disarm", f"It would switch {label(thing)}.", "By its name that disarms an alarm or sets it off."
        )
    if deed == "turn_on":
        return _switched_on(thing, kinds)
    if deed == "turn_off" and "essential" in kinds:
        return Danger(
            "hazard_cut_off",
            f"It would switch off {label(thing)}.",
            "Without power it may spoil, drown or break what depends on it.",
        )
    return None


def _switched_on(thing: HomeEntity, kinds: frozenset[str]) -> Danger | None:
    if "heat" in kinds:
        return _heats(thing)
    if "water" in kinds:
        return Danger(
            "hazard_water",
            f"It would switch on {label(thing)}.",
            "What flows with nobody watching can do great damage.",
        )
    if "machine" in kinds:
        return _machine(thing)
    if thing.domain != "switch" or kinds & {"light", "essential"}:
        return None
    if thing.device_class != "outlet" and "plug" not in kinds:  # its name says what it is, and that is harmless
        return None
    return Danger(
        "unknown_load",
        f"It would switch on {label(thing)}.",
        "What hangs on it is not known here.",
        "See that nothing hangs on it that heats, flows or moves.",
        blocks=False,
    )


def _chosen(thing: HomeEntity) -> Danger | None:
    kinds = _kinds(thing)
    if thing.device_class == "temperature" or kinds & {"alarm", "door", "heat", "water"}:
        return Danger(
            "hazard_setting",
            f"It would set {label(thing)}.",
            "By its name that may heat, open or disarm something.",
        )
    return None
