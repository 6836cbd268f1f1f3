"""How much of each day's life falls into the dark: what lamps are used for, without any change of habit."""

from __future__ import annotations

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array
from src.domain.local_time import DAY
from src.mining.kind import Home

_BIN = 15  # minutes
_BINS = 1440 // _BIN
_LEAST = 0.01  # of a day's life; less is as good as none
_LAMPS = frozenset(("light", "switch"))  # a lamp may hang on a switch


def dark_share(home: Home) -> Float64Array | None:
    """float64 (days,), above 0: share of the home's usual day during which the sun is down, on each local day.

    The usual day is how much of the home changes at each time of the day, on all days together, beyond what goes on
    at its quietest. So it follows from the sun alone and not from what people did on a day. None where nothing tells
    where the home is.
    """
    changes, sun = home.changes, home.sun
    if sun is None:
        return None
    minute = changes.local // (60 * MICROSECONDS) - changes.first_day * 1440
    bins = changes.days * _BINS
    alive = np.zeros(len(changes.things) * bins, np.bool_)
    alive[changes.thing.astype(np.int64) * bins + np.minimum(np.maximum(minute, 0) // _BIN, bins - 1)] = True
    life = alive.reshape(-1, _BINS).sum(axis=0).astype(np.float64)
    life -= life.min()
    if life.sum() <= 0:
        return None
    centres = (np.arange(changes.days * _BINS, dtype=np.float64) + 0.5) * _BIN
    dark = sun.dark(centres).reshape(changes.days, _BINS)
    return np.asarray(np.maximum(dark @ (life / life.sum()), _LEAST), np.float64)


def used_for_light(home: Home, code: int, dark: Float64Array) -> bool:
    """Whether a thing may be a lamp, and is used in the dark far more than the rest of the home.

    Args:
        code: of the thing.
        dark: float64 (days,), of :func:`dark_share`.
    """
    changes = home.changes
    if home.sun is None or changes.things[code].entity_id.partition(".")[0] not in _LAMPS:
        return False
    local = changes.local[changes.of(code)] - changes.first_day * DAY
    if len(local) == 0:
        return False
    own = float(home.sun.dark(local / (60.0 * MICROSECONDS)).mean())
    return own > float(dark[np.clip(local // DAY, 0, changes.days - 1)].mean() + 1) / 2
