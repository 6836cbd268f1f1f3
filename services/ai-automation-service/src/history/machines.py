"""Users of Home Assistant whose acts are no habit of people: Node-RED, a voice assistant, or whom a person left out."""

from __future__ import annotations

from src.domain.home import Home


def unknown_users(home: Home, named: str) -> tuple[str, ...]:
    """What INCLUDE_USERS or EXCLUDE_USERS names and no user of the home is called, by name or id."""
    known = {user.name.strip().casefold() for user in home.users} | {user.id for user in home.users}
    words = [word.strip() for word in named.split(",") if word.strip()]
    return tuple(word for word in words if not {word.casefold(), word.replace("-", "").lower()} & known)


def machine_users(home: Home, excluded: str, included: str = "") -> frozenset[str]:
    """The ids of the users whose acts count as an automation's.

    Args:
        excluded: EXCLUDE_USERS: names in any case, or ids, by comma.
        included: INCLUDE_USERS: where it names somebody, everybody else is meant as well.
    """
    words, ids = _named(home, excluded)
    others = frozenset[str]()
    if included.strip():
        others = frozenset(user.id for user in home.users) - _named(home, included)[1]
    return ids | others | frozenset(word.replace("-", "") for word in words)


def _named(home: Home, text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a list, and the ids of the users they mean."""
    words = frozenset(word.strip().casefold() for word in text.split(",")) - {""}
    plain = {word.replace("-", "") for word in words}
    ids = frozenset(user.id for user in home.users if user.name.strip().casefold() in words or user.id in plain)
    return words, ids
