"""Which models there are, by name, and which one serves a role.

    from src.models.catalog.model_catalog import Role, load_catalog

    catalog = load_catalog(settings)
    catalog[Role.EMBEDDING]                # the card that serves embeddings
    catalog.by_name("bge-large-en-v1.5")   # one of a deployment, or of a person's own file

``mission_models`` and ``large_models`` hold our cards, ``catalog_file`` reads a person's own, ``model_card`` says what
a card is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from src.errors import UnknownModel
from src.models.catalog.catalog_file import read_catalog_file
from src.models.catalog.large_models import LARGE_MODELS
from src.models.catalog.mission_models import CLASSIFIER, EMBEDDING, MISSION_MODELS, RERANKER
from src.models.catalog.model_card import (
    GRAPH_VERSION,
    HubSource,
    ModelCard,
    Pooling,
    Role,
    Source,
    SourceFile,
    WheelSource,
)

if TYPE_CHECKING:
    from src.settings import Settings

__all__ = [
    "CATALOG",
    "CLASSIFIER",
    "DEPLOYMENTS",
    "EMBEDDING",
    "GRAPH_VERSION",
    "KNOWN",
    "RERANKER",
    "Catalog",
    "HubSource",
    "ModelCard",
    "ModelCatalog",
    "Pooling",
    "Role",
    "Source",
    "SourceFile",
    "WheelSource",
    "load_catalog",
]

Catalog = Mapping[str, ModelCard]
"""Cards by name. A role is a name, too: that of the card which serves it."""

_MINIMAL = ("bge-large-en-v1.5", "bge-large-zh-v1.5")
_BALANCED = (*_MINIMAL, "gte-large")
_FULL = (*_BALANCED, "e5-large-v2")
DEPLOYMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"": (), "minimal": _MINIMAL, "balanced": _BALANCED, "full": _FULL, "complete": (*_FULL, "bge-m3")}
)
"""The embedding models that ``EMBEDDING_DEPLOYMENT`` adds to the default one."""


class ModelCatalog(Mapping[str, ModelCard]):
    """Cards by name, those that serve a role first. Looking a role up gives the card that serves it.

    Args:
        cards: no two of a name; of each role at least one.
        defaults: names of the cards that serve a role, where it is not the first of that role.
    """

    def __init__(self, cards: Iterable[ModelCard], defaults: Mapping[Role, str] | None = None) -> None:
        named = {card.name: card for card in cards}
        self._defaults = {role: _serving(role, named, defaults or {}) for role in Role}
        self._cards = {card.name: card for card in self._defaults.values()} | named

    def __getitem__(self, name: str) -> ModelCard:
        return self._defaults[name] if isinstance(name, Role) else self._cards[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def by_name(self, name: str) -> ModelCard:
        """The card of that name, or, when there is none, the one that serves the role of that name.

        Raises:
            UnknownModel: neither a name nor a role.
        """
        if name in self._cards:
            return self._cards[name]
        try:
            return self._defaults[Role(name)]
        except ValueError:
            raise UnknownModel(name, list(self)) from None

    def of_role(self, role: Role) -> tuple[ModelCard, ...]:
        """The one that serves it, then all others that could."""
        return tuple(card for card in self._cards.values() if card.role is role)

    def only(self, names: Iterable[str]) -> ModelCatalog:
        """The cards that serve a role, and those of the names."""
        wanted = {*names, *(card.name for card in self._defaults.values())}
        return ModelCatalog(
            (card for card in self._cards.values() if card.name in wanted),
            {role: card.name for role, card in self._defaults.items()},
        )


def _serving(role: Role, named: Mapping[str, ModelCard], defaults: Mapping[Role, str]) -> ModelCard:
    if role in defaults:
        return named[defaults[role]]
    for card in named.values():
        if card.role is role:
            return card
    raise ValueError(f"no model of the catalog is a {role}")


KNOWN = ModelCatalog((*MISSION_MODELS, *LARGE_MODELS))
"""Every model this service knows by itself, whether it is used or not."""

CATALOG = KNOWN.only(())
"""What is used when nothing is set: the three models of the mission."""


def load_catalog(settings: Settings) -> ModelCatalog:
    """The models this process uses: one for each role, those of ``EMBEDDING_DEPLOYMENT``, and a person's own.

    Raises:
        CatalogInvalid: the file of MODEL_CATALOG, or ``catalog.toml`` in MODELS_DIR, cannot be used.
    """
    deployed = DEPLOYMENTS[settings.embedding_deployment]
    path = Path(settings.model_catalog) if settings.model_catalog else settings.models_dir / "catalog.toml"
    if not settings.model_catalog and not path.exists():
        return KNOWN.only(deployed)
    own = read_catalog_file(path, KNOWN)
    cards = dict(KNOWN) | {card.name: card for card in own.cards}
    added = [card.name for card in own.cards if card.name not in KNOWN]
    return ModelCatalog(cards.values(), own.defaults).only((*deployed, *added))
