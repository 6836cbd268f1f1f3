"""How much of each day's life falls into the dark: what lamps are used for, without any change of habit."""

from __future__ import annotations

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array
from src.domain.local_time import DAY
from src.mining.kind import Home

_BIN = 15  # minutes
_BINS = 1440 // _BIN
_LEAST = 0.01  # of a day's life; less is as good as none
_LIT = frozenset(("light", "switch"))  # a lamp may hang on a switch


def lights_rooms(entity_id: str) -> bool:
    """Whether an entity may be a lamp."""
    return entity_id.partition(".")[0] in _LIT


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
    at = np.unique(changes.thing.astype(np.int64) * (changes.days * _BINS) + np.maximum(minute, 0) // _BIN)
    life = np.bincount(at % _BINS, minlength=_BINS).astype(np.float64)
    life -= life.min()
    if life.sum() <= 0:
        return None
    centres = (np.arange(changes.days * _BINS) + 0.5) * _BIN
    dark = sun.dark(centres).reshape(changes.days, _BINS)
    return np.asarray(np.maximum(dark @ (life / life.sum()), _LEAST), np.float64)
