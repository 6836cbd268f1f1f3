"""Gives the memory of models back: when nobody asks them any more, when something else needs it, or when told to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from src.box.budget import Relief
from src.box.memory import give_back
from src.models.loader import Loaded
from src.models.slot import Slot, Unloading
from src.models.sweeper import Sweeper
from src.observability import metrics

logger = logging.getLogger(__name__)

_SMALL = 4 << 30  # bytes of memory below which models are unloaded when idle, unless the settings say otherwise
_IDLE_WHEN_SMALL = 600.0
_LATELY = 20.0  # seconds for which a model that was used keeps its memory, whatever else needs it


class Unloader:
    """Unloads models, each at a moment in which nobody uses it.

    Args:
        slots: of the models, by name.
        setting: MODEL_IDLE_UNLOAD, in seconds; 0: never; below 0: as the box is.
        memory: bytes this process may have; None: unknown.
    """

    def __init__(self, slots: Mapping[str, Slot[Loaded]], setting: float, memory: Callable[[], int | None]) -> None:
        self._slots = slots
        self._setting = setting
        self._memory = memory
        self._sweeper = Sweeper(self.sweep, period=max(1.0, (self._idle or _IDLE_WHEN_SMALL) / 10))

    def watch(self) -> None:
        """From now on, look now and then for models that are idle, if such are to be unloaded."""
        if self._idle:
            self._sweeper.start()

    def stop(self) -> None:
        """Look no more."""
        self._sweeper.stop()

    def unload(self, name: str, timeout: float) -> Unloading:
        """Unload one because it was asked for; ``in_use`` after so many seconds without such a moment."""
        outcome = self._slots[name].unload(timeout)
        if outcome == "unloaded":
            self._given_up([name], "asked")
        return outcome

    def sweep(self) -> list[str]:
        """Unload all that were not used for as long as the settings, or the size of the box, say; their names."""
        seconds = self._idle
        if not seconds:
            return []
        idle = [name for name, slot in self._slots.items() if slot.unload_idle(seconds) == "unloaded"]
        if idle:
            self._given_up(idle, "idle")
        return idle

    def relieve(self) -> Relief:
        """Unload the one that was not used for the longest, if nobody used it lately."""
        loaded = sorted((slot.used or 0.0, name) for name, slot in self._slots.items() if slot.value is not None)
        for _, name in loaded:
            if self._slots[name].unload_idle(_LATELY) == "unloaded":
                self._given_up([name], "memory")
                return "given_up"
        return "in_use" if loaded else "nothing"

    @property
    def _idle(self) -> float:
        """Seconds without use after which a model is unloaded; 0: never. As the box is now: its limits may change."""
        if self._setting >= 0:
            return self._setting
        bytes_allowed = self._memory()
        return _IDLE_WHEN_SMALL if bytes_allowed is not None and bytes_allowed < _SMALL else 0.0

    def _given_up(self, names: Sequence[str], why: str) -> None:
        give_back()
        for name in names:
            metrics.UNLOADS.labels(name, why).inc()
            logger.info("model_unloaded name=%s why=%s", name, why)
