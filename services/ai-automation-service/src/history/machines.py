"""Users of Home Assistant that are programs, such as Node-RED or a voice assistant: what they do is no habit."""

from __future__ import annotations

from src.domain.home import Home


def unknown_users(home: Home, excluded: str) -> tuple[str, ...]:
    """What EXCLUDE_USERS names and no user of the home is called, by name or id."""
    known = {user.name.strip().casefold() for user in home.users} | {user.id for user in home.users}
    words = [word.strip() for word in excluded.split(",") if word.strip()]
    return tuple(word for word in words if not {word.casefold(), word.replace("-", "").lower()} & known)


def machine_users(home: Home, excluded: str) -> frozenset[str]:
    """The ids of the users that EXCLUDE_USERS names: names in any case, or ids, by comma."""
    words = {word.strip().casefold() for word in excluded.split(",")} - {""}
    named = {user.id for user in home.users if user.name.strip().casefold() in words}
    return frozenset(named | {word.replace("-", "") for word in words})
