"""What is known of entities besides their events: names for sentences, and what Home Assistant last said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from src.domain.events import EntityInfo
from src.store.columns import storable
from src.store.database import Database
from src.store.schema import described_entity, entity

METADATA = ("name", "area", "device_class", "unit")


@dataclass(frozen=True, slots=True)
class Described:
    """What an owner said of an entity.

    Attributes:
        labels: names of its labels.
        left_out: why its events are no behaviour (``hidden_entity``, ...); None for most.
    """

    labels: tuple[str, ...] = ()
    left_out: str | None = None


class EntityRepository:
    """Read by sentences and by what is left out of a run; so both hold on nights without Home Assistant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def info(self) -> Mapping[str, EntityInfo]:
        """Name, area, class and unit of every entity with an event, by entity id."""
        query = select(entity.c.entity_id, entity.c.name, entity.c.area, entity.c.device_class, entity.c.unit)
        with self._database.read() as connection:
            return {row.entity_id: EntityInfo(*row) for row in connection.execute(query.order_by(entity.c.entity_id))}

    def learn(self, info: Mapping[str, EntityInfo]) -> None:
        """Keep what is known now of entities with an event; what is not known now stays as it was."""
        with self._database.write() as connection:
            rows = connection.execute(select(entity)).all()
            for row in rows:
                about = info.get(row.entity_id)
                news = {name: storable(value) for name in METADATA if (value := getattr(about, name, None)) is not None}
                changed = {name: value for name, value in news.items() if getattr(row, name) != value}
                if changed:
                    connection.execute(update(entity).where(entity.c.id == row.id).values(changed))

    def describe(self, described: Mapping[str, Described]) -> None:
        """Replace what Home Assistant said before by what it says now."""
        rows = [
            {"entity_id": entity_id, "labels": [storable(label) for label in each.labels], "left_out": each.left_out}
            for entity_id, each in described.items()
            if each != Described()
        ]
        with self._database.write() as connection:
            connection.execute(delete(described_entity))
            if rows:
                connection.execute(insert(described_entity), rows)

    def described(self) -> Mapping[str, Described]:
        """Those of which something was said."""
        with self._database.read() as connection:
            rows = connection.execute(select(described_entity))
            return {row.entity_id: Described(tuple(row.labels), row.left_out) for row in rows}
