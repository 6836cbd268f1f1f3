"""One table of a person's catalog file: its values, each checked, or an error that says where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from src.errors import CatalogInvalid


class Table:
    """Reads values of a TOML table by key.

    Args:
        where: what the reader of an error knows the table by; empty for the file itself.
        keys: all that it may have, so that a misspelt one is noticed.

    Raises:
        CatalogInvalid: it has another key. Every method raises it for a value of the wrong kind, and for one that is
            missing when no ``default`` is given.
    """

    def __init__(self, path: Path, where: str, values: Mapping[str, object], keys: Iterable[str]) -> None:
        self._path = path
        self._where = where
        self._values = values
        allowed = list(keys)
        if unknown := [key for key in values if key not in allowed]:
            self._stop(f"no key is called {unknown[0]!r}", f"only {', '.join(allowed)}")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def refuse(self, key: str, problem: str, wanted: str) -> NoReturn:
        """Stop reading: ``wanted`` completes "It takes ...".

        Raises:
            CatalogInvalid: always.
        """
        self._stop(f"{key} {problem}", wanted)

    def text(self, key: str, pattern: re.Pattern[str], wanted: str, default: str | None = None) -> str:
        """A text that matches the pattern as a whole."""
        value = self._values.get(key, default)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self._wrong(key, value, wanted)
        return value

    def choice(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        """One of some texts."""
        value, allowed = self._values.get(key, default), list(choices)
        if not isinstance(value, str) or value not in allowed:
            self._wrong(key, value, " or ".join(allowed))
        return value

    def choices(self, key: str, choices: Iterable[str], default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Some of some texts, at least one, each once."""
        value, allowed = self._values.get(key, default), list(choices)
        wanted = f"a list of some of {', '.join(allowed)}"
        if not isinstance(value, list | tuple) or not value or any(one not in allowed for one in value):
            self._wrong(key, value, wanted)
        if len(set(value)) < len(value):
            self.refuse(key, "names one twice", wanted)
        return tuple(value)

    def number(self, key: str, lowest: int, highest: int, default: int | None = None) -> int:
        """A whole number, both bounds included."""
        value = self._values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            self._wrong(key, value, f"a whole number from {lowest} to {highest}")
        return value

    def truth(self, key: str) -> bool:
        """True or false; false when it is missing."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            self._wrong(key, value, "true or false")
        return value

    def tables(self, key: str, keys: Iterable[str]) -> list[Table]:
        """The tables of an array of tables; none when it is missing."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.refuse(key, "is no array of tables", f"tables that begin with [[{key}]]")
        allowed = tuple(keys)
        return [Table(self._path, f"{self._before}{key} {number}", one, allowed) for number, one in enumerate(value, 1)]

    def called(self, where: str) -> Table:
        """The same values, known by another name."""
        return Table(self._path, where, self._values, self._values)

    def entries(self, key: str) -> list[object]:
        """The values of an array, unchecked; at least one."""
        value = self._values.get(key)
        if not isinstance(value, list) or not value:
            self._wrong(key, value, "a list that is not empty")
        return value

    def inner(self, where: str, values: Mapping[str, object], keys: Iterable[str]) -> Table:
        """A table inside this one."""
        return Table(self._path, f"{self._before}{where}", values, keys)

    @property
    def _before(self) -> str:
        return f"{self._where}, " if self._where else ""

    def _wrong(self, key: str, value: object, wanted: str) -> NoReturn:
        self.refuse(key, "is missing" if value is None else f"cannot be {value!r}", wanted)

    def _stop(self, problem: str, wanted: str) -> NoReturn:
        raise CatalogInvalid(self._path, f"{self._where}: {problem}" if self._where else problem, wanted)
