"""A JSON object, as both Pythons of these tests name it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
