"""What was given to the service by hand, before the settings make sense of it: the environment and a ``.env`` file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from src.domain.patterns import Json
from src.errors import InvalidSetting, ServiceError, UnknownTimeZone
from src.settings import Settings, hidden_settings, load_settings

NAMES = tuple(name.upper() for name in Settings.model_fields)
HIDDEN = frozenset(name.upper() for name in hidden_settings())

# Variables that others read, and that look like ours.
_OF_OTHERS = frozenset({"HASSIO_TOKEN", "HOSTNAME", "TZDIR", "LOGNAME", "PORTS"})
_OF_OTHER_LIBRARIES = ("OTEL_", "HF_HUB_", "HF_HOME", "HF_DATASETS", "TRANSFORMERS_")
_ALIKE = 0.8


@dataclass(frozen=True)
class Given:
    """Values by name, in capitals.

    Attributes:
        variables: of the process.
        file: of ``.env`` in the folder it works in; the process's own go before these.
        unreadable: why there is a ``.env`` that is not read; empty otherwise.
    """

    variables: Mapping[str, str]
    file: Mapping[str, str]
    file_exists: bool = False
    unreadable: str = ""

    @property
    def values(self) -> dict[str, str]:
        """What the settings are made of, and all else."""
        return {**self.file, **self.variables}

    @property
    def suspects(self) -> dict[str, str]:
        """Names that are no setting and look like the slip of one, with the setting that was meant."""
        return {name: meant for name in self.values if (meant := _meant(name))}

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown, by the names that it has or was meant to have."""
        of = HIDDEN | {name for name, meant in self.suspects.items() if meant in HIDDEN}
        return frozenset(value for name, value in self.values.items() if name in of and value)


def read_given(folder: Path) -> Given:
    """What the process was given, in the folder that it works in."""
    variables = {name.upper(): value for name, value in os.environ.items()}
    path = folder / ".env"
    try:
        if not path.exists():
            return Given(variables, {})
        read = dotenv_values(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Given(variables, {}, True, getattr(error, "strerror", None) or "it is no UTF-8 text")
    return Given(variables, {name.upper(): value for name, value in read.items() if value is not None}, True)


def settle(given: Given) -> tuple[Settings, tuple[ServiceError, ...]]:
    """The settings as far as they are valid: each that is not has its default, and is told.

    Returns:
        settings, and the error of each that was left out.
    """
    overrides: Json = {"_env_file": None} if given.unreadable else {}
    errors: list[ServiceError] = []
    while True:
        try:
            return load_settings(**overrides), tuple(errors)
        except (InvalidSetting, UnknownTimeZone) as error:
            name = "tz" if isinstance(error, UnknownTimeZone) else str(error.about).lower()
            if name not in Settings.model_fields or name in overrides:
                raise
            errors.append(error)
            overrides[name] = Settings.model_fields[name].default
            if name in ("latitude", "longitude"):
                overrides |= {"latitude": None, "longitude": None}


def _meant(name: str) -> str | None:
    if name in NAMES or name in _OF_OTHERS or name.startswith(_OF_OTHER_LIBRARIES) or len(name) < 5:
        return None
    found = get_close_matches(name, [known for known in NAMES if len(known) >= 5], n=1, cutoff=_ALIKE)
    return found[0] if found else None
