"""The labelled set of ``measure_ranking.py``: a home's routines, questions to them, and who answers what.

Three files in ``scripts/data``:

- ``ranking_entities.csv``: the home. ``thing`` says what an entity is (``nightlight``, ``boiler``), ``room`` where,
  ``owner`` whose.
- ``ranking_routines.csv``: what the service could have found there. Sentences are not stored: the service's own
  ``describe`` writes them. The evidence of each routine, and how often it was kept on later days, were measured on a
  routine mined from a simulated home.
- ``ranking_questions.csv``: what people ask, which half it is in, and what they mean by it (:func:`grade`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from src.analysis.sentences import describe
from src.domain.events import EntityInfo
from src.domain.patterns import WEEKDAYS, Action, Evidence, Holdout, Kind, Pattern, StateTrigger, TimeTrigger

DATA = Path(__file__).resolve().parent / "data"
SPLITS = ("tuning", "held_out")

FULL, NEAR, NOT = 2, 1, 0  # grades, of a clause and of a routine

# What a routine is good for, decided by what it does, as docs/classification.md has it; "?" marks what is only near.
PURPOSES: Mapping[str, str] = {
    "energy": (
        "light:off outlight:off tv:off thermostat:off aircon:off boiler:off boiler:eco towelrail:off computer:off "
        "gamepc:off console:off printer:off iron:off hairtool:off oven:off coffee:off sauna:off poolpump:off "
        "carcharger:off heatedblanket:off patioheater:off dehumidifier:off fan:off festive:off "
        "?thermostat:heat ?aircon:cool ?boiler:on ?boiler:electric ?towelrail:on ?sauna:on ?patioheater:on "
        "?carcharger:on ?dryer:on ?poolpump:on ?dehumidifier:on ?dishwasher:on ?washer:on ?oven:on"
    ),
    "security": (
        "lock:locked alarm:armed_* camera:on siren:on garagedoor:closed gate:closed "
        "?outlight:on ?window:off ?watervalve:closed ?coop:closed ?babymonitor:on"
    ),
    "comfort": (
        "light:on blind:open blind:closed thermostat:heat aircon:cool fan:on music:playing heatedblanket:on "
        "towelrail:on cosyscene:on dinnerscene:on wakescript:on "
        "?nightlight:on ?tv:on ?awning:open ?humidifier:on ?purifier:on ?patioheater:on ?whitenoise:playing "
        "?sauna:on ?outlight:on ?boiler:on"
    ),
    "effort": (
        "vacuum:cleaning mower:mowing dishwasher:on washer:on dryer:on sprinkler:on sprinkler:open petfeeder:on "
        "coffee:on coop:open coop:closed "
        "?kettle:on ?toaster:on ?petwater:on ?iron:on ?vacuum:docked ?mower:docked ?sprinkler:off ?sprinkler:closed"
    ),
}

_DAYS: Mapping[str, tuple[str, ...]] = {"all": WEEKDAYS, "wd": WEEKDAYS[:5], "we": WEEKDAYS[5:]}
_UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Thing:
    """An entity, as the questions speak of it: what it is, where, and whose (empty for nobody's)."""

    info: EntityInfo
    thing: str
    room: str
    owner: str


@dataclass(frozen=True, slots=True)
class Routine:
    """A routine of the home.

    Attributes:
        worth: 0 to 1, by how much it was kept more often on later days than chance would give.
        facets: for each of its actions, what a question can ask of it: values by facet.
    """

    pattern: Pattern
    worth: float
    facets: tuple[Mapping[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, and what they mean by it."""

    split: str
    text: str
    wants: str


@dataclass(frozen=True, slots=True)
class RankingSet:
    """The whole set."""

    routines: tuple[Routine, ...]
    questions: tuple[Question, ...]


def read_set(folder: Path = DATA) -> RankingSet:
    """Raises ValueError for a routine or a question that cannot be read, KeyError for an unknown entity."""
    things = {
        row["entity_id"]: Thing(
            EntityInfo(
                row["entity_id"],
                name=row["name"] or None,
                area=row["room"],
                device_class=row["device_class"] or None,
            ),
            row["thing"],
            row["room"],
            row["owner"],
        )
        for row in _rows(folder / "ranking_entities.csv")
    }
    routines = tuple(_routine(row, things) for row in _rows(folder / "ranking_routines.csv"))
    questions = tuple(
        Question(row["split"], row["question"], row["wants"]) for row in _rows(folder / "ranking_questions.csv")
    )
    for question in questions:
        if question.split not in SPLITS:
            raise ValueError(f"{question.text!r} is in no half: {question.split!r}")
    return RankingSet(routines, questions)


def grade(wants: str, routine: Routine) -> int:
    """How well a routine answers: 2 is what was asked for, 1 is near it, 0 is neither.

    ``wants`` is a list of alternatives between ``|``, of which the best counts, and each is a list of clauses between
    ``;``. A clause is a facet, ``=`` or ``~``, and accepted values between commas; ``*`` stands for anything, and
    a value after ``?`` is only near. Facets: ``does`` (``thing:state`` of an action), ``cause`` (the same of the
    trigger, or ``clock``), ``any`` (either), ``room`` (of the action), ``at`` (``18:00-23:00``), ``days``, ``who``
    (owner of either) and ``purpose``. All clauses met is 2; one met only nearly, or one with ``~`` not met, is 1.
    When a routine without a time of day happens is not known, which is near any time.
    """
    return max(_alternative(alternative, facets) for alternative in wants.split("|") for facets in routine.facets)


def _alternative(alternative: str, facets: Mapping[str, frozenset[str]]) -> int:
    short = 0
    for clause in alternative.split(";"):
        may_miss = "~" in clause
        facet, values = (part.strip() for part in clause.split("~" if may_miss else "=", 1))
        met = _clause(facet, [value.strip() for value in values.split(",")], facets)
        if met == NOT and not may_miss:
            return NOT
        short += met != FULL
    return (FULL, NEAR, NOT)[min(short, 2)]


def _clause(facet: str, accepted: list[str], facets: Mapping[str, frozenset[str]]) -> int:
    if facet == "purpose":
        facet, accepted = "does", [value for purpose in accepted for value in PURPOSES[purpose].split()]
    if facet not in facets:
        raise ValueError(f"unknown facet {facet!r}")
    values = facets[facet]
    if not values and facet in ("at", "days"):
        return NEAR
    best = NOT
    for each in accepted:
        wanted = each.removeprefix("?")
        if any(_in_span(value, wanted) if facet == "at" else fnmatchcase(value, wanted) for value in values):
            best = max(best, NEAR if each.startswith("?") else FULL)
    return best


def _in_span(at: str, span: str) -> bool:
    """Whether ``HH:MM`` lies in ``HH:MM-HH:MM``, over midnight too; both ends belong to it."""
    begin, _, end = span.partition("-")
    return begin <= at <= end if begin <= end else at >= begin or at <= end


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _routine(row: Mapping[str, str], things: Mapping[str, Thing]) -> Routine:
    named = (action.partition(" ") for action in row["actions"].split(", "))
    actions = tuple(Action(entity_id, to) for entity_id, _, to in named)
    first, *rest = row["trigger"].split()
    cause: Thing | None = None
    trigger: TimeTrigger | StateTrigger
    if first in things:
        to, within = rest
        seconds = int(within[:-1]) * _UNITS[within[-1]]
        cause = things[first]
        trigger = StateTrigger(first, to, delay_seconds=seconds / 2, within_seconds=seconds)
    else:
        days = _DAYS.get(rest[0]) or tuple(day for day in WEEKDAYS if day in rest[0].split("+"))
        trigger = TimeTrigger(f"{first}:00", days)
    pattern = Pattern(
        id=row["id"],
        kind=Kind.TIME_OF_DAY if cause is None else Kind.CO_OCCURRENCE,
        trigger=trigger,
        actions=actions,
        evidence=_evidence(float(row["rate_low"]), float(row["expected_rate"])),
    )
    kept = int(row["later_hits"]) / int(row["later_opportunities"])
    return Routine(
        pattern=pattern.with_(sentence=describe(pattern, {id_: thing.info for id_, thing in things.items()})),
        worth=max(0.0, kept - float(row["expected_rate"])),
        facets=tuple(_facets(trigger, cause, action, things[action.entity_id]) for action in actions),
    )


def _evidence(rate_low: float, expected_rate: float) -> Evidence:
    """Evidence of which only the two figures that rank are known."""
    return Evidence(
        hits=0,
        opportunities=0,
        rate=rate_low,
        rate_low=rate_low,
        rate_high=1.0,
        expected_rate=expected_rate,
        lift=rate_low / max(expected_rate, 1e-3),
        p_value=0.0,
        q_value=0.0,
        holdout=Holdout(0, 0),
        spread_minutes=0.0,
        first_seen="",
        last_seen="",
    )


def _facets(
    trigger: TimeTrigger | StateTrigger, cause: Thing | None, action: Action, thing: Thing
) -> Mapping[str, frozenset[str]]:
    does = f"{thing.thing}:{action.to}"
    caused = "clock"
    at: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    if isinstance(trigger, StateTrigger):
        assert cause is not None
        caused = f"{cause.thing}:{trigger.to}"
    else:
        at = frozenset({trigger.at[:5]})
        days = _days(trigger.weekdays)
    return {
        "does": frozenset({does}),
        "cause": frozenset({caused}),
        "any": frozenset({does, caused}),
        "room": frozenset({thing.room}),
        "at": at,
        "days": days,
        "who": frozenset({owner for owner in (thing.owner, cause.owner if cause else "") if owner}),
    }


def _days(weekdays: tuple[str, ...]) -> frozenset[str]:
    """``daily``, ``weekday`` for any of Monday to Friday, ``weekend`` for both days of it; and few days by name."""
    if len(weekdays) == 7:
        return frozenset({"daily"})
    named = frozenset(weekdays if len(weekdays) < 5 else ())
    if set(weekdays) <= set(_DAYS["wd"]):
        return named | {"weekday"}
    return named | ({"weekend"} if weekdays == _DAYS["we"] else set())
