"""What appears on the two streams."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from src.domain.patterns import Kind, Pattern, PresenceTrigger, RateTrigger
from src.domain.runs import Shortlist
from src.domain.whys import Why
from src.routine_tables import (
    by_chance,
    later,
    left_out_line,
    made_by_line,
    patterns_table,
    percent,
    seen,
    shortlist_table,
    whys_table,
)
from src.terminal import Terminal
from tests.unit.domain import every_kind


def rendered(table: RenderableType, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def open_terminal(*, as_json: bool = False) -> tuple[Terminal, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Terminal(as_json=as_json, stdout=out, stderr=err), out, err


def test_with_json_stdout_is_one_document_and_nothing_else() -> None:
    terminal, out, err = open_terminal(as_json=True)
    terminal.warn("the time zone was assumed")
    terminal.result({"sentence": "Die Küche"}, "a table")
    assert json.loads(out.getvalue()) == {"sentence": "Die Küche"}
    assert "a table" not in out.getvalue() + err.getvalue()
    assert err.getvalue() == "Note: the time zone was assumed\n"


def test_without_json_the_tables_are_on_stdout() -> None:
    terminal, out, err = open_terminal()
    terminal.result({"a": 1}, "a table")
    assert (out.getvalue(), err.getvalue()) == ("a table\n", "")


@given(st.text(st.characters(codec="utf-8"), max_size=20))
@example("half a pair: \ud83d")
def test_any_text_survives_json_on_any_stdout(text: str) -> None:
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, "ascii")
    Terminal(as_json=True, stdout=stdout, stderr=io.StringIO()).result({"state": text})
    assert json.loads(raw.getvalue().decode("utf-8")) == {"state": text}


def test_square_brackets_in_a_name_are_shown_as_they_are() -> None:
    terminal, _, err = open_terminal()
    terminal.say("sensor [red] :smile: 12")
    assert err.getvalue() == "sensor [red] :smile: 12\n"


def test_a_long_remark_is_one_line_in_a_log() -> None:
    terminal, _, err = open_terminal()
    terminal.say("word " * 100)
    assert err.getvalue().count("\n") == 1


def test_progress_in_a_log_is_a_line_when_a_stage_begins_and_one_when_it_ends() -> None:
    terminal, _, err = open_terminal()
    with terminal.progress() as progress:
        for done in (0, 500, 1000, 1000):
            progress("read_file", done, 1000, "events")
        progress("mine", 1, 0)
    assert err.getvalue().splitlines() == ["read file ...", "read file: 1,000 events", "mine ..."]


def test_progress_on_a_terminal_is_drawn_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(stdout=out, stderr=err)
    terminal.err = Console(file=err, force_terminal=True, width=100)
    with terminal.progress() as progress:
        progress("import", 10, 100, "events")
        progress("mine", 1, 3, "kinds")
    assert "1 of 3 kinds" in err.getvalue()
    assert out.getvalue() == ""


def test_a_routine_reads_with_its_evidence_beside_it(pattern: Pattern) -> None:
    text = rendered(patterns_table([pattern]), 100)
    assert "1 routine found" in text
    row = next(line for line in text.splitlines() if "kitchen" in line)
    for part in ("The kitchen light turns on around 07:10 on weekdays.", "19/22 days", "6 %", "6/7"):
        assert part in row


def test_a_shortlist_tells_category_and_priority(pattern: Pattern) -> None:
    text = rendered(shortlist_table(Shortlist("save energy", (pattern,))), 100)
    assert "save energy" in text
    assert "comfort" in text
    assert "medium" in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=90), max_size=4), st.integers(80, 120))
def test_tables_stay_inside_the_terminal(pattern: Pattern, sentences: list[str], width: int) -> None:
    patterns = [pattern.with_(sentence=sentence) for sentence in sentences]
    console = Console(file=io.StringIO(), width=width, color_system=None)
    for table in (patterns_table(patterns), shortlist_table(Shortlist("safer nights", tuple(patterns)))):
        for line in console.render_lines(table):
            assert sum(segment.cell_length for segment in line) <= width


def test_no_routine_is_said_in_words() -> None:
    assert "No routine found" in rendered(patterns_table([]), 80)
    assert "Nothing found" in rendered(shortlist_table(Shortlist("save energy", ())), 80)
    assert rendered(left_out_line({}), 80).strip() == ""
    assert rendered(made_by_line({}), 80).strip() == ""


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.004, "<1 %"), (0.06, "6 %"), (0.999, "100 %"), (1, "100 %")]
)
def test_a_share_for_people(share: float, text: str) -> None:
    assert percent(share) == text


UNITS = ["days"] * 4 + ["times", "arrivals", "crossings"] + ["times"] * 3
TOLD = [every_kind.FREQUENCY, every_kind.LEFT_OPEN, every_kind.MISSED]


@pytest.mark.parametrize(
    ("pattern", "unit"), list(zip(every_kind.EVERY[:10], UNITS, strict=True)), ids=every_kind.NAMES[:10]
)
def test_evidence_is_counted_in_its_own_unit(pattern: Pattern, unit: str) -> None:
    assert (seen(pattern), by_chance(pattern), later(pattern)) == (f"19/22 {unit}", "6 %", "6/7")


@pytest.mark.parametrize(
    ("pattern", "before"),
    list(zip(TOLD, ["2 → 6.1 a week", "19 times before", "19/22 days before"], strict=True)),
    ids=every_kind.NAMES[10:],
)
def test_what_is_only_told_says_how_it_was_and_claims_no_chances(pattern: Pattern, before: str) -> None:
    assert (seen(pattern), by_chance(pattern), later(pattern)) == (before, "", "")
    assert "%" not in rendered(patterns_table([pattern.with_(sentence="Something changed.")]), 100)


def test_a_rate_of_many_times_a_week_has_no_decimals() -> None:
    often = every_kind.FREQUENCY.with_(trigger=RateTrigger("switch.kettle", "on", 8.4, 39.4, "2025-10-21"))
    assert seen(often) == "8.4 → 39 a week"


def test_who_leaves_is_counted_in_departures() -> None:
    last = PresenceTrigger("last_leaves", every_kind.PEOPLE, 45.0, 120.0)
    assert seen(every_kind.PRESENCE.with_(trigger=last)) == "19/22 departures"


def test_every_kind_fits_a_table() -> None:
    text = rendered(patterns_table([each.with_(sentence=f"{each.kind}.") for each in every_kind.EVERY]), 80)
    assert [str(kind) for kind in Kind if f"{kind}." in text] == [str(kind) for kind in Kind]


def test_what_an_automation_does_already_is_told_beside_the_routine(pattern: Pattern) -> None:
    covered = pattern.with_(covered_by="automation.kitchen_morning")
    assert "Already done by automation.kitchen_morning." in rendered(patterns_table([covered]), 100)
    assert "Already done" not in rendered(patterns_table([pattern]), 100)


def test_what_was_left_out_is_told_apart_from_what_was_tried() -> None:
    text = rendered(left_out_line({"heartbeat": 1200, "in_no_order": 57}), 100)
    assert text.splitlines() == ["Left out: 1,200 heartbeat.", "Tried and dropped: 57 in no order."]


def test_why_there_is_no_more_is_told_of_what_people_set_and_summed_up_for_the_rest() -> None:
    whys = [
        Why("binary_sensor.cellar", "cannot_be_set", sentence="The cellar: a sensor."),
        Why("light.hall", "changes_too_seldom", sentence="The hall light: people changed it on 3 days."),
        Why("person.ben", "cannot_be_set", sentence="Ben: a sensor."),
    ]
    lines = [line.rstrip() for line in rendered(whys_table(whys), 60).splitlines()]
    assert lines == [
        "",
        "Why not more",
        "",
        "- The hall light: people changed it on 3 days.",
        "- Sensors, which nobody can set (2): binary_sensor.cellar,",
        "  person.ben.",
    ]
    assert rendered(whys_table([]), 80).strip() == ""


def test_nothing_that_is_said_gives_the_terminal_an_order() -> None:
    terminal, _, err = open_terminal()
    terminal.warn("\x1b]0;title\x07 of somebody\x9b31m\nelse")
    assert err.getvalue() == "Note: \ufffd]0;title\ufffd of somebody\ufffd31m\nelse\n"
