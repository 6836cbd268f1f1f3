"""The page in a real browser, with a Home Assistant behind it: a routine becomes an automation and is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.analysis.answering import Answers
from src.domain.answers import Reason
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.integration.conftest import Drive
from tests.unit.analysis.deploying_world import DOOR, LAMP, LAMP_ID, Home, deployments, publish
from tests.unit.analysis.worlds import Clockwork
from tests.unit.api.fakes import World, world

pytestmark = pytest.mark.heavy

# What a test does first: the card, its panel, and a way to its buttons.
OPENED = """
const card = (id) => $("#" + id);
const inside = (id, selector) => card(id).querySelector(selector);
const button = (id, text) => [...card(id).querySelectorAll(".automation-buttons button")]
  .find((one) => one.textContent === text);
const open = async (id) => {
  inside(id, ".automation summary").click();
  await until(() => inside(id, ".automation-buttons"));
};
const LAMP = "p_00000000000000a1", DOOR = "p_00000000000000b2";
"""


@pytest.fixture
def home() -> Iterator[Home]:
    with Home() as home:
        yield home


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    publish(store, LAMP, DOOR, now=Clockwork()())
    yield store
    store.close()


@pytest.fixture
def served(tmp_path: Path, store: Store, home: Home) -> World:
    clock = Clockwork()
    works = deployments(store, lambda: HomeAssistant(home.access(timeout=2.0)), clock)
    over = world(tmp_path)
    services = replace(over.services, store=store, deployments=works, answers=Answers(store, clock))
    return replace(over, services=services)


def test_one_is_looked_at_added_switched_off_and_taken_back(drive: Drive, served: World, home: Home) -> None:
    told = drive(
        served,
        OPENED
        + """
        await open(LAMP);
        told.yaml = inside(LAMP, ".code pre").textContent;
        told.before = inside(LAMP, ".standing");
        button(LAMP, "Add it, switched off").click();
        await until(() => inside(LAMP, ".state"));
        told.state = inside(LAMP, ".state").textContent;
        told.verdict = inside(LAMP, ".verdict").textContent;
        told.offered = [...card(LAMP).querySelectorAll(".automation-buttons button")].map((one) => one.textContent);
        told.focused = page().activeElement.textContent;
        button(LAMP, "Take it back").click();
        await until(() => inside(LAMP, ".state").textContent === "Taken back.");
        """,
    )
    assert f"id: {LAMP_ID}" in told.pop("yaml")
    assert told == {
        "before": None,
        "state": "In Home Assistant, switched off.",
        "verdict": "Accepted",
        "offered": ["Copy", "Take it back"],
        "focused": "As an automation",
    }
    assert home.automation_states[0] == "off"
    assert home.automations == {}


def test_what_is_dangerous_is_added_only_when_that_very_thing_was_ticked(
    drive: Drive, served: World, home: Home
) -> None:
    told = drive(
        served,
        OPENED
        + """
        await open(DOOR);
        const add = () => button(DOOR, "Add it, switched off");
        told.finding = inside(DOOR, ".findings .blocks span").textContent;
        told.asked = inside(DOOR, ".confirm").textContent;
        told.disabled = [add().disabled];
        told.hint = inside(DOOR, ".to-confirm").hidden;
        inside(DOOR, ".confirm").click();
        told.disabled.push(add().disabled);
        inside(DOOR, ".confirm").click();
        told.disabled.push(add().disabled);
        inside(DOOR, ".confirm").click();
        add().click();
        await until(() => inside(DOOR, ".state"));
        told.after = [inside(DOOR, ".confirm").hidden, inside(DOOR, ".to-confirm").hidden];
        """,
    )
    assert "Front door" in told["finding"]
    assert told["asked"] == "I want this all the same (lock.front_door:unlock)"
    assert told["disabled"] == [True, False, True]
    assert told["hint"] is False
    assert told["after"] == [True, True]
    assert home.automation == "off"


def test_the_keyboard_alone_is_enough(drive: Drive, served: World) -> None:
    """What can be pressed can be focused, in the order in which it is read, and has a name."""
    told = drive(
        served,
        OPENED
        + """
        await open(DOOR);
        told.order = [...card(DOOR).querySelectorAll("summary, input, pre, button")]
          .filter((one) => one.tabIndex === 0 && one.checkVisibility() && !one.disabled)
          .map((one) => (one.labels?.[0] ?? one).textContent.split("\\n")[0].slice(0, 18));
        """,
    )
    yaml, *rest = told["order"][3:]
    assert told["order"][:3] == ["How this is known", "As an automation", "I want this all th"]
    assert yaml.startswith("id: ai_automation_")
    assert rest == ["Copy", "Accept", "Later", "Reject"]


def test_a_home_assistant_that_goes_away_is_told_where_the_click_was(
    drive: Drive, served: World, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ha = served.services.deployments
    deploy = ha.deploy

    def away(*args: Any, **options: Any) -> Any:
        home.stop()
        return deploy(*args, **options)

    monkeypatch.setattr(ha, "deploy", away)
    told = drive(
        served,
        OPENED
        + """
        await open(LAMP);
        button(LAMP, "Add it, switched off").click();
        await until(() => !$("#notice").hidden);
        told.notice = text("#notice strong");
        const box = $("#notice").getBoundingClientRect();
        told.seen = box.top >= 0 && box.bottom <= frame.contentWindow.innerHeight;
        $("#notice button").click();
        told.closed = $("#notice").hidden;
        card(DOOR).querySelector(".automation summary").click();
        await until(() => inside(DOOR, ".code pre"));
        told.unchecked = inside(DOOR, ".automation-body > p").textContent;
        told.offered = [...card(DOOR).querySelectorAll(".automation-buttons button")].map((one) => one.textContent);
        """,
    )
    assert "cannot be reached: nothing listens there" in told["notice"]
    assert told["seen"]
    assert told["closed"]
    assert told["unchecked"].startswith("It was not checked against a home.")
    assert told["offered"] == ["Copy"]


def test_a_rejection_may_be_explained(drive: Drive, served: World, store: Store) -> None:
    told = drive(
        served,
        OPENED
        + """
        told.before = inside(LAMP, ".reasons").hidden;
        inside(LAMP, ".reject").click();
        await until(() => !inside(LAMP, ".reasons").hidden);
        const [device, night] = inside(LAMP, ".reasons").querySelectorAll("button");
        const kept = async (text) => {
          await until(() => [...inside(LAMP, ".reasons").querySelectorAll("[aria-pressed=true]")]
            .map((one) => one.textContent).join() === text);
        };
        device.click();
        await kept("nothing for this device");
        night.click();
        await kept("nothing for this device,nothing at night");
        device.click();
        await kept("nothing at night");
        let answers = "";
        await until(() => {
          fetch(`/patterns/${LAMP}/feedback`).then((one) => one.text()).then((found) => { answers = found; });
          return answers.includes('["not_at_night"]');
        });
        told.takeable = !inside(LAMP, ".automation").hidden;
        """,
    )
    assert told == {"before": True, "takeable": True}
    assert (Reason.NOT_AT_NIGHT,) in [answer.reasons for answer in store.answers.of(LAMP.id)]


def test_a_phone_needs_no_sideways_scrolling_for_it(drive: Drive, served: World) -> None:
    told = drive(
        served,
        OPENED
        + """
        frame.width = 340;
        await open(LAMP);
        await open(DOOR);
        told.width = page().documentElement.scrollWidth;
        told.cut = $$(".findings li, .code, .automation-buttons").filter((one) => {
          const [box, of] = [one.getBoundingClientRect(), one.closest(".card").getBoundingClientRect()];
          return box.right > of.right || box.left < of.left;
        }).length;
        """,
    )
    assert told["width"] <= 340
    assert told["cut"] == 0
