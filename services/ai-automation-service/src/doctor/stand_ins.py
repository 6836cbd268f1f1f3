"""What serves in the place of the models that cannot be had; docs/ranking.md and docs/classification.md tell why."""

from __future__ import annotations

from dataclasses import dataclass

from src.models.catalog.model_catalog import HubSource, ModelCard, ModelCatalog, Role, load_catalog
from src.models.download.expected import is_commit
from src.models.download.hub import SourceFailed, downloads_folder
from src.models.download.hub_layout import HubLayout
from src.models.download.wheel import wheel_files
from src.models.prepare.cache import ModelCache
from src.settings import Settings


@dataclass(frozen=True, slots=True)
class StandIn:
    """What becomes of a role without its model.

    Attributes:
        serves: whether another method does the work, if less well; false where it is not done at all.
        method: in words.
    """

    serves: bool
    method: str


@dataclass(frozen=True)
class Absence:
    """The models that are not in the cache.

    Attributes:
        at_hand: name of the source on this machine that a model can be made of without the hub, by the model's name.
        lost: models that only the hub has.
    """

    catalog: ModelCatalog
    at_hand: dict[str, str]
    lost: tuple[ModelCard, ...]

    @classmethod
    def of(cls, settings: Settings) -> Absence:
        """Look at the cache, at what was downloaded, and at the packages that are installed.

        Raises:
            CatalogInvalid
        """
        cache, catalog = ModelCache(settings.models_dir), load_catalog(settings)
        absent = [card for card in catalog.values() if cache.peek(card.name, card.key(settings.quantization)) is None]
        found = {card.name: _source_here(card, settings) for card in absent}
        at_hand = {name: source for name, source in found.items() if source}
        return cls(catalog, at_hand, tuple(card for card in absent if card.name not in at_hand))

    def stand_in(self, card: ModelCard) -> StandIn:
        """What does a lost model's work."""
        if self.catalog[card.role].name != card.name:
            return StandIn(True, "what names it is refused, and all else goes on")
        vectors = self.catalog[Role.EMBEDDING] not in self.lost
        if card.role is Role.RERANKER and vectors:
            return StandIn(True, "similarity by sentence and by word, with the evidence, orders answers instead")
        if card.role is Role.RERANKER:
            return StandIn(True, "the evidence alone orders answers instead")
        if card.role is Role.CLASSIFIER and vectors:
            return StandIn(True, "the embedding model's vectors give category and priority instead")
        if card.role is Role.CLASSIFIER:
            return StandIn(False, "nothing gives patterns a category and a priority")
        return StandIn(False, "nothing finds patterns by what they mean: those with the strongest evidence are taken")

    def told(self) -> str:
        """Every lost model and what does its work."""
        return "; ".join(f"without {card.name}: {self.stand_in(card).method}" for card in self.lost)

    @property
    def served(self) -> bool:
        """Whether something does the work of every lost model."""
        return all(self.stand_in(card).serves for card in self.lost)


def _source_here(card: ModelCard, settings: Settings) -> str:
    """The first source of a model that needs no hub any more; empty when each does."""
    for source in card.sources:
        if settings.quantization not in source.precisions:
            continue
        if isinstance(source, HubSource):
            here = _downloaded(settings, source)
        else:
            try:
                here = bool(wheel_files(source))
            except SourceFailed:
                here = False
        if here:
            return source.name
    return ""


def _downloaded(settings: Settings, source: HubSource) -> bool:
    revision = source.revision or "main"
    try:
        layout = HubLayout(downloads_folder(settings.models_dir), source.repository)
        commit = revision if is_commit(revision) else layout.commit(revision)
        return commit is not None and all(layout.file(commit, file.path).is_file() for file in source.files)
    except (ValueError, OSError):
        return False  # what its download says of it, too
