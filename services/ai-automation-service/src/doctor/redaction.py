"""What leaves the doctor is made to be pasted where everybody reads: no secret, no part of one, no public address."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

from src.doctor.finding import Finding
from src.domain.secrets import masked

_SECRET, _NAME = "(secret)", "(public name)"
_PART = 8  # letters; a server may cut off what it repeats, and so many of a password are too many
_RUN = re.compile(r"[A-Za-z0-9_\-+=.~]{24,}")
_BEGINNINGS = ("eyJ", "hf_", "ghp_", "sk-", "xox", "llat")


def looks_secret(value: str) -> bool:
    """Whether a value looks like a token, or an address with a password in it, wherever it was put."""
    text = value.strip()
    if "://" in text and "@" in text:
        return True
    if len(text) >= 16 and text.startswith(_BEGINNINGS):
        return True
    return any(_is_random(run) for run in _RUN.findall(text))


def _is_random(run: str) -> bool:
    """Letters and digits that change places often, as no word and no name of a folder does."""
    bare = re.sub(r"[^A-Za-z0-9]", "", run)
    changes = sum(one.isdigit() != two.isdigit() for one, two in pairwise(bare))
    return changes >= 4


class Redaction:
    """Clears texts.

    Args:
        secrets: as they are set, however short.
        public: host names that say whose home it is.
    """

    def __init__(self, secrets: Iterable[str], public: Iterable[str]) -> None:
        # What is cleared is on one line by then, and so is a secret that stands in it.
        forms = (form for secret in secrets for form in (secret, secret.strip(), _on_one_line(secret)))
        self._secrets = frozenset(form for form in forms if form)
        self._public = sorted({name for name in public if name}, key=lambda name: (-len(name), name))

    def clear(self, text: str) -> str:
        """The text as everybody may read it, on one line."""
        text = masked(_on_one_line(text), self._secrets)
        for form in self._forms:
            text = _without_parts(text, form)
        for name in self._public:
            text = re.sub(re.escape(name), _NAME, text, flags=re.IGNORECASE)
        return text.replace(self._home, "~") if len(self._home) > 2 else text

    def finding(self, found: Finding) -> Finding:
        """The same, cleared."""
        return replace(found, fact=self.clear(found.fact), remedy=self.clear(found.remedy))

    @cached_property
    def _home(self) -> str:
        try:
            return str(Path.home())
        except RuntimeError:  # a user without a name, as containers may have
            return ""

    @cached_property
    def _forms(self) -> tuple[str, ...]:
        every = {form for secret in self._secrets for form in _spellings(secret) if len(form) >= _PART}
        return tuple(sorted(every, key=lambda form: (-len(form), form)))


def _on_one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _spellings(secret: str) -> Iterator[str]:
    """As it is, quoted, in hexadecimal, and in base64 wherever it stands in what was encoded."""
    raw = secret.encode("utf-8", "replace")
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), unquote(secret), raw.hex())
    yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(secret, safe=""))
    yield from (repr(secret)[1:-1], repr(raw)[2:-1], secret.encode("ascii", "backslashreplace").decode())
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        yield coded[4 if lead else 0 : -1]  # its ends depend on what stands beside it


def _without_parts(text: str, secret: str) -> str:
    """The text without any part of the secret of :data:`_PART` letters or more."""
    pieces, done, at = [], 0, 0
    while at + _PART <= len(text):
        if text[at : at + _PART] not in secret:
            at += 1
            continue
        end = at + _PART
        while end < len(text) and text[at : end + 1] in secret:
            end += 1
        pieces += [text[done:at], _SECRET]
        done = at = end
    return "".join([*pieces, text[done:]])
