"""The settings in a backup: those that differ from their defaults, as lines of a ``.env`` file.

A restore cannot set the environment of a process, so it tells what is set otherwise here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dotenv import dotenv_values

from src.domain.patterns import Json
from src.settings import Settings, hidden_settings

_ABSENT = re.compile(r"^# set again: (\w+)=$", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z0-9_.,:/@%+*-]+")
_NEVER = {"supervisor_token"}  # the Supervisor gives every container one of its own
_HEAD = """\
# Settings of ai-automation-service that differed from their defaults when the backup was made.
"""
_HEAD_WITHOUT = _HEAD + "# Passwords, tokens and addresses that may hold one are not in it: they are only named.\n"
_HEAD_WITH = _HEAD + "# With passwords and tokens: keep it where nobody else can read it.\n"


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not the same in a backup and in this process.

    Attributes:
        name: as in the environment.
        backup, here: None where it may not be told or is not known; empty where it is not set.
        secret: a password, a token, or an address that may hold one.
    """

    name: str
    backup: str | None
    here: str | None
    secret: bool

    def to_json(self) -> Json:
        return {"name": self.name, "backup": self.backup, "here": self.here, "secret": self.secret}

    def __str__(self) -> str:
        if self.secret:
            return f"{self.name}: set again, it is not the same here (a password or token is not shown)"
        return f"{self.name}: {self.backup or 'not set'} in the backup, {self.here or 'not set'} here"


def settings_text(settings: Settings, *, secrets: bool) -> str:
    """Lines for a ``.env`` file.

    Args:
        secrets: with passwords and tokens; else these are comments that say what is to be set again.
    """
    lines = [_HEAD_WITH if secrets else _HEAD_WITHOUT]
    for name, value in _set(settings).items():
        if _secret(name, value) and not secrets:
            lines.append(f"# set again: {name}=\n")
        elif "${" in value or "\n" in value:
            # Who reads such a file puts the value of another variable there.
            lines.append(
                f"# It holds a ${{ or a line end, which a file like this cannot carry.\n# set again: {name}=\n"
            )
        else:
            lines.append(f"{name}={_quoted(value)}\n")
    return "".join(lines)


def differences(text: str, settings: Settings) -> list[Difference]:
    """Settings of a backup and of this process that are not the same, by name."""
    backup = {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items()}
    absent = set(_ABSENT.findall(text))
    here = _set(settings)
    found = []
    for name in sorted({*backup, *absent, *here}):
        if name in absent:
            if name not in here:
                found.append(Difference(name, None, "", secret=True))
        elif backup.get(name, "") != here.get(name, ""):
            mine = here.get(name, "")
            hidden = _secret(name, mine) or _secret(name, backup.get(name, ""))
            found.append(
                Difference(name, None, None, hidden) if hidden else Difference(name, backup.get(name, ""), mine, hidden)
            )
    return found


def _set(settings: Settings) -> Mapping[str, str]:
    """Every setting that differs from its default, as the environment says it."""
    return {
        name.upper(): _text(value)
        for name, field in Settings.model_fields.items()
        if (value := getattr(settings, name)) != field.default and name not in _NEVER
    }


def _secret(name: str, value: str) -> bool:
    """Whether it is, or may hold, a password: an address with a user in it may stand where none belongs."""
    return name.lower() in hidden_settings() or ("://" in value and "@" in value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _quoted(value: str) -> str:
    if not value or _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
