"""Which things can be left open, unlocked or on, and how long is too long for one."""

from __future__ import annotations

import re

import numpy as np
from scipy.special import gamma

from src.domain.events import EntityInfo, Float64Array

_CONTACT_CLASSES = frozenset(("door", "garage_door", "lock", "opening", "window"))
_CONTACTS = """
    cabinet contact door doors drawer freezer fridge gate gates lock mailbox opening skylight window windows
    deur fenster fenetre finestra porta porte puerta raam tor tuer tür ventana
"""
_SENSES = """
    alarm battery brightness charging co co2 connectivity gas heat humidity illuminance lux leak light moisture motion
    moving occupancy occupied person pir power presence problem radar rain running smoke sound tamper temperature
    vibration water
"""
_CONTACT_WORDS = frozenset(_CONTACTS.split())
_OTHER_SENSES = frozenset(_SENSES.split())
_ROOM_OR_DOOR = "garage"  # its door, where nothing else is said

# By domain, the states in which a thing is left. What plays or moves on its own is not forgotten by a person.
_LEFT = {
    "climate": ("cool", "heat", "heat_cool"),
    "cover": ("open",),
    "fan": ("on",),
    "humidifier": ("on",),
    "input_boolean": ("on",),
    "light": ("on",),
    "lock": ("open", "unlocked"),
    "switch": ("on",),
    "valve": ("open",),
}

_BRIEF = 600.0  # s, of the median time that something is on
_SHAPES = np.linspace(0.5, 2.0, 151)  # of a Weibull distribution
_VARIATION = np.sqrt(gamma(1 + 2 / _SHAPES) / gamma(1 + 1 / _SHAPES) ** 2 - 1)  # falls as the shape grows
_ROUND_MINUTES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2160, 2880, 4320, 5760, 10080)


def is_contact(info: EntityInfo) -> bool:
    """Whether an entity tells that something is open: by its device class, or without one by its id."""
    if info.domain not in ("binary_sensor", "sensor"):
        return False
    if info.device_class is not None:
        return info.device_class in _CONTACT_CLASSES
    words = [word for word in re.split(r"[_\d]+", info.entity_id.partition(".")[2]) if word]
    told = bool(_CONTACT_WORDS.intersection(words)) or words[-1:] == [_ROOM_OR_DOOR]
    return told and not _OTHER_SENSES.intersection(words)


def can_be_left(info: EntityInfo, state: str) -> bool:
    """Whether a person may forget an entity in a state."""
    if is_contact(info):
        return state in ("on", "open", "unlocked")
    return state in _LEFT.get(info.domain, ())


def used_briefly(info: EntityInfo, former: Float64Array) -> bool:
    """Whether a thing is one that people see to at once, so that a long time means that it was forgotten.

    A contact or a lock is. Of what is turned on or moved that is so if it mostly lasts for some minutes: a lamp of the
    cellar, the hood, the garage door. A lamp that burns through the evenings may as well burn through a night.

    Args:
        former: float64 (n,), s, how long it stayed in that state before; n at least 1.
    """
    return info.domain == "lock" or is_contact(info) or float(np.median(former)) <= _BRIEF


def longer_chance(former: Float64Array, new: Float64Array) -> Float64Array:
    """Chance that an episode lasts at least as long as each new one, as far as the former ones tell.

    The upper half of the logarithms of the former lengths, over their median, is given a Weibull tail. Its shape is
    taken from their variation and then made a standard error heavier: 1 is a Pareto tail of the lengths, about 1.5
    a lognormal one. With the shape given, the chance is the exact predictive one, which pays for the unknown scale
    (an F distribution with 2 and 2k degrees of freedom).

    Args:
        former: float64 (n,), s, positive; n at least 4.
        new: float64 (m,), s.

    Returns:
        float64 (m,), one half for everything up to the median.
    """
    middle = float(np.median(former))
    excess = np.log(former[former > middle] / middle)
    k = len(excess)
    over = np.log(np.maximum(new, middle) / middle)
    if k < 2:
        return np.full(len(new), 0.5)
    excess = np.maximum(excess, 0.02)  # lengths are told in whole seconds, and a tail cannot be a single point
    variation = float(np.std(excess, ddof=1) / excess.mean())
    shape = float(np.interp(-variation, -_VARIATION, _SHAPES))
    shape = max(_SHAPES[0], shape * (1 - 1 / np.sqrt(k)))
    scale = float(np.mean(excess**shape))
    return np.asarray(0.5 * (1 + over**shape / (k * scale)) ** -float(k), np.float64)


def round_limit(former: Float64Array, longest: float) -> float:
    """A round length, s, above which an episode is unusual: about twice what all but one in a hundred lasted.

    Args:
        former: float64 (n,), s.
        longest: s, of the episode that was unusual; the limit is not above it.
    """
    wanted = 2 * float(np.quantile(former, 0.99)) / 60
    fitting = [minutes for minutes in _ROUND_MINUTES if wanted <= minutes <= longest / 60]
    below = [minutes for minutes in _ROUND_MINUTES if minutes <= longest / 60]
    return 60.0 * (fitting[0] if fitting else below[-1])
