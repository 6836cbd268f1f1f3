"""Which models a command is about."""

from __future__ import annotations

from collections.abc import Sequence

from src.models.catalog.model_catalog import DEPLOYMENTS, ModelCard, ModelCatalog, load_catalog
from src.settings import Settings


def all_models(settings: Settings) -> ModelCatalog:
    """Whatever could be used: the service's own models, and those of the person's file."""
    return models_of_deployment("complete", settings)


def models_used(settings: Settings) -> list[ModelCard]:
    """What the service uses with these settings."""
    return list(load_catalog(settings).values())


def models_of_deployment(profile: str, settings: Settings) -> ModelCatalog:
    """What the service would use with that ``EMBEDDING_DEPLOYMENT``."""
    return load_catalog(settings.model_copy(update={"embedding_deployment": profile}))


def models_named(names: Sequence[str], settings: Settings) -> list[ModelCard]:
    """The models of those names or roles, in the order of the names, each once. Raises UnknownModel."""
    catalog = all_models(settings)
    return list({card.name: card for card in (catalog.by_name(name) for name in names)}.values())


def model_named(name: str, settings: Settings) -> ModelCard:
    """The model of that name or role. Raises UnknownModel."""
    return all_models(settings).by_name(name)


def deployments_of(card: ModelCard) -> list[str]:
    """The deployment profiles that have a model."""
    return [profile for profile, names in DEPLOYMENTS.items() if card.name in names]
