"""The settings: those that are invalid, those that look like a slip, and those that were changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_origin

from src.doctor.finding import Finding, failed, note, ok, warning
from src.doctor.given import HIDDEN, NAMES
from src.doctor.places import Place, place_of
from src.doctor.redaction import looks_secret
from src.doctor.situation import ADDRESSES, Situation
from src.errors import InvalidSetting, ServiceError
from src.settings import HISTORY_WORDS, Settings

_LISTS = ("ALLOWED_HOSTS", "INCLUDE", "EXCLUDE", "INCLUDE_USERS", "EXCLUDE_USERS")
_PLAIN = ("TZ", "ANALYSIS_SCHEDULE", "CATEGORIES", "PRIORITIES", "EMBEDDING_DEPLOYMENT")
_PATHS = ("HISTORY_ENTITIES", "HA_TOKEN_FILE", "MODEL_CATALOG", "HISTORY")
_NEVER = ("LATITUDE", "LONGITUDE")  # where somebody lives
_ZONE = re.compile(r"[A-Za-z_]+(/[A-Za-z_+-]+)*")


def look_at_settings(situation: Situation) -> Iterator[Finding]:
    """What is wrong first."""
    for error in situation.problems:
        yield _invalid(error, situation)
    yield from _slips(situation)
    yield _env_file(situation)
    changed = [f"{name}={shown}" for name in NAMES if (shown := _shown(name, situation.settings))]
    yield ok("changed", ", ".join(changed) or "none: all are as they come")


def _invalid(error: ServiceError, situation: Situation) -> Finding:
    """Without what was given, which may be a password in the wrong place, unless it is a number or a zone."""
    if not isinstance(error, InvalidSetting):
        given = situation.given.values.get("TZ", "")
        shown = f" {given!r}" if _ZONE.fullmatch(given) and not looks_secret(given) else ""
        return failed("TZ", f"TZ{shown} is no time zone of the IANA database", error.remedy)
    name = str(error.about)
    given = situation.given.values.get(name, "")
    shown = given if re.fullmatch(r"-?\d{1,9}(\.\d+)?", given) and name not in (*_NEVER, *HIDDEN) else ""
    said = f"{name} cannot be {shown or (f'what it is set to ({len(given)} characters)' if given else 'empty')}"
    # What it takes is told with what was given in it, where the mistake is a part of the value.
    takes = re.split(r"['\"(]", error.remedy)[0].rstrip(" ;,.:") + "."
    return failed(name, f"{said}; the service does not start with it", takes)


def _slips(situation: Situation) -> Iterator[Finding]:
    given = situation.given
    for name, meant in sorted(given.suspects.items()):
        yield warning(name, f"{name} is no setting; {meant} is", f"If {meant} was meant, set that instead.")
    for name in NAMES:
        value = given.values.get(name, "")
        if name in given.variables:
            yield from _literal(name, value)
        if name not in HIDDEN and looks_secret(value):
            yield warning(
                name,
                f"{name} holds what looks like a password or token; it is not shown here, but may be elsewhere",
                "Put it into the setting that is meant for it, and make a new one if this was pasted anywhere.",
            )
    if given.values.get("HA_TOKEN", "").strip() and given.values.get("HA_TOKEN_FILE"):
        yield note("HA_TOKEN", "HA_TOKEN and HA_TOKEN_FILE are both set; the file is not read", "Keep one of them.")


def _literal(name: str, value: str) -> Iterator[Finding]:
    """What Docker's --env-file and some editors leave in a value."""
    bare = value.strip()
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'":
        yield warning(
            name,
            f"{name} has quotes around it, which are part of the value",
            f"Write {name}= without quotes: Docker's --env-file takes them as they are.",
        )
    elif value != bare:
        what = "a carriage return" if value.endswith("\r") else "spaces"
        yield warning(
            name, f"{name} begins or ends with {what}", "Remove them; save the .env file with Unix line ends (LF)."
        )
    elif re.search(r"\s#", value):
        yield warning(
            name,
            f"{name} seems to have a comment behind its value, which is part of it",
            "Put comments on lines of their own.",
        )


def _env_file(situation: Situation) -> Finding:
    given = situation.given
    where = Path.cwd() / ".env"
    if given.unreadable:
        return failed(
            "env file",
            f"{where} cannot be read ({given.unreadable.lower()}), so the service does not start",
            "Let the service's user read it, and save it as UTF-8.",
        )
    if not given.file_exists:
        why = "; Compose reads the one beside docker-compose.yml by itself" if situation.container else ""
        return ok("env file", f"none in {where.parent}: the environment alone counts{why}")
    over = sorted(set(given.file) & set(given.variables) & set(NAMES))
    over = [name for name in over if given.file[name] != given.variables[name]]
    count = f"{where} is read, {sum(name in NAMES for name in given.file)} settings in it"
    if over:
        return note(
            "env file",
            f"{count}; the environment goes before it for {', '.join(over)}",
            "Unset these in the environment if the file is to count.",
        )
    return ok("env file", count)


def _shown(name: str, settings: Settings) -> str:
    """A setting's value for everybody's eyes; empty when it is the default."""
    field = Settings.model_fields[name.lower()]
    value = getattr(settings, name.lower())
    if value == field.default:
        return ""
    text = str(value)
    if name.lower() in ADDRESSES:
        return _address(text)
    if name in ("HOST", "MQTT_HOST"):
        return Place("", text.strip(), None).shown if not looks_secret(text) else _size(text)
    if name in HIDDEN or name in _NEVER or looks_secret(text):
        return _size(text)
    if name in _LISTS:
        return f"{sum(bool(part.strip()) for part in text.split(','))} entries"
    path = isinstance(value, Path) or name in _PATHS
    if path and (Path(text).is_absolute() or Path(text).exists() or text in HISTORY_WORDS):
        return text
    if isinstance(value, bool):
        return text.lower()
    if isinstance(value, int | float) or get_origin(field.annotation) is Literal or name in _PLAIN:
        return text
    return _size(text)


def _address(text: str) -> str:
    place = place_of(text)
    if place is None:
        return text.partition(":")[0] + ":…" if text.startswith("sqlite:") else f"{_size(text)}, no address"
    return f"{place.shown} ({place.kind})"


def _size(text: str) -> str:
    return f"set ({len(text)} characters)"
