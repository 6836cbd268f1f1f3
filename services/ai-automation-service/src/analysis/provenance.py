"""What a run was made from and by which versions, so that its record can be read years later."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from src import __version__
from src.domain.events import EventLog
from src.domain.local_time import isoformat
from src.domain.patterns import Json


def log_inputs(log: EventLog) -> Json:
    """Span, size and fingerprint of the events that were mined."""
    first, last = log.span
    return {
        "span": {"start": isoformat(first, log.time_zone), "end": isoformat(last, log.time_zone)} if len(log) else None,
        "events": len(log),
        "entities": entity_count(log),
        "time_zone": log.time_zone,
        "log_sha256": fingerprint(log),
    }


def entity_count(log: EventLog) -> int:
    """Entities that have an event in the log."""
    return int(np.count_nonzero(np.bincount(log.entity))) if len(log) else 0


def fingerprint(log: EventLog) -> str:
    """sha256 over the columns and their dictionaries: equal for the same events read in the same way."""
    digest = hashlib.sha256(json.dumps([log.entities, log.states, log.time_zone, log.position]).encode())
    for column in (log.time, log.entity, log.state, log.origin):
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def software_versions() -> Json:
    """Of the service and of what its numbers depend on."""
    return {
        "service": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "openvino": _installed("openvino"),
    }


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
