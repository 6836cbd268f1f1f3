"""The page in a real browser: what people see, and what their clicks do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import src.api.health
import src.api.patterns
from src.analysis.pipeline import DetectRequest
from src.domain.patterns import Status
from src.domain.runs import RunTrigger, Shortlist
from src.domain.whys import Why
from src.errors import NoHistory
from tests.integration.conftest import Drive
from tests.unit.api.fakes import HALL, KITCHEN, World, world
from tests.unit.domain import every_kind

pytestmark = pytest.mark.heavy


def finished_run(home: World, *shortlists: Shortlist) -> None:
    """One run that has ended, as if it had been asked for before."""
    submitted = home.runner.submit(DetectRequest(), trigger=RunTrigger.API)
    versions = {"python": "3.11", "embedding": "embedder int8", "reranker": "similarity+evidence", "classifier": None}
    home.runner.finish(submitted.run.id, *shortlists, versions=versions)


def test_routines_are_shown_with_their_evidence_in_plain_words(drive: Drive, tmp_path: Path) -> None:
    home = world(tmp_path, KITCHEN, HALL)
    finished_run(home, Shortlist("save energy", (KITCHEN,)))
    told = drive(
        home,
        """
        told.sentences = $$(".sentence").map((one) => one.textContent);
        told.evidence = $$(".evidence").map((one) => one.textContent);
        told.days = $$("#p_00000000000000a1 .week .on").map((one) => one.getAttribute("aria-label"));
        told.bar = $(".track").getAttribute("aria-label");
        told.dots = $$("#day-dots li").length;
        told.pills = $$("#interests button").map((one) => one.textContent);
        told.schedule = text("#schedule");
        told.made = text("#made");
        """,
    )
    assert told["sentences"] == [KITCHEN.sentence, HALL.sentence]
    assert told["evidence"] == [
        "19 of 22 weekdays, by chance 1 in 17; again on 6 of 7 later days.",
        "40 of 50 times, by chance 1 in 17; again on 11 of 14 later times.",
    ]
    assert told["days"] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    bar = told["bar"].replace("\u00a0", " ")
    assert bar == "86 % of chances taken, likely between 67 % and 95 %; by chance 6 %"
    assert told["dots"] == 1
    assert told["pills"] == ["everything", "save energy"]
    assert told["schedule"].startswith("Last run ")
    assert told["made"] == "Retrieved by embedder int8, ranked by similarity+evidence."


def test_names_of_a_home_are_text_even_when_they_look_like_markup(drive: Drive, tmp_path: Path) -> None:
    sentence = "<img src=x onerror=alert(1)><b>The lamp</b> & more"
    home = world(tmp_path, replace(KITCHEN, sentence=sentence, category=None, priority=None))
    told = drive(home, """told.text = text(".sentence"); told.children = $(".sentence").childElementCount;""")
    assert told == {"text": sentence, "children": 0}


def test_a_verdict_is_kept_and_can_be_taken_back(drive: Drive, tmp_path: Path) -> None:
    home = world(tmp_path, KITCHEN)
    told = drive(
        home,
        """
        $(".accept").click();
        await until(() => text(".verdict") === "Accepted");
        told.offered = $$(".actions button").filter((one) => !one.hidden).map((one) => one.textContent);
        told.focused = page().activeElement.textContent;
        $(".undo").click();
        await until(() => text(".verdict") === "");
        $(".reject").click();
        await until(() => text(".verdict") === "Rejected");
        told.dots = $$("#day-dots li").length;
        """,
    )
    assert told == {"offered": ["Undo"], "focused": "Undo", "dots": 0}
    assert home.store.patterns.get(KITCHEN.id).status is Status.REJECTED


def test_interests_kinds_and_questions_choose_what_is_shown(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(src.api.patterns, "search", lambda *args, **options: Shortlist(args[2], (HALL,)))
    home = world(tmp_path, KITCHEN, HALL)
    finished_run(home, Shortlist("save energy", (HALL, KITCHEN)))
    told = drive(
        home,
        """
        const shown = () => $$(".card").map((one) => one.id).join(" ");
        const choose = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event("change")); };
        const [kitchen, hall] = ["p_00000000000000a1", "p_00000000000000b2"];
        $$("#interests button")[1].click();
        await until(() => shown() === `${hall} ${kitchen}`);
        told.title = text("#list-title");
        choose("#kind", "time_of_day");
        await until(() => shown() === kitchen);
        choose("#kind", "");
        $("#question").value = "Who is at the door?";
        $("#search button").click();
        await until(() => shown() === hall);
        told.asked = text("#list-title");
        choose("#kind", "time_of_day");
        await until(() => shown() === "");
        told.empty = text("#empty-title");
        """,
    )
    assert told == {"title": "For: save energy", "asked": "“Who is at the door?”", "empty": "Nothing matches"}


def test_run_now_shows_progress_and_then_the_result(drive: Drive, tmp_path: Path) -> None:
    home = world(tmp_path)
    looks = 0
    progress = home.runner.progress

    def look(run_id: str) -> Any:
        nonlocal looks
        looks += 1
        if looks == 2:
            home.store.patterns.kept[KITCHEN.id] = KITCHEN
            home.runner.finish(run_id, Shortlist("save energy", (KITCHEN,)))
        return progress(run_id)

    home.runner.progress = look  # type: ignore[method-assign]
    told = drive(
        home,
        """
        told.before = text("#empty-title");
        $("#run").click();
        await until(() => !$("#progress").hidden && text("#stage"));
        told.stage = text("#stage");
        told.share = text("#share").trim();
        told.disabled = $("#run").disabled;
        await until(() => $(".card"));
        told.after = [text(".sentence"), $("#progress").hidden, $("#run").disabled];
        """,
    )
    assert told == {
        "before": "Nothing was mined yet",
        "stage": "Looking for routines",
        "share": "30\u00a0%",
        "disabled": True,
        "after": [KITCHEN.sentence, True, False],
    }


def test_a_home_that_was_never_mined_is_told_what_to_set(drive: Drive, tmp_path: Path) -> None:
    told = drive(world(tmp_path), """told.empty = text("#empty-what");""")
    assert told["empty"] == "Set HA_URL and HA_TOKEN, or HISTORY, or import a file; then press “Run now”."


def test_while_the_first_run_is_at_work_nobody_is_told_to_set_anything(drive: Drive, tmp_path: Path) -> None:
    home = world(tmp_path)
    home.runner.submit(DetectRequest(), trigger=RunTrigger.NIGHTLY)
    told = drive(
        home,
        """
        await until(() => !$("#progress").hidden);
        told.empty = [text("#empty-title"), text("#empty-what")];
        """,
    )
    assert told["empty"] == ["The first run is at work", ""]


def test_a_disk_that_is_full_is_told_with_what_to_do(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(src.api.health, "LEAST_FREE", 2**62)
    told = drive(world(tmp_path, KITCHEN), """told.all = [text("#warnings"), text(".sentence")];""")
    assert "MB free and needs" in told["all"][0]
    assert told["all"][0].endswith("free or enlarge the volumes of DATA_DIR and MODELS_DIR.")
    assert told["all"][1] == KITCHEN.sentence


def test_what_is_to_be_typed_stands_apart_and_is_no_markup(drive: Drive, tmp_path: Path) -> None:
    told = drive(
        world(tmp_path, KITCHEN),
        """
        const made = (await import("./web/element.js")).told("li", "Run `a <b>` and `c`.");
        told.html = made.innerHTML;
        """,
    )
    assert told["html"] == "Run <code>a &lt;b&gt;</code> and <code>c</code>."


def test_why_there_is_no_more_is_told_when_it_is_opened(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = world(tmp_path, KITCHEN)
    whys = (
        Why("binary_sensor.cellar", "cannot_be_set", sentence="The cellar: a sensor, which nobody can set."),
        Why("light.hall", "changes_too_seldom", sentence="The <b>hall</b> light: people changed it on 3 days."),
        Why("person.ben", "cannot_be_set", sentence="Ben: a sensor, which nobody can set."),
    )
    asked: list[str] = []

    def kept(run_id: str) -> tuple[Why, ...]:
        asked.append(run_id)
        return whys

    monkeypatch.setattr(home.store.runs, "whys", kept)
    finished_run(home)
    told = drive(
        home,
        """
        told.closed = [$("#whys").hidden, $("#whys").open, $$("#whys-list li").length];
        $("#whys summary").click();
        await until(() => $$("#whys-list li").length);
        told.items = $$("#whys-list li").map((one) => one.textContent);
        """,
    )
    assert told["closed"] == [False, False, 0]
    assert told["items"] == [
        "The <b>hall</b> light: people changed it on 3 days.",
        "Sensors, which nobody can set (2): binary_sensor.cellar, person.ben.",
    ]
    assert len(asked) == 1


def test_before_the_first_run_nobody_is_told_why(drive: Drive, tmp_path: Path) -> None:
    told = drive(world(tmp_path), """told.hidden = $("#whys").hidden;""")
    assert told == {"hidden": True}


def test_what_is_only_told_is_noted_and_claims_no_chances(drive: Drive, tmp_path: Path) -> None:
    home = world(tmp_path, every_kind.LEFT_OPEN.with_(id="p_00000000000000d4", sentence="Dew point: above 68 %."))
    told = drive(
        home,
        """
        told.shown = [text(".sentence"), text(".accept"), text(".evidence")];
        told.rate = $$(".card .rate").length;
        $(".accept").click();
        await until(() => text(".verdict") === "Noted");
        """,
    )
    assert told["shown"][:2] == ["Dew point: above 68\u00a0%.", "Noted"]
    assert told["shown"][2].startswith("It used to end sooner, 19 of 22 times; last left so on ")
    assert told["rate"] == 0


def test_a_refusal_is_shown_with_its_remedy(drive: Drive, tmp_path: Path) -> None:
    home = world(tmp_path)
    home.runner.raises = NoHistory()
    told = drive(home, """$("#run").click(); await until(() => !$("#notice").hidden); told.notice = text("#notice");""")
    assert told["notice"] == NoHistory().message + NoHistory().remedy.replace("`", "") + "Close"


def test_a_phone_needs_no_sideways_scrolling(drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = replace(KITCHEN, sentence="The " + "x" * 80 + " turns on around 07:10 on weekdays.")
    home = world(tmp_path, long, HALL)
    finished_run(home, *(Shortlist(name, (long,)) for name in ("save energy", "safer nights", "more comfort")))
    left_out = Why("sensor." + "x" * 80, "numeric_entity")
    monkeypatch.setattr(home.store.runs, "whys", lambda run_id: (left_out,))
    told = drive(
        home,
        """
        frame.width = 340;
        $$("details").forEach((one) => { one.open = true; });
        await until(() => $$("#whys-list li").length);
        told.width = page().documentElement.scrollWidth;
        """,
    )
    assert told["width"] <= 340
