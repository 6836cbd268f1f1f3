"""What is told of a model to whoever asks how it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from src.domain.patterns import Json
from src.models.catalog.model_card import Precision
from src.models.catalog.model_catalog import ModelCard
from src.models.loader import Loaded, LoadRecord
from src.models.slot import Slot


@dataclass(frozen=True, slots=True)
class LastError:
    """The last thing that went wrong with a model: its load, or its use.

    Attributes:
        at: seconds since the epoch.
    """

    at: float
    message: str


def model_info(
    card: ModelCard,
    precision: Precision,
    slot: Slot[Loaded],
    manifest: Json | None,
    record: LoadRecord | None,
    last_error: LastError | None,
    *,
    since_epoch: float,
) -> Json:
    """State, origin and cost of one model. Times are UTC, ISO 8601; what is not known is None.

    ``memory_bytes`` is by how much the process grew when the model was set up and answered one text,
    ``anonymous_bytes`` the part of it that is no page of a file; more and longer texts take some on top. Both, and
    ``load_seconds``, are of the last load and stay after an unload. ``error`` says why the last load failed; it is
    tried again by the first call after ``retry_at``. ``last_error`` stays when the model answers again.

    Args:
        manifest: of its cache entry, if it has one.
        record: of its last load.
        since_epoch: what to add to a time of the slot's clock to have seconds since the epoch.
    """
    known = manifest or {}
    outputs = known.get("outputs", {}).values()
    failure, used = slot.failure, slot.used
    return {
        "name": card.name,
        "role": card.role.value,
        "model": card.model,
        "state": slot.state,
        "source": known.get("source"),
        "revision": known.get("revision", card.revision),
        "precision": known.get("served", precision),
        "size_bytes": sum(int(output["bytes"]) for output in outputs) if manifest else None,
        "load_seconds": record.seconds if record else None,
        "memory_bytes": record.memory_bytes if record else None,
        "anonymous_bytes": record.anonymous_bytes if record else None,
        "parity": known.get("parity"),
        "in_use": slot.leases,
        "last_used": None if used is None else _utc(used + since_epoch),
        "error": failure.error.message if failure else None,
        "retry_at": _utc(failure.until + since_epoch) if failure else None,
        "last_error": {"at": _utc(last_error.at), "message": last_error.message} if last_error else None,
        "licence": card.licence,
    }


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
