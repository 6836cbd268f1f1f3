"""Home Assistant: whether it answers, takes the token, is up, and whether its clock and zone are ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from src.doctor.finding import Finding, failed, note, ok, skipped, warning
from src.doctor.places import place_of
from src.doctor.situation import Situation
from src.domain.patterns import Json
from src.errors import HomeAssistantError, HomeAssistantRefused, HomeAssistantUnreachable, StoreError
from src.home_assistant.access import Access, access_of
from src.home_assistant.client import HomeAssistant

_OLDEST = (2024, 3)
_SKEW = 60.0  # s
_SIGN_IN_AGAIN = (
    "Make a new long-lived access token as an administrator (profile, Security) and set it as HA_TOKEN, the whole of"
    " it and without quotes; then restart the service."
)


def look_at_home_assistant(situation: Situation) -> Iterator[Finding]:
    """Reads its configuration; nothing of what the home is called or holds is told, only how much."""
    access = access_of(situation.settings)
    if access is None:
        yield skipped("home assistant", "none is set (HA_URL, HA_TOKEN)")
        return
    place = place_of(access.url)
    assert place is not None
    situation.connects("HA_URL" if situation.settings.ha_url else "SUPERVISOR_TOKEN")
    ha = HomeAssistant(replace(access, timeout=min(access.timeout, situation.answer_within)))
    shown = f"{place.shown} ({place.kind})"
    try:
        with ha.session() as session:
            core = session.command("get_config")
            user = session.command("auth/current_user")
            states = session.command("get_states")
    except HomeAssistantRefused as error:
        yield _refused(error, shown)
        return
    except HomeAssistantUnreachable as error:
        yield _unreachable(error, access, situation, shown)
        return
    core = core if isinstance(core, dict) else {}
    yield ok("home assistant", f"{core.get('version') or 'a version it does not tell'} at {shown}, the token is taken")
    yield from _about(core, user, states)
    yield from _zone(core, situation)
    yield _clock(ha)


def _refused(error: HomeAssistantRefused, shown: str) -> Finding:
    if "ip_bans" in error.message:
        return failed(
            "home assistant",
            f"{shown} has banned this machine",
            "Remove this machine's address from ip_bans.yaml in Home Assistant's config folder and restart it; mend"
            " HA_TOKEN first, or it is banned again.",
        )
    return failed("home assistant", f"{shown} answers and does not take the token", _SIGN_IN_AGAIN)


def _unreachable(error: HomeAssistantUnreachable, access: Access, situation: Situation, shown: str) -> Finding:
    why = error.message.partition("cannot be reached: ")[2].rstrip(".")
    otherwise = "Check that it runs, and HA_URL as seen from this service (address, port 8123, http or https)."
    if "certificate" in why:
        otherwise = "Name the file of your own authority in SSL_CERT_FILE, or use http:// inside the home."
    elif "HTTPS" in why:
        otherwise = "Write http:// instead of https:// in HA_URL, or the port where it speaks HTTPS."
    elif "no Home Assistant" in why:
        otherwise = "Another program answers there: check host and port of HA_URL (Home Assistant's is 8123)."
    return failed(
        "home assistant", f"{shown} cannot be reached: {why}", situation.remedy(place_of(access.url), otherwise)
    )


def _about(core: Json, user: Any, states: Any) -> Iterator[Finding]:
    version = str(core.get("version") or "")
    if (numbers := _numbers(version)) and numbers < _OLDEST:
        yield warning("version", f"Home Assistant {version} is too old", "Upgrade it to 2024.3 or later.")
    state = core.get("state", "RUNNING")
    if core.get("recovery_mode") is True or core.get("safe_mode") is True:
        yield warning("state", "it is in recovery mode", "Mend what its log names, and restart it.")
    elif state != "RUNNING":
        yield warning("state", "it is not up yet, or going down", "Ask again in some minutes.")
    if not (isinstance(user, dict) and user.get("is_admin") is True):
        yield warning(
            "administrator",
            "the token is no administrator's: automations, users and logbook cannot be read with it",
            "Make the token as an administrator (profile, Security) and set it as HA_TOKEN.",
        )
    else:
        yield ok("administrator", "the token is an administrator's")
    count = len(states) if isinstance(states, list) else 0
    domains = (
        len({str(each.get("entity_id", "")).partition(".")[0] for each in states if isinstance(each, dict)})
        if count
        else 0
    )
    yield ok("entities", f"{count:,} of {domains} domains") if count else note("entities", "it has none yet")


def _zone(core: Json, situation: Situation) -> Iterator[Finding]:
    theirs = core.get("time_zone")
    if not isinstance(theirs, str) or not theirs:
        return
    ours = situation.settings.tz
    try:
        known = situation.store().time_zone
    except StoreError:
        known = None
    if ours and ours != theirs:
        yield warning(
            "time zone",
            f"TZ is {ours}, Home Assistant's is {theirs}: habits are read on the wrong clock, and the night is another",
            f"Set TZ={theirs}, or unset it, and restart the service.",
        )
    elif not ours and known and known != theirs:
        yield warning(
            "time zone",
            f"the imported history's is {known}, Home Assistant's is {theirs}",
            f"Set TZ={theirs} and restart the service.",
        )
    else:
        yield ok("time zone", f"{theirs}, the same as here" if ours or known else theirs)


def _clock(ha: HomeAssistant) -> Finding:
    """Its clock, by a template: https://developers.home-assistant.io/docs/api/rest (POST /api/template)."""
    before = time.time()
    try:
        theirs = float(ha.request("POST", "template", {"template": "{{ utcnow().timestamp() }}"}))
    except (HomeAssistantError, TypeError, ValueError):
        return skipped("clock", "Home Assistant does not tell its own to this token")
    ahead = theirs - (before + time.time()) / 2
    if abs(ahead) > _SKEW:
        which = "ahead of" if ahead > 0 else "behind"
        return warning(
            "clock",
            f"Home Assistant's is {abs(ahead):,.0f} s {which} this machine's",
            "Let both machines set their clocks over the network (NTP): events would be read too late or twice.",
        )
    return ok("clock", f"the same as Home Assistant's within {max(1, round(abs(ahead)))} s")


def _numbers(version: str) -> tuple[int, ...] | None:
    year, _, rest = version.partition(".")
    month = rest.partition(".")[0]
    return (int(year), int(month)) if year.isdigit() and month.isdigit() else None
