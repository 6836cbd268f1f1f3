"""Gets a model ready: from the cache, else from the first of its sources that has it."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait

from src.box.budget import Budget
from src.errors import ModelCorrupt, ModelUnavailable
from src.models.catalog.model_card import HubSource, ModelCard, Source
from src.models.download.board import DownloadBoard
from src.models.download.hub import HubProbe, SourceFailed, downloads_folder
from src.models.download.hub_layout import HubLayout, drop_forgotten
from src.models.prepare.announce import Announcer
from src.models.prepare.cache import Entry, ModelCache
from src.models.prepare.children import Children
from src.models.prepare.preparation import Bounds, HubAccess, prepare
from src.settings import Settings

logger = logging.getLogger(__name__)

_REMOVING = 1.0  # seconds to remove what was written of a model


class Acquirer:
    """Acquires models for one process. Threads may ask for different models, or the same, at once.

    Partial downloads that nobody came back to for a week are removed when it is made.

    Args:
        clock: seconds, monotonic.
        board: where each preparation is posted; None: one of its own.
        budget: that the memory of conversions is taken from; None: one of its own.

    Attributes:
        board: the same.
        cache: the folder of ready models.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        board: DownloadBoard | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.cache = ModelCache(settings.models_dir)
        self.board = board or DownloadBoard()
        self._settings = settings
        self._clock = clock
        self._probe = HubProbe(settings.hf_endpoint, settings.hub_probe_timeout, clock)
        self._downloads = downloads_folder(settings.models_dir)
        drop_forgotten(self._downloads, time.time())
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Entry]] = {}
        self._children = Children()
        self._budget = budget or Budget()

    def acquire(self, card: ModelCard) -> Entry:
        """The verified entry of a model at the precision of the settings.

        Raises:
            ModelUnavailable: lists every source with the reason it failed for.
        """
        key = card.key(self._settings.quantization)
        damage: str | None = None
        try:
            if entry := self.cache.find(card.name, key):
                return entry
        except ModelCorrupt as error:
            damage = f"cache: {error.message}"
        with self._lock:
            shared = self._under_way.get(card.name)
            if shared is None:
                mine = self._under_way[card.name] = Future()
        if shared is not None:
            return _result(shared)
        try:
            mine.set_result(self._acquire(card, key, [damage] if damage else []))
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._under_way[card.name]
        return mine.result()

    def close(self, timeout: float = _REMOVING) -> None:
        """Break off what is being prepared and have it removed, for which whoever waits gets ``timeout`` s; begin no
        more."""
        self._children.end()
        with self._lock:
            under_way = list(self._under_way.values())
        wait(under_way, timeout)

    def _acquire(self, card: ModelCard, key: str, tried: list[str]) -> Entry:
        """In the one thread that prepares this model."""
        deadline = self._clock() + self._settings.model_download_timeout
        announcer = Announcer(card, self.board, self._clock)
        try:
            with self.cache.lock(card.name, self._settings.model_download_timeout, announcer.waiting):
                entry = self._prepare(card, key, deadline, tried, announcer)
        except OSError as error:
            tried.append(f"MODELS_DIR {self.cache.root}: {error}")
            failure = ModelUnavailable(card.name, tried)
            announcer.failed(failure.message)
            raise failure from error
        except ModelUnavailable as error:
            announcer.failed(error.message)
            raise
        announcer.done()
        return entry

    def _prepare(self, card: ModelCard, key: str, deadline: float, tried: list[str], announcer: Announcer) -> Entry:
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
            announcer.source(source.name)
            try:
                return self._from(source, card, key, deadline, announcer)
            except SourceFailed as error:
                tried.append(f"{source.name}: {error}")
                logger.warning("model_source_failed name=%s source=%r why=%r", card.name, source.name, str(error))
        raise ModelUnavailable(card.name, tried)

    def _from(self, source: Source, card: ModelCard, key: str, deadline: float, announcer: Announcer) -> Entry:
        unreachable = self._no_hub(source) if isinstance(source, HubSource) else None
        remaining = deadline - self._clock()
        if remaining <= 0:
            raise SourceFailed("not tried, MODEL_DOWNLOAD_TIMEOUT is used up")
        logger.info("model_preparing name=%s source=%r precision=%s", card.name, source.name, key)
        settings = self._settings
        access = HubAccess(
            settings.hf_endpoint,
            settings.hf_token,
            self._downloads,
            local=unreachable is not None,
            retries=settings.model_download_retries,
        )
        bounds = Bounds(remaining, settings.model_convert_memory * 1_000_000)
        staged = self.cache.stage(card.name)
        try:
            prepare(
                card,
                source,
                settings.quantization,
                staged,
                access,
                bounds,
                announcer.progress,
                settings.model_convert_python or sys.executable,
                self._children,
                self._budget,
            )
            entry = self.cache.publish(staged, key)
        except SourceFailed as error:
            raise SourceFailed(f"{unreachable}, and {error}" if unreachable else str(error)) from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        logger.info("model_ready name=%s source=%r bytes=%d", card.name, entry.manifest["source"], entry.size)
        return entry

    def _no_hub(self, source: HubSource) -> str | None:
        """Why the hub is not asked; None when it may be.

        Raises:
            SourceFailed: it cannot be asked, and nothing of the source was downloaded before.
        """
        try:
            layout = HubLayout(self._downloads, source.repository)
            pinned = source.revision
            complete = pinned and all(layout.file(pinned, file.path).is_file() for file in source.files)
        except ValueError as error:
            raise SourceFailed(str(error)) from error
        offline = "HF_HUB_OFFLINE is set" if self._settings.hf_hub_offline else None
        if complete:
            return offline  # there is no question to ask
        why = offline or self._probe.failure()
        if why and not layout.exists:
            raise SourceFailed(why)
        return why


def _result(shared: Future[Entry]) -> Entry:
    """What the other thread got."""
    try:
        return shared.result()
    except ModelUnavailable as error:
        # A new one: threads must not share a traceback.
        raise ModelUnavailable(error.about or "", error.tried) from None
