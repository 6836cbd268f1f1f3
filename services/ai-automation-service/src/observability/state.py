"""What is so at the moment of a scrape: read then, and not kept in between, so that it is right after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from src.observability.metrics import PREFIX


@dataclass(frozen=True, slots=True)
class StateMetric:
    """A metric that is read.

    Attributes:
        name: in full.
        counter: it only grows while the process lives; else it goes up and down.
    """

    name: str
    told: str
    labels: tuple[str, ...] = ()
    counter: bool = False

    def family(self) -> GaugeMetricFamily | CounterMetricFamily:
        """Without a sample yet."""
        made = CounterMetricFamily if self.counter else GaugeMetricFamily
        return made(self.name, self.told, labels=self.labels)


class Readings:
    """What one scrape read."""

    def __init__(self) -> None:
        self._families: dict[StateMetric, GaugeMetricFamily | CounterMetricFamily] = {}

    def put(self, metric: StateMetric, value: float | None, *labels: str) -> None:
        """One sample; None is left out, because 0 would be an answer."""
        if value is not None:
            self._families.setdefault(metric, metric.family()).add_metric(labels, value)

    def collect(self) -> Iterator[Metric]:
        """As the library's registries have it."""
        yield from self._families.values()


def _of(name: str, told: str, *labels: str, counter: bool = False) -> StateMetric:
    return StateMetric(f"{PREFIX}{name}", told, labels, counter)


QUEUE_SEQUENCES = _of("model_queue_sequences", "Sequences that wait for a model now.", "model")
MODEL_LOADED = _of("model_loaded", "Whether a model is loaded now.", "model")
MODEL_MEMORY = _of(
    "model_memory_bytes", "By which the process grew when a model was loaded; 0 while it is not.", "model"
)
RUN_IN_PROGRESS = _of("run_in_progress", "Whether a run is recorded as running.")
LAST_RUN = _of("last_run_timestamp_seconds", "When the last run ended, however it did.")
LAST_SUCCESS = _of(
    "last_success_timestamp_seconds", "When the run whose patterns are shown succeeded; absent before there is one."
)
NEXT_NIGHTLY = _of("next_nightly_timestamp_seconds", "When the next nightly run is due.")
PATTERNS_TESTED = _of("patterns_tested", "Candidates that the last successful run tested.", "kind")
PATTERNS_KEPT = _of("patterns_kept", "Patterns that the last successful run found.", "kind")
DOWNLOAD_BYTES = _of("download_bytes", "Bytes of a model that were fetched or checked.", "model")
DOWNLOAD_TOTAL = _of("download_total_bytes", "Bytes of all its files, where that is known.", "model")
DOWNLOAD_STAGE = _of("download_stage", "Whether a model's preparation is in that stage.", "model", "stage")
LIVE_CONNECTED = _of("live_connected", "Whether Home Assistant is listened to; absent where none is set.")
LIVE_EVENTS = _of("live_events_total", "Events that this process heard and kept.", counter=True)
LIVE_LAST_EVENT = _of("live_last_event_timestamp_seconds", "The newest event that this process kept.")
MEMORY_LIMIT = _of("memory_limit_bytes", "Memory that the container, or the machine, may hold.")
MEMORY_HELD = _of("memory_held_bytes", "What of it is held and cannot be dropped.")
CPUS_ALLOWED = _of("cpus_allowed", "Processors that this process may use.")
DISK_FREE = _of("disk_free_bytes", "Free space of the disk that a folder is on.", "folder")
INFO = _of("info", "1, with the version as its label.", "version")

STATE = (
    QUEUE_SEQUENCES,
    MODEL_LOADED,
    MODEL_MEMORY,
    RUN_IN_PROGRESS,
    LAST_RUN,
    LAST_SUCCESS,
    NEXT_NIGHTLY,
    PATTERNS_TESTED,
    PATTERNS_KEPT,
    DOWNLOAD_BYTES,
    DOWNLOAD_TOTAL,
    DOWNLOAD_STAGE,
    LIVE_CONNECTED,
    LIVE_EVENTS,
    LIVE_LAST_EVENT,
    MEMORY_LIMIT,
    MEMORY_HELD,
    CPUS_ALLOWED,
    DISK_FREE,
    INFO,
)
"""Every one."""
