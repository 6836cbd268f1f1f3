"""Gets a model ready: from the cache, else from the first of its sources that has it."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable

from src.errors import ModelCorrupt, ModelUnavailable
from src.models.cache import Entry, ModelCache
from src.models.catalog import HubSource, ModelCard, Source
from src.models.hub import HubProbe, SourceFailed, downloads_folder, has_downloads
from src.models.prepare import HubAccess, prepare
from src.settings import Settings

logger = logging.getLogger(__name__)


class Acquirer:
    """Acquires models for one process. Threads may ask for different roles at once.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.cache = ModelCache(settings.models_dir)
        self._settings = settings
        self._clock = clock
        self._probe = HubProbe(settings.hf_endpoint, settings.hub_probe_timeout, clock)
        self._downloads = downloads_folder(settings.models_dir)

    def acquire(self, card: ModelCard) -> Entry:
        """The verified entry of a model at the precision of the settings.

        Raises:
            ModelUnavailable: lists every source with the reason it failed for.
        """
        key = card.key(self._settings.quantization)
        tried: list[str] = []
        try:
            if entry := self.cache.find(card.name, key):
                return entry
        except ModelCorrupt as error:
            tried.append(f"cache: {error.message}")
        deadline = self._clock() + self._settings.model_download_timeout
        try:
            with self.cache.lock(card.name, self._settings.model_download_timeout):
                return self._prepare(card, key, deadline, tried)
        except OSError as error:
            tried.append(f"MODELS_DIR {self.cache.root}: {error}")
            raise ModelUnavailable(card.name, tried) from error

    def _prepare(self, card: ModelCard, key: str, deadline: float, tried: list[str]) -> Entry:
        """Inside the lock: another process may have just finished it, or left a broken one."""
        try:
            if entry := self.cache.find(card.name, key):
                return entry
        except ModelCorrupt as error:
            logger.warning("model_corrupt name=%s why=%r", card.name, error.message)
            self.cache.quarantine(card.name, key)
        for source in card.sources:
            if self._settings.quantization not in source.precisions:
                continue
            try:
                return self._from(source, card, key, deadline)
            except SourceFailed as error:
                tried.append(f"{source.name}: {error}")
                logger.warning("model_source_failed name=%s source=%r why=%r", card.name, source.name, str(error))
        raise ModelUnavailable(card.name, tried)

    def _from(self, source: Source, card: ModelCard, key: str, deadline: float) -> Entry:
        unreachable = self._no_hub() if isinstance(source, HubSource) else None
        if unreachable and isinstance(source, HubSource) and not has_downloads(source, self._downloads):
            raise SourceFailed(unreachable)
        remaining = deadline - self._clock()
        if remaining <= 0:
            raise SourceFailed("not tried, MODEL_DOWNLOAD_TIMEOUT is used up")
        logger.info("model_preparing name=%s source=%r precision=%s", card.name, source.name, key)
        settings = self._settings
        access = HubAccess(settings.hf_endpoint, settings.hf_token, self._downloads, unreachable is not None)
        staged = self.cache.stage(card.name)
        try:
            prepare(card, source, settings.quantization, staged, access, remaining)
            entry = self.cache.publish(staged, key)
        except SourceFailed as error:
            raise SourceFailed(f"{unreachable}, and {error}" if unreachable else str(error)) from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        logger.info("model_ready name=%s source=%r bytes=%d", card.name, entry.manifest["source"], entry.size)
        return entry

    def _no_hub(self) -> str | None:
        """Why the hub is not asked; None when it is. Without a hub there may still be earlier downloads."""
        return "HF_HUB_OFFLINE is set" if self._settings.hf_hub_offline else self._probe.failure()
