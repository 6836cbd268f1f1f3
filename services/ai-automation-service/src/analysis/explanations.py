"""Why nothing is suggested, as a sentence that says what was seen, what is needed, and what would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from src.analysis.names import name_of
from src.domain.events import EntityInfo
from src.domain.patterns import Json, Kind
from src.domain.whys import Why

# How an entity changes that keeps to a routine, to follow "changes".
_HOW = {
    Kind.TIME_OF_DAY: "at a time of day",
    Kind.DAY_TYPE: "at a time that depends on the sort of day",
    Kind.SOLAR: "about so long before or after sunrise or sunset",
    Kind.SEASONAL: "at a time of day in one part of the year",
    Kind.CO_OCCURRENCE: "after something else",
    Kind.PRESENCE: "after somebody comes or goes",
    Kind.THRESHOLD: "after a measurement crosses a level",
    Kind.SEQUENCE: "in a sequence of steps",
    Kind.SCENE: "together with other things",
    Kind.DURATION: "back after about as long each time",
    Kind.FREQUENCY: "more or less often than before",
    Kind.ANOMALY: "in an unusual way",
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


def _how(why: Why) -> str:
    return "regularly" if why.kind is None else _HOW[why.kind]


def _counts(detail: Json) -> str:
    return f"{detail['hits']:,} of {detail['opportunities']:,}"


def _share(detail: Json) -> str:
    return f"{detail['hits'] / max(1, detail['opportunities']):.0%}".replace("%", " %")


def _days(count: int) -> str:
    return f"{count:,} day" if count == 1 else f"{count:,} days"


def _by(why: Why, info: Mapping[str, EntityInfo]) -> str:
    """`` (the hall light, after something else)``: the suggestion that goes before."""
    by = why.detail.get("by")
    return f" ({_name(by['entity_id'], info)}, {_HOW[Kind(by['kind'])]})" if isinstance(by, dict) else ""


def _by_people(why: Why, info: Mapping[str, EntityInfo]) -> str:
    detail = why.detail
    needed = f"on at least {_days(detail['needed'])}"
    if not detail["by_people"]:
        return f"automations made all {detail['changes']:,} changes; changes by people are needed, {needed}"
    return (
        f"people made {detail['by_people']:,} of {detail['changes']:,} changes, on {_days(detail['days'])};"
        f" changes {needed} are needed, and automations made the others"
    )


_Saying = Callable[[Why, Mapping[str, EntityInfo]], str]

_SENTENCES: dict[str, _Saying] = {
    "home_with_too_few_days": lambda why, info: (
        f"its history has events on {_days(why.detail['reached'])}; habits can be told from chance from"
        f" {_days(why.detail['needed'])} on, and better after some weeks"
    ),
    "entity_not_behaviour": lambda why, info: (
        "reports on software, batteries, links or weather, which is nobody's habit"
    ),
    "numeric_entity": lambda why, info: "a measurement, which nobody sets; it may set something off",
    "free_text_entity": lambda why, info: "takes too many different texts to be a habit",
    "never_changes": lambda why, info: "never changed to another state",
    "heartbeat": lambda why, info: "reports at regular gaps around the clock, as devices do and people do not",
    "cannot_be_set": lambda why, info: "a sensor, which nobody can set; it may set something off",
    "sets_off_a_routine": lambda why, info: "sets off a routine that is shown; nobody can set it itself",
    "only_follows_others": lambda why, info: "only follows other devices, as a group does",
    "made_by_automation": _by_people,
    "changes_too_seldom": lambda why, info: (
        f"people changed it on {_days(why.detail['days'])}; at least {why.detail['needed']} are needed"
    ),
    "too_irregular": lambda why, info: (
        f"at best it changes {_how(why)}, on {_counts(why.detail)} occasions ({_share(why.detail)});"
        f" {round(100 * why.detail['needed_rate'])} % are needed"
    ),
    "never_the_same_way_twice": lambda why, info: (
        "keeps to no time of day, to no length of time and to nothing before it often enough to be tested"
    ),
    "could_be_chance": lambda why, info: (
        f"changes {_how(why)}, on {_counts(why.detail)} occasions, but chance would give as much somewhere in a home"
        f" like this (q {why.detail['reached']}, at most {why.detail['needed']} is shown)"
    ),
    "happens_too_seldom": lambda why, info: (
        f"changes {_how(why)} more often than by chance, but only {round(100 * why.detail['reached'])} % of the time;"
        f" {round(100 * why.detail['needed'])} % are needed"
    ),
    "too_few_chances_to_be_sure": lambda why, info: (
        f"changes {_how(why)}, on {_counts(why.detail)} occasions, too few to be sure that it does so"
        f" {round(100 * why.detail['needed'])} % of the time; more days will tell"
    ),
    "not_repeated_on_later_days": lambda why, info: (
        f"changed {_how(why)} on {_counts(why.detail)} occasions at first, but on"
        f" {_counts(why.detail['holdout'])} later, which chance gives too"
    ),
    "fading_on_later_days": lambda why, info: (
        f"changed {_how(why)} on {_counts(why.detail)} occasions at first, but on only"
        f" {_counts(why.detail['holdout'])} lately"
    ),
    "follows_from_its_counterpart": lambda why, info: f"its end follows from its beginning{_by(why, info)}",
    "the_other_direction_is_shown": lambda why, info: f"the same link is shown the other way round{_by(why, info)}",
    "rejected_before": lambda why, info: f"the same was rejected before (“{why.detail['sentence']}”)",
    "not_this_device": lambda why, info: (
        f"nothing that sets it is suggested, as was said when “{why.detail['sentence']}” was rejected"
    ),
    "not_at_night": lambda why, info: (
        f"nothing that happens at night is suggested, as was said when “{why.detail['sentence']}” was rejected"
    ),
    "not_this_kind": lambda why, info: (
        f"no routine of this kind is suggested, as was said when “{why.detail['sentence']}” was rejected"
    ),
    "explained_by_a_simpler_pattern": lambda why, info: f"another suggestion says the same{_by(why, info)}",
}
