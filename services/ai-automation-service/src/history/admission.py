"""Which entities of a home are read, and under which reason the others are counted."""

from __future__ import annotations

from src.domain.home import Home, HomeEntity
from src.domain.selection import Selection


class Admission:
    """What the registries leave out (hidden, disabled, config and diagnostic entities), and what a person does."""

    def __init__(self, home: Home, selection: Selection | None = None) -> None:
        self._home = home
        self._selection = selection or Selection()
        self._refused: dict[str, str | None] = {}

    def refused(self, entity_id: str) -> str | None:
        """Why its events are not read; None when they are. An entity the home does not know is judged by its id."""
        if entity_id not in self._refused:
            self._refused[entity_id] = self._judged(entity_id)
        return self._refused[entity_id]

    def admitted(self) -> list[str]:
        """The entities of the home that are read, in the order of their ids."""
        return sorted(entity_id for entity_id in self._home.entities if self.refused(entity_id) is None)

    def _judged(self, entity_id: str) -> str | None:
        entity = self._home.entities.get(entity_id) or HomeEntity(entity_id)
        if entity.left_out is not None:
            return entity.left_out
        chosen = self._selection.admits(entity_id, area=entity.area, labels=entity.labels)
        return None if chosen else "not_selected"
