"""The home as its own Home Assistant describes it, looked at anew for each run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from src.domain.events import EntityInfo, EventLog
from src.domain.home import Home
from src.errors import HomeAssistantError
from src.history.metadata import merged
from src.home_assistant.access import access_of
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from src.settings import Settings
from src.store.entities import Described
from src.store.store import Store

logger = logging.getLogger(__name__)

Describe = Callable[[HomeAssistant], Home]


@dataclass(frozen=True)
class View:
    """What a look brought.

    Attributes:
        home: None where none is set, or it does not answer.
        failed: why it does not answer.
    """

    home: Home | None = None
    failed: HomeAssistantError | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for people."""
        if self.failed is not None:
            return (f"{self.failed} Names and areas are those that were known before.",)
        return () if self.home is None else self.home.warnings


def client_of(settings: Settings) -> HomeAssistant | None:
    """The Home Assistant of the settings, None where none is set. Raises InvalidSetting."""
    access = access_of(settings)
    return None if access is None else HomeAssistant(access)


def look(ha: HomeAssistant | None, store: Store, describe: Describe = describe_home) -> View:
    """Ask Home Assistant for the home, and keep what must hold on nights when it does not answer.

    One that is still starting does not know yet what is hidden and how things are labelled: then what was known holds.
    """
    if ha is None:
        return View()
    try:
        home = describe(ha)
    except HomeAssistantError as error:
        logger.warning("home_not_described", extra={"code": error.code, "why": error.message})
        return View(failed=error)
    if home.whole or not store.entities.described():
        described = {each.entity_id: Described(each.labels, each.left_out) for each in home.entities.values()}
        store.entities.describe(described)
    return View(home)


def seen_with(log: EventLog, home: Home | None) -> EventLog:
    """The log with the names, areas and the position that the home has now."""
    if home is None:
        return log
    info: dict[str, EntityInfo] = dict(log.info)
    for entity_id in log.entities:
        now = home.entities.get(entity_id)
        if now is not None:
            info[entity_id] = merged(now.info, log.about(entity_id))
    return replace(log, info=MappingProxyType(info), position=home.position or log.position)


def labels_of(described: Mapping[str, Described]) -> dict[str, tuple[str, ...]]:
    """Labels by entity id, for those that have any."""
    return {entity_id: each.labels for entity_id, each in described.items() if each.labels}
