"""Whether a call fits its service and the entities it is aimed at: fields, values, abilities.

What a service takes is what Home Assistant itself says of it (WebSocket ``get_services``); what an entity can do is in
its attributes: https://developers.home-assistant.io/docs/core/entity/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from src.automations.calls import Call
from src.automations.findings import Finding, remark
from src.domain.home import Home, HomeEntity, Service
from src.domain.patterns import Json
from src.home_assistant.automation_values import is_template, listed, mappings, number, state_text, word

# Their services are written by people, who may take fields that they do not describe.
_OWN_FIELDS = frozenset(("esphome", "pyscript", "python_script", "rest_command", "script", "shell_command", "notify"))
# Needed when it runs, though some versions do not say so.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "climate.set_hvac_mode": ("hvac_mode",),
    "number.set_value": ("value",),
    "input_number.set_value": ("value",),
}
# The attribute of an entity that lists what a field may be.
_OFFERED: Mapping[tuple[str, str], str] = {
    ("climate", "fan_mode"): "fan_modes",
    ("climate", "hvac_mode"): "hvac_modes",
    ("climate", "preset_mode"): "preset_modes",
    ("climate", "swing_mode"): "swing_modes",
    ("fan", "preset_mode"): "preset_modes",
    ("humidifier", "mode"): "available_modes",
    ("input_select", "option"): "options",
    ("light", "effect"): "effect_list",
    ("media_player", "sound_mode"): "sound_mode_list",
    ("media_player", "source"): "source_list",
    ("select", "option"): "options",
    ("siren", "tone"): "available_tones",
    ("vacuum", "fan_speed"): "fan_speed_list",
    ("water_heater", "operation_mode"): "operation_list",
}
# The attributes of an entity that say how small and how large a field may be.
_LIMITS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("climate", "humidity"): ("min_humidity", "max_humidity"),
    **{("climate", each): ("min_temp", "max_temp") for each in ("temperature", "target_temp_high", "target_temp_low")},
    ("humidifier", "humidity"): ("min_humidity", "max_humidity"),
    ("input_number", "value"): ("min", "max"),
    ("light", "color_temp"): ("min_mireds", "max_mireds"),
    ("light", "color_temp_kelvin"): ("min_color_temp_kelvin", "max_color_temp_kelvin"),
    ("light", "kelvin"): ("min_color_temp_kelvin", "max_color_temp_kelvin"),
    ("number", "value"): ("min", "max"),
    ("water_heater", "temperature"): ("min_temp", "max_temp"),
}
# The colour modes of a light that a field needs one of.
_COLOURED = frozenset(("hs", "rgb", "rgbw", "rgbww", "xy"))
_COLOUR_MODES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        ("brightness", "brightness_pct", "brightness_step", "brightness_step_pct"),
        _COLOURED | {"brightness", "color_temp", "white"},
    ),
    **dict.fromkeys(("color_temp", "color_temp_kelvin", "kelvin"), _COLOURED | {"color_temp"}),
    **dict.fromkeys(("color_name", "hs_color", "rgb_color", "rgbw_color", "rgbww_color", "xy_color"), _COLOURED),
    "white": frozenset(("white",)),
}
_TRUTHS = ("true", "false", "on", "off", "yes", "no")


def field_findings(call: Call, service: Service) -> Iterator[Finding]:
    """Fields that the service does not have, and values that do not fit the field."""
    for name, value in call.data.items():
        field = service.fields.get(name)
        if field is not None:
            why = _unfit(field.selector, value)
            if why is not None:
                yield Finding(
                    "unfit_value",
                    f"{call.service} does not take {value!r} as {name}: {why}.",
                    "Correct the pattern or reject it.",
                    f"{call.service}.{name}",
                )
        elif call.domain not in _OWN_FIELDS:
            close = get_close_matches(name, list(service.fields), 1, 0.6)
            known = ", ".join(service.fields)
            yield Finding(
                "unknown_field",
                f"{call.service} has no field {name}, so it would be ignored or fail when it runs.",
                f"Did you mean {close[0]}?" if close else f"It takes {known}." if known else "It takes none.",
                f"{call.service}.{name}",
            )


def missing_fields(call: Call, service: Service) -> Iterator[Finding]:
    """Fields that the service cannot do without. What is aimed at may count as a field."""
    needed = {name for name, field in service.fields.items() if field.required} | set(_NEEDED.get(call.service, ()))
    for name in sorted(needed - set(call.data) - ({"entity_id"} if call.entity_ids else set())):
        yield Finding(
            "missing_field",
            f"{call.service} needs a {name}, so without it it would fail when it runs.",
            "Correct the pattern or reject it.",
            f"{call.service}.{name}",
        )


def target_findings(call: Call, service: Service, home: Home) -> Iterator[Finding]:
    """Entities that the service does not act on, or that cannot do what it asks for."""
    if service.target is None:
        if call.entity_ids and "entity_id" not in service.fields and call.domain not in _OWN_FIELDS:
            yield Finding(
                "no_target_taken",
                f"{call.service} is not aimed at entities, and here it is aimed at {', '.join(call.entity_ids)}.",
                "Correct the pattern or reject it.",
                call.service,
            )
        return
    if not call.entity_ids and not call.vague:
        yield Finding(
            "no_target",
            f"{call.service} is aimed at nothing, so it would do nothing.",
            "Correct the pattern or reject it.",
            call.service,
        )
    filters = [dict(each) for each in mappings(service.target.get("entity"))] or [{}]
    for entity_id in call.entity_ids:
        for thing in _meant(home, entity_id, call.domain):
            if not any(_of_kind(each, thing) for each in filters):
                yield Finding(
                    "wrong_target",
                    f"{call.service} does not act on {thing.entity_id}, so nothing would happen.",
                    f"Use a service of {thing.domain}.",
                    thing.entity_id,
                )
            elif not any(_of_kind(each, thing) and _able(each, thing) for each in filters):
                yield Finding(
                    "not_capable",
                    f"{thing.entity_id} cannot do what {call.service} asks for.",
                    "Home Assistant says so of this device; reject the pattern.",
                    thing.entity_id,
                )


def _meant(home: Home, entity_id: str, domain: str) -> list[HomeEntity]:
    """The entity itself; of a group its members of the service's domain, as Home Assistant replaces it by them."""
    thing = home.entities.get(entity_id)
    if thing is None:
        return []
    if thing.domain != "group" or domain in ("group", "homeassistant"):
        return [thing]
    members = [home.entities.get(str(each)) for each in listed(thing.attributes.get("entity_id"))]
    return [each for each in members if each is not None and each.domain == domain] or [thing]


def _of_kind(wanted: Json, thing: HomeEntity) -> bool:
    return all(
        not wanted.get(name) or own in listed(wanted[name])
        for name, own in (
            ("domain", thing.domain),
            ("integration", thing.platform),
            ("device_class", thing.device_class),
        )
        if not (name == "integration" and own is None)
    )


def _able(wanted: Json, thing: HomeEntity) -> bool:
    """Whether an entity has all of any one combination of features; one that does not tell may have them."""
    combinations = [each for each in listed(wanted.get("supported_features")) if isinstance(each, int)]
    own = thing.attributes.get("supported_features")
    if not combinations or not isinstance(own, int):
        return True
    return any(own & each == each for each in combinations)


def value_findings(call: Call, thing: HomeEntity) -> Iterator[Finding]:
    """Values that this very entity does not offer."""
    for name, value in call.data.items():
        if is_template(value):
            continue
        offered = thing.attributes.get(_OFFERED.get((thing.domain, name), ""))
        if isinstance(offered, list) and offered and state_text(value) not in [state_text(each) for each in offered]:
            close = get_close_matches(str(value), [str(each) for each in offered], 1, 0.6)
            yield Finding(
                "value_not_offered",
                f"{thing.entity_id} does not offer {value} as {name}; it offers {', '.join(map(str, offered))}.",
                f"Did you mean {close[0]}?" if close else "Correct the pattern or reject it.",
                thing.entity_id,
            )
        low, high = (number(thing.attributes.get(each)) for each in _LIMITS.get((thing.domain, name), ("", "")))
        level = number(value)
        if level is not None and ((low is not None and level < low) or (high is not None and level > high)):
            yield Finding(
                "value_out_of_range",
                f"{thing.entity_id} takes {low:g} to {high:g} as {name}, not {level:g}."
                if low is not None and high is not None
                else f"{thing.entity_id} does not take {level:g} as {name}.",
                "Correct the pattern or reject it.",
                thing.entity_id,
            )
        modes = thing.attributes.get("supported_color_modes")
        needed = _COLOUR_MODES.get(name) if thing.domain == "light" else None
        if needed is not None and isinstance(modes, list) and modes and not needed & {word(each) for each in modes}:
            yield remark(
                "ignored_field",
                f"{thing.entity_id} knows {', '.join(map(str, modes))} only, so the {name} would be left out.",
                about=thing.entity_id,
            )


def _unfit(selector: Json, value: object) -> str | None:
    """Why a value does not fit what Home Assistant says may stand in a field; None when it does or that is not said."""
    if is_template(value):
        return None
    kind, rules = next(iter(selector.items()), ("", None))
    rules = rules if isinstance(rules, dict) else {}
    match kind:
        case "number":
            level = number(value)
            if level is None:
                return "it is no number"
            low, high = number(rules.get("min")), number(rules.get("max"))
            if (low is not None and level < low) or (high is not None and level > high):
                return f"it must be from {rules.get('min')} to {rules.get('max')}"
        case "select" if not rules.get("custom_value"):
            options = [each.get("value") if isinstance(each, dict) else each for each in listed(rules.get("options"))]
            for each in listed(value):
                if options and state_text(each) not in [state_text(option) for option in options]:
                    return f"it must be one of {', '.join(map(str, options))}"
        case "boolean":
            if not isinstance(value, bool) and str(value).lower() not in _TRUTHS:
                return "it must be true or false"
        case "text":
            if isinstance(value, dict | list) and not rules.get("multiple"):
                return "it must be a text"
        case _:
            return None
    return None
