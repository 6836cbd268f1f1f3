"""Why nothing is suggested, as a sentence that says what was seen, what is needed, and what would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from src.analysis.names import name_of
from src.domain.events import EntityInfo
from src.domain.patterns import Json, Kind
from src.domain.whys import Why

_CLAIM = {
    Kind.TIME_OF_DAY: "a time of day",
    Kind.DAY_TYPE: "a time that depends on the sort of day",
    Kind.SOLAR: "a time before or after sunrise or sunset",
    Kind.SEASONAL: "a time of day in one part of the year",
    Kind.CO_OCCURRENCE: "something that comes before it",
    Kind.PRESENCE: "somebody who comes or goes",
    Kind.THRESHOLD: "a measurement that crosses a level",
    Kind.SEQUENCE: "a sequence of steps",
    Kind.SCENE: "things that are set together",
    Kind.DURATION: "how long it lasts",
    Kind.FREQUENCY: "how often it happens",
    Kind.ANOMALY: "something out of the ordinary",
}


def explained(whys: Sequence[Why], info: Mapping[str, EntityInfo]) -> tuple[Why, ...]:
    """The same with their sentences."""
    return tuple(replace(why, sentence=explain(why, info)) for why in whys)


def explain(why: Why, info: Mapping[str, EntityInfo]) -> str:
    """A plain English sentence or two. A reason that is not known by name is said by its code."""
    said = _SENTENCES.get(why.reason)
    who = "This home" if why.entity_id is None else _name(why.entity_id, info)
    text = f"left out ({why.reason.replace('_', ' ')})" if said is None else said(why, info)
    return f"{who[:1].upper()}{who[1:]}: {text}."


def _name(entity_id: str, info: Mapping[str, EntityInfo]) -> str:
    return name_of(info.get(entity_id) or EntityInfo(entity_id), info.values()).text


def _claim(why: Why) -> str:
    return "a routine" if why.kind is None else _CLAIM[why.kind]


def _counts(detail: Json) -> str:
    return f"{detail['hits']} of {detail['opportunities']}"


def _by(why: Why, info: Mapping[str, EntityInfo]) -> str:
    by = why.detail.get("by")
    return f" ({_name(by['entity_id'], info)}, {_CLAIM[Kind(by['kind'])]})" if isinstance(by, dict) else ""


_Saying = Callable[[Why, Mapping[str, EntityInfo]], str]

_SENTENCES: dict[str, _Saying] = {
    "home_with_too_few_days": lambda why, info: (
        f"events on {why.detail['reached']} days; habits can be told from chance from {why.detail['needed']} days on,"
        " and better after some weeks"
    ),
    "entity_not_behaviour": lambda why, info: (
        "reports on software, batteries, links or weather, which is nobody's habit"
    ),
    "numeric_entity": lambda why, info: "a measurement; it may set something off, but nobody sets it",
    "free_text_entity": lambda why, info: "takes too many different texts to be a habit",
    "never_changes": lambda why, info: "never changed to another state",
    "heartbeat": lambda why, info: "reports at regular gaps around the clock, as devices do and people do not",
    "cannot_be_set": lambda why, info: "a sensor: it may set something off, but nobody can set it",
    "sets_off_a_routine": lambda why, info: "sets off a routine that is shown; nobody can set it itself",
    "only_follows_others": lambda why, info: "only follows other devices, as a group does",
    "made_by_automation": lambda why, info: (
        f"{why.detail['by_people']} of {why.detail['changes']} changes were made by people, on {why.detail['days']}"
        f" days ({why.detail['needed']} are needed); automations made the others"
    ),
    "changes_too_seldom": lambda why, info: (
        f"people changed it on {why.detail['days']} days; {why.detail['needed']} are needed"
    ),
    "too_irregular": lambda why, info: (
        f"the nearest to a habit was {_claim(why)}, which held {_counts(why.detail)} times;"
        f" {round(100 * why.detail['needed_rate'])} % are needed"
    ),
    "never_the_same_way_twice": lambda why, info: (
        "no time of day, no duration and nothing before it comes back often enough to be tested"
    ),
    "could_be_chance": lambda why, info: (
        f"{_claim(why)} held {_counts(why.detail)} times, but chance would give as much somewhere in a home like this"
        f" (q {why.detail['reached']}, at most {why.detail['needed']} is shown)"
    ),
    "happens_too_seldom": lambda why, info: (
        f"{_claim(why)} is no chance, but holds only {round(100 * why.detail['reached'])} % of the time"
        f" ({round(100 * why.detail['needed'])} % are needed)"
    ),
    "too_few_chances_to_be_sure": lambda why, info: (
        f"{_claim(why)} held {_counts(why.detail)} times, too few to be sure that it does so"
        f" {round(100 * why.detail['needed'])} % of the time; more days will tell"
    ),
    "not_repeated_on_later_days": lambda why, info: (
        f"{_claim(why)} held {_counts(why.detail)} times at first, and"
        f" {_counts(why.detail['holdout'])} on the later days, which chance gives too"
    ),
    "fading_on_later_days": lambda why, info: (
        f"{_claim(why)} held {_counts(why.detail)} times at first, and only {_counts(why.detail['holdout'])} lately"
    ),
    "follows_from_its_counterpart": lambda why, info: f"its end follows from its beginning{_by(why, info)}",
    "the_other_direction_is_shown": lambda why, info: f"the same link is shown the other way round{_by(why, info)}",
    "explained_by_a_simpler_pattern": lambda why, info: f"another suggestion explains the same{_by(why, info)}",
}
