"""``home``: what Home Assistant says of the home; a check of HA_URL and HA_TOKEN."""

from __future__ import annotations

from collections import Counter

from rich import box
from rich.table import Table

from src.analysis.home_view import client_of
from src.domain.home import Home
from src.domain.patterns import Json
from src.domain.selection import Selection
from src.errors import HomeAssistantNotSet
from src.home_assistant.description import describe_home
from src.settings import load_settings
from src.terminal import Terminal, readable

_NO_ADMINISTRATOR = (
    "The token is no administrator's: automations cannot be read or written with it. Make one as an administrator"
    " (profile, Security) and set it as HA_TOKEN."
)


def show_home(terminal: Terminal) -> None:
    """Look at the home and print what was found.

    Raises:
        HomeAssistantError: none is set, or it cannot be used. InvalidSetting.
    """
    settings = load_settings()
    ha = client_of(settings)
    if ha is None:
        raise HomeAssistantNotSet
    home = describe_home(ha)
    administrator = bool(ha.command("auth/current_user").get("is_admin"))
    value = _home_json(home, settings.selection, administrator)
    terminal.result(value, f"{home.name or 'A home'}, Home Assistant {home.version} at {ha.access.url}", _table(value))
    for warning in [*([] if administrator else [_NO_ADMINISTRATOR]), *home.warnings]:
        terminal.warn(warning)


def _home_json(home: Home, selection: Selection, administrator: bool) -> Json:
    left_out: Counter[str] = Counter()
    for entity_id, thing in home.entities.items():
        if thing.left_out is not None:
            left_out[thing.left_out] += 1
        elif not selection.admits(entity_id, area=thing.area, labels=thing.labels):
            left_out["not_selected"] += 1
    return {
        "version": home.version,
        "name": home.name,
        "time_zone": home.time_zone,
        "position_known": home.position is not None,
        "administrator": administrator,
        "entities": len(home.entities),
        "learned_from": len(home.entities) - sum(left_out.values()),
        "left_out": dict(sorted(left_out.items())),
        "services": len(home.services),
        "people": [user.name for user in home.users if not user.system],
        "automations": [
            {"name": each.name, "entity_id": each.entity_id, "enabled": each.enabled} for each in home.automations
        ],
        "scripts": len(home.scripts),
        "scenes": len(home.scenes),
        "warnings": list(home.warnings),
    }


def _table(value: Json) -> Table:
    table = Table(box=box.SIMPLE, show_header=False, show_edge=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    on = sum(each["enabled"] for each in value["automations"])
    rows = {
        "time zone": value["time_zone"],
        "users": ", ".join(value["people"]),
        "entities": f"{value['entities']:,}, of which {value['learned_from']:,} are learned from",
        "left out": ", ".join(f"{readable(reason)} {count:,}" for reason, count in value["left_out"].items()) or "none",
        "automations": f"{len(value['automations']):,}, of which {on:,} are on",
        "scripts, scenes": f"{value['scripts']:,}, {value['scenes']:,}",
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table
