"""Entity ids as Home Assistant writes them: a domain and an object id, such as ``light.kitchen``."""

from __future__ import annotations

import re

LONGEST_ID = 255  # Home Assistant's own limit

_ENTITY_ID = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+", re.ASCII)


def entity_id_of(text: str) -> str | None:
    """An entity id without blanks around it and in lower case; None when the text is none."""
    plain = text.strip().lower()
    return plain if len(plain) <= LONGEST_ID and _ENTITY_ID.fullmatch(plain) else None


def domain_of(entity_id: str) -> str:
    """``light`` of ``light.kitchen``."""
    return entity_id.partition(".")[0]
