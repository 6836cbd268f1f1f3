"""How a person would add the house; the tests write the entry that it makes."""

from __future__ import annotations

from typing import Any

from homeassistant.config_entries import ConfigFlow

from . import DOMAIN


class HouseFlow(ConfigFlow, domain=DOMAIN):  # type: ignore[call-arg]
    """There is nothing to ask."""

    VERSION = 1

    async def async_step_user(self, _: dict[str, Any] | None = None) -> Any:
        """Add it."""
        return self.async_create_entry(title="House", data={})
