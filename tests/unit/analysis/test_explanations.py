"""Why nothing is suggested, in words that a person can follow."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import src.mining
from src.analysis import explanations
from src.analysis.explanations import explain, explained
from src.domain.events import EntityInfo
from src.domain.patterns import Kind
from src.domain.whys import Why

LAMP = "light.reading_lamp"
INFO = {each.entity_id: each for each in (EntityInfo(LAMP), EntityInfo("light.hall"))}

# What mining tells with every reason, with numbers that are seen in a home.
NEAR: dict[str, Any] = {
    "reached": 0.41,
    "needed": 0.5,
    "hits": 1300,
    "opportunities": 2680,
    "holdout": {"hits": 3, "opportunities": 12},
}
BY: dict[str, Any] = {"by": {"kind": "time_of_day", "entity_id": "light.hall", "to": "on"}}


def why(reason: str, kind: Kind | None = None, entity_id: str | None = LAMP, **detail: Any) -> Why:
    return Why(entity_id, reason, kind, detail)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (why("cannot_be_set"), "The reading lamp: a sensor, which nobody can set; it may set something off."),
        (
            why("made_by_automation", changes=2673, by_people=0, days=0, needed=5),
            "The reading lamp: automations made all 2,673 changes; changes by people are needed, on at least 5 days.",
        ),
        (
            why("made_by_automation", changes=2673, by_people=4, days=1, needed=5),
            "The reading lamp: people made 4 of 2,673 changes, on 1 day; changes on at least 5 days are needed,"
            " and automations made the others.",
        ),
        (
            why("changes_too_seldom", changes=3, by_people=3, days=3, needed=5),
            "The reading lamp: people changed it on 3 days; at least 5 are needed.",
        ),
        (
            why("too_irregular", Kind.CO_OCCURRENCE, hits=130, opportunities=768, needed_rate=0.5),
            "The reading lamp: at best it changes after something else, on 130 of 768 occasions (17 %);"
            " 50 % are needed.",
        ),
        (
            why("happens_too_seldom", Kind.SOLAR, **NEAR),
            "The reading lamp: changes about so long before or after sunrise or sunset more often than by chance,"
            " but only 41 % of the time; 50 % are needed.",
        ),
        (
            why("fading_on_later_days", Kind.DURATION, **NEAR),
            "The reading lamp: changed back after about as long each time on 1,300 of 2,680 occasions at first, but on"
            " only 3 of 12 lately.",
        ),
        (
            why("explained_by_a_simpler_pattern", Kind.SCENE, **BY),
            "The reading lamp: another suggestion says the same (the hall light, at a time of day).",
        ),
        (
            why("home_with_too_few_days", entity_id=None, reached=1, needed=7),
            "This home: its history has events on 1 day; habits can be told from chance from 7 days on,"
            " and better after some weeks.",
        ),
        (why("struck_by_lightning"), "The reading lamp: left out (struck by lightning)."),
    ],
    ids=lambda value: value.reason if isinstance(value, Why) else "",
)
def test_a_reason_says_what_was_seen_and_what_is_needed(reason: Why, sentence: str) -> None:
    assert explain(reason, INFO) == sentence


def test_every_kind_that_came_near_is_said_in_its_own_words() -> None:
    said = {explain(why("could_be_chance", kind, **NEAR), INFO) for kind in Kind}
    assert len(said) == len(Kind)
    assert all(
        re.fullmatch(r"The reading lamp: changes [a-z ]+, on 1,300 of 2,680 occasions, but .+\.", each) for each in said
    )


def test_every_reason_of_mining_has_words() -> None:
    tree = ast.parse((Path(src.mining.__file__).parent / "whys.py").read_text("utf-8"))
    given = {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    reasons = {each for each in given if re.fullmatch(r"[a-z]+(_[a-z]+){2,}", each)}
    assert {"too_few_chances_to_be_sure", "cannot_be_set"} <= reasons
    assert reasons <= set(explanations._SENTENCES)


def test_no_reason_reads_as_a_list_of_colons() -> None:
    detail = {
        **NEAR,
        **BY,
        "changes": 9,
        "by_people": 3,
        "days": 2,
        "needed_rate": 0.5,
        "sentence": "The lamp turns on.",
    }
    for reason in explanations._SENTENCES:
        (told,) = explained([why(reason, Kind.PRESENCE, **detail)], INFO)
        assert told.sentence.count(":") == 1
        assert told.sentence.endswith(".")
        assert "_" not in told.sentence
