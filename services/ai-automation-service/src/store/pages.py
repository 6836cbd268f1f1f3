"""Lists that page with cursors: stable while rows are added, and no total that has to be counted."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from src.errors import InvalidSetting

T = TypeVar("T")

MOST = 500  # items on one page


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items and where the next ones begin.

    Attributes:
        next: opaque cursor of the next page, None on the last one.
    """

    items: tuple[T, ...]
    next: str | None


def check_limit(limit: int) -> None:
    """Raises InvalidSetting: not from 1 to :data:`MOST`."""
    if not 1 <= limit <= MOST:
        raise InvalidSetting("limit", limit, f"a whole number from 1 to {MOST}")


def cursor_of(listing: str, *key: str | int) -> str:
    """An opaque cursor: which listing it is of, and the sort key of the last item that was shown."""
    return base64.urlsafe_b64encode(json.dumps([listing, *key]).encode()).decode().rstrip("=")


def key_of(cursor: str, listing: str, *kinds: type[str] | type[int]) -> list[str | int]:
    """The key inside a cursor.

    Args:
        kinds: the type of each part of the key.

    Raises:
        InvalidSetting: not a cursor of this listing.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        value = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        value = None
    if (
        not isinstance(value, list)
        or value[:1] != [listing]
        or [type(part) for part in value[1:]] != list(kinds)
        or any(isinstance(part, int) and not 0 <= part < 2**31 for part in value[1:])
    ):
        raise InvalidSetting("cursor", cursor, "the next of a page that was listed before")
    return value[1:]
