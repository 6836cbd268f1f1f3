"""Instants out of the seconds that Home Assistant counts in, to the microsecond it shows itself.

Since 2025 Home Assistant notes ``time.time()`` as it is, with fractions of a microsecond, and rounds only where it
writes a date. Multiplying such a float by a million rounds twice (at 1.8e15 two floats lie 0.25 apart) and is a
microsecond off for one in eight. So the whole seconds are kept apart, as Python's own ``datetime.fromtimestamp``
does: the same change has the same instant in the recorder's database, over the API and live.
"""

from __future__ import annotations

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array, Int64Array
from src.history.timestamps import INVALID, MISSING, from_utc


def instants_of_seconds(seconds: Float64Array) -> Int64Array:
    """int64 (n,), µs UTC of float64 (n,), s since the epoch. NaN is a time that is missing."""
    usable = np.isfinite(seconds) & (np.abs(seconds) < 1e12)
    known = np.where(usable, seconds, 0.0)
    whole = np.floor(known)
    micro = whole.astype(np.int64) * MICROSECONDS + np.rint((known - whole) * MICROSECONDS).astype(np.int64)
    return from_utc(np.where(usable, micro, np.where(np.isnan(seconds), MISSING, INVALID)))
