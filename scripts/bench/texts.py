"""The texts that engines are measured with: sentences as the service writes them, never the same one twice.

Standard library alone, because it runs in every engine's environment. Lengths are in tokens of all-MiniLM-L6-v2,
its two special tokens included: short ones have 12, long ones 40 on the average, each a few more or fewer, as real
sentences have.
"""

from __future__ import annotations

import random
from collections.abc import Callable

_ROOMS = ("kitchen", "hall", "bedroom", "bathroom", "office", "nursery", "garage", "attic", "cellar", "living room")
_THINGS = ("light", "lamp", "fan", "blind", "heater", "speaker", "curtain", "radio", "plug", "dehumidifier")
_PEOPLE = ("Anna", "Tom", "Mia", "Joseph", "Priya", "somebody", "the last person")
_DAYS = ("every day", "on weekdays", "at weekends", "on Fridays", "on Sundays")

QUERY = "Which routines have to do with the lights and the heating in the evening?"


def short(random_: random.Random) -> str:
    """``When Tom comes home, the hall lamp turns on.`` or ``hall lamp on at 07:10 every day``: about 12 tokens."""
    room, thing, verb = random_.choice(_ROOMS), random_.choice(_THINGS), random_.choice(("on", "off"))
    if random_.random() < 0.5:
        return f"When {random_.choice(_PEOPLE)} comes home, the {room} {thing} turns {verb}."
    when = f" {random_.choice(_DAYS)}" if random_.random() < 0.4 else ""
    return f"{room} {thing} {verb} at {_clock(random_)}{when}"


def long(random_: random.Random) -> str:
    """Two causes, two effects and a condition: 40 tokens on the average."""
    first, second, third = random_.sample(_ROOMS, 3)
    one, two = random_.sample(_THINGS, 2)
    who = random_.choice(_PEOPLE)
    cause = random_.choice(("opens the front door", "comes home after work", "leaves the house in a hurry"))
    condition = random_.choice(
        ("", "", " while the sun is below the horizon", " but never on the night before a holiday")
    )
    return (
        f"When {who} {cause} and the {first} {one} is on, the {second} {two} turns off within "
        f"{random_.randrange(2, 90)} minutes and the {third} light turns on at {_clock(random_)}{condition}."
    )


def passage(random_: random.Random) -> str:
    """A pattern as the service describes it."""
    room, thing, verb = random_.choice(_ROOMS), random_.choice(_THINGS), random_.choice(("on", "off"))
    what = f"the {room} {thing} turns {verb}"
    if random_.random() < 0.5:
        return f"The {what[4:]} around {_clock(random_)} {random_.choice(_DAYS)}."
    return f"When {random_.choice(_PEOPLE)} comes home, {what} within {random_.randrange(2, 60)} minutes."


KINDS: dict[str, Callable[[random.Random], str]] = {"short": short, "long": long, "passage": passage}


def texts(kind: str, count: int, seed: object) -> list[str]:
    """``count`` texts of one kind; others for each seed, the same for the same seed on every machine."""
    # A text as a seed is hashed by its content, not by the process.
    random_ = random.Random(f"{kind} {seed}")
    made: dict[str, None] = {}
    while len(made) < count:
        made[KINDS[kind](random_)] = None
    return list(made)


def _clock(random_: random.Random) -> str:
    return f"{random_.randrange(24):02d}:{random_.randrange(60):02d}"
