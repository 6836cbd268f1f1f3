"""Passwords and tokens, kept out of what others say: a server may repeat what it was sent, a library what it held."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

_STANDS_FOR = "(secret)"
_SHORTEST = 6  # letters; a shorter one is part of many words, and hiding those would tell it


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets: as they are, quoted for a URL, JSON or Python, or in base64."""
    for form in _forms(frozenset(secrets)):
        text = text.replace(form, _STANDS_FOR)
    return text


@lru_cache(maxsize=64)
def _forms(secrets: frozenset[str]) -> tuple[str, ...]:
    every = {form for secret in secrets if len(secret) >= _SHORTEST for form in _spellings(secret)}
    return tuple(sorted(every, key=lambda form: (-len(form), form)))


def _spellings(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (json.dumps(secret)[1:-1], repr(secret)[1:-1], repr(secret.encode("utf-8", "replace"))[2:-1])
    yield base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")
