"""What the page says of each kind of routine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import src.web.page
from src import routine_tables
from src.domain.patterns import Kind, Pattern, PresenceTrigger
from tests.unit.domain import every_kind

FOLDER = Path(src.web.page.__file__).parent
NODE = shutil.which("node")


class Options(HTMLParser):
    """What a page offers to choose, by value."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.labels: dict[str, str] = {}
        self._value: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._value = dict(attrs).get("value") if tag == "option" else None

    def handle_data(self, data: str) -> None:
        if self._value is not None:
            self.labels[self._value] = data
            self._value = None


def words() -> str:
    return (FOLDER / "words.js").read_text("utf-8")


def test_a_kind_is_called_the_same_on_its_card_and_where_it_is_chosen() -> None:
    (table,) = re.findall(r"export const KINDS = \{(.*?)\};", words(), re.DOTALL)
    on_cards = dict(re.findall(r'(\w+): "([^"]+)"', table))
    offered = Options((FOLDER / "index.html").read_text("utf-8")).labels
    assert list(on_cards) == [str(kind) for kind in Kind]
    assert on_cards == {kind: offered[kind] for kind in on_cards}


def test_every_kind_has_its_sign() -> None:
    signs = re.findall(r'<symbol id="([^"]+)"', (FOLDER / "kinds.svg").read_text("utf-8"))
    assert signs == [str(kind) for kind in Kind]


CONDITIONS = (
    {"type": "sun", "is": "below_horizon"},
    {"type": "presence", "is": "somebody_home", "entity_ids": ["person.anna"]},
    {"type": "state", "entity_id": "media_player.tv", "state": "playing"},
    {"type": "time", "weekdays": ["sat", "sun"]},
    {"type": "season", "from": "10-20", "until": None},
)
CONDITIONED = every_kind.CO_OCCURRENCE.with_(conditions=CONDITIONS)
LEAVING = every_kind.PRESENCE.with_(
    trigger=PresenceTrigger("last_leaves", every_kind.PEOPLE, 45.0, 120.0), covered_by="automation.all_off"
)
CHANGED = every_kind.FREQUENCY.with_(evidence=every_kind.evidence(drift="strengthening"))
PATTERNS = [*every_kind.EVERY, LEAVING, CONDITIONED, CHANGED]

SCRIPT = """
import { readFileSync } from "node:fs";
// By its text and not by its name: Node takes a .js file for a module only when a package says so.
const words = await import("data:text/javascript," + encodeURIComponent(readFileSync(process.argv[1], "utf-8")));
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map((pattern) => ({
  evidence: words.evidence(pattern), drift: words.drift(pattern), facts: Object.fromEntries(words.facts(pattern)),
  weekdays: words.weekdays(pattern.trigger), times: words.times(pattern.trigger).map((time) => time.at),
}))));
"""
Said = Callable[[Pattern], Any]


@pytest.fixture(scope="module")
def said() -> Said:
    """What ``words.js`` makes of each pattern, far west of Greenwich."""
    if NODE is None:
        pytest.skip("no JavaScript on this machine")
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", SCRIPT, str(FOLDER / "words.js")],
        input=json.dumps([pattern.to_json() for pattern in PATTERNS]),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={"LC_ALL": "en_GB.UTF-8", "TZ": "America/New_York"},
    )
    answers = json.loads(done.stdout)
    return lambda pattern: answers[PATTERNS.index(pattern)]


@pytest.mark.parametrize(
    ("pattern", "evidence", "fact"),
    [
        (every_kind.TIME_OF_DAY, "19 of 22 weekdays", ("Spread", "± 9 min around 07:10")),
        (every_kind.DAY_TYPE, "19 of 22 days", ("Times", "07:11 on weekdays; 08:29 on weekend days")),
        (every_kind.SOLAR, "19 of 22 days", ("Offset", "12 min after sunset")),
        (every_kind.SEASONAL, "19 of 22 days", ("Spread", "± 9 min around 06:31")),
        (every_kind.CO_OCCURRENCE, "19 of 22 times", ("Begins with", "binary_sensor.front_door → on")),
        (every_kind.PRESENCE, "19 of 22 arrivals", ("Begins with", "person.anna: arrives")),
        (every_kind.THRESHOLD, "19 of 22 crossings", ("Begins with", "sensor.living_room_illuminance < 45.3")),
        (
            every_kind.SEQUENCE,
            "19 of 22 times",
            ("Does", "light.living_room_lamp → off (after 30 s), lock.front_door → locked (after 60 s)"),
        ),
        (every_kind.SCENE, "19 of 22 times", ("Within", "60 s from the first to the last")),
        (every_kind.DURATION, "19 of 22 times", ("Lasts", "about 21 min, ± 9 min")),
    ],
    ids=every_kind.NAMES[:10],
)
def test_a_routine_is_told_with_its_evidence(
    said: Said, pattern: Pattern, evidence: str, fact: tuple[str, str]
) -> None:
    told = said(pattern)
    later = evidence.rpartition(" ")[2].removeprefix("week")
    assert told["evidence"] == f"{evidence}, by chance 1 in 17; again on 6 of 7 later {later}."
    assert told["facts"][fact[0]] == fact[1]
    assert not re.search(r"undefined|NaN|null", json.dumps(told["facts"]) + told["evidence"])


@pytest.mark.parametrize(
    ("pattern", "evidence", "fact"),
    [
        (
            every_kind.FREQUENCY,
            "6.1 times a week since 12 Oct 2025, 2.0 before; by chance less than 1 in 1000.",
            ("About", "switch.washing_machine → on"),
        ),
        (
            every_kind.LEFT_OPEN,
            "It used to end sooner, 19 of 22 times; last left so on 19 Nov 2025.",
            ("Unusual", "longer than 40 min"),
        ),
        (every_kind.MISSED, "It used to happen on 19 of 22 weekdays.", ("Missing since", "12 Nov 2025")),
    ],
    ids=every_kind.NAMES[10:],
)
def test_what_can_only_be_told_says_what_was_usual(
    said: Said, pattern: Pattern, evidence: str, fact: tuple[str, str]
) -> None:
    told = said(pattern)
    assert told["evidence"] == evidence
    assert told["facts"][fact[0]] == fact[1]
    assert not {"Does", "Rate", "Delay"} & set(told["facts"])
    assert told["times"] == []


def test_only_the_clock_is_drawn_on_the_day(said: Said) -> None:
    assert said(every_kind.DAY_TYPE)["times"] == ["07:11:00", "08:29:00"]
    assert said(every_kind.SOLAR)["times"] == []
    assert said(every_kind.SOLAR)["weekdays"] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert said(every_kind.PRESENCE)["weekdays"] is None


def test_who_leaves_is_counted_in_departures(said: Said) -> None:
    told = said(LEAVING)
    assert told["evidence"].startswith("19 of 22 departures, ")
    assert told["facts"]["Already done by"] == "automation.all_off"


def test_every_condition_is_among_the_facts(said: Said) -> None:
    assert said(CONDITIONED)["facts"]["Only"] == (
        "sun below horizon; somebody home (person.anna); media_player.tv is playing; weekend days; from 10-20"
    )
    assert "Only" not in said(every_kind.CO_OCCURRENCE)["facts"]


def test_a_habit_that_changed_is_not_told_to_change_as_well(said: Said) -> None:
    assert said(CHANGED)["drift"] == ""


def test_what_nobody_does_is_called_the_same_on_the_page_and_in_a_terminal() -> None:
    text = (FOLDER / "whys.js").read_text("utf-8")
    (table,) = re.findall(r"const BY_NATURE = \{(.*?)\};", text, re.DOTALL)
    assert dict(re.findall(r'(\w+): "([^"]+)"', table)) == routine_tables._BY_NATURE
