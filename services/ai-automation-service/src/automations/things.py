"""What is known of the home that an automation is written for; without a Home Assistant at hand, that is less."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from src.domain.entity_ids import domain_of
from src.domain.events import EntityInfo
from src.domain.home import Home
from src.domain.patterns import Json

HOME_ZONE = "zone.home"  # its state is how many persons are at home
SUN = "sun.sun"


@dataclass(frozen=True)
class Things:
    """The things of a home.

    Attributes:
        persons: every ``person`` entity.
        attributes: of the entities' states, by entity id; empty without a Home Assistant.
        services: names of its services; empty without one.
        aliases: names of its other automations, by the id under which Home Assistant keeps them.
        sun: whether ``sun.sun`` is there.
    """

    persons: frozenset[str]
    attributes: Mapping[str, Json] = field(default_factory=dict)
    services: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    sun: bool = True

    def everybody(self, entity_ids: Collection[str]) -> bool:
        """Whether these are all persons there are, so that the home zone counts the same."""
        return len(self.persons) > 0 and self.persons == set(entity_ids)

    @property
    def phone(self) -> str | None:
        """The service that reaches the only phone with the companion app; None when there is none, or a choice."""
        phones = [name for name in self.services if name.startswith("notify.mobile_app_")]
        return phones[0] if len(phones) == 1 else None


def things_of(home: Home) -> Things:
    """The things of a home as its Home Assistant describes it."""
    return Things(
        persons=frozenset(
            id_ for id_, entity in home.entities.items() if entity.domain == "person" and not entity.disabled
        ),
        attributes={entity_id: entity.attributes for entity_id, entity in home.entities.items()},
        services=frozenset(home.services),
        aliases={
            str(config.get("id") or entity_id): str(config["alias"])
            for entity_id, config in home.configs.items()
            if config.get("alias")
        },
        sun=SUN in home.entities,
    )


def things_offline(info: Mapping[str, EntityInfo]) -> Things:
    """The things of a home as its history knows them."""
    return Things(persons=frozenset(entity_id for entity_id in info if domain_of(entity_id) == "person"))
