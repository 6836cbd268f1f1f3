"""Lists that page with cursors: stable while rows are added, and no total that has to be counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items and where the next ones begin.

    Attributes:
        next: opaque cursor of the next page, None on the last one.
    """

    items: tuple[T, ...]
    next: str | None
