"""Which clock a routine keeps to: the likelihood of the same days under several stories.

Every story says at what minute of the wall clock the action is due on each day. A day's action falls around that minute
with one spread for all days, or, with some chance, anywhere within reach: it was skipped and something else is near.
"""

from __future__ import annotations

import numpy as np

from src.domain.events import Float64Array

REACH = 90.0  # minutes from a story's time within which a day's action is told by it
_SPREADS = np.array([3.0, 5.0, 8.0, 12.0, 18.0, 27.0, 40.0])  # minutes
_KEPT = np.array([0.5, 0.7, 0.85, 0.95])  # shares of days that keep to the story
_FAR = 360.0  # minutes over which a day that does not may be spread


def likelihood(off: Float64Array) -> float:
    """Log-likelihood of the best story of its kind, natural logarithm.

    Args:
        off: float64 (n,), minutes from the story's time to each day's action.
    """
    spread, kept = _SPREADS[:, None, None], _KEPT[None, :, None]
    near = np.exp(-0.5 * (off / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
    each = np.log(kept * near + (1 - kept) / _FAR)
    return float(each.sum(axis=2).max())


def steady(minutes: Float64Array) -> float:
    """Log-likelihood of one time for all days.

    Args:
        minutes: float64 (n,), of each day's action, from about that time.
    """
    return likelihood(_centred(minutes))


def moved_once(minutes: Float64Array, least: int) -> float:
    """Log-likelihood of one time until some day and another one from then on, each for at least so many days."""
    best = -np.inf
    for at in np.unique(np.linspace(least, len(minutes) - least, 12).astype(np.int64)).tolist():
        if least <= at <= len(minutes) - least:
            best = max(best, likelihood(np.concatenate([_centred(minutes[:at]), _centred(minutes[at:])])))
    return best


def _centred(minutes: Float64Array) -> Float64Array:
    """Minutes from the median of those that are within reach."""
    near = minutes[np.abs(minutes) <= REACH]
    return minutes - float(np.median(near)) if len(near) else minutes
