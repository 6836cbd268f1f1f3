"""How checks are carried out: side by side, each to its deadline, none the end of another."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, Event

from src.doctor.examination import Check, examine
from src.doctor.finding import Finding, Level, ok
from src.doctor.situation import Situation
from src.errors import HistoryNotFound, InvalidSetting
from tests.unit.doctor.conftest import Situated


def well(situation: Situation) -> Iterator[Finding]:
    yield ok("well", "as it should be")


def test_a_check_that_goes_wrong_is_a_failed_one_and_the_others_go_on(situated: Situated) -> None:
    def wrong(situation: Situation) -> Iterator[Finding]:
        yield ok("half", "done")
        raise ZeroDivisionError("the-token-4711 by zero")

    situation = situated(ha_token="the-token-4711")
    told = examine(situation, [Check("a", "wrong", wrong), Check("b", "well", well)])
    assert [(each.group, each.check, each.level) for each in told.findings] == [
        ("a", "half", Level.OK),
        ("a", "wrong", Level.FAILED),
        ("b", "well", Level.OK),
    ]
    assert "ZeroDivisionError" in told.findings[1].fact
    assert "4711" not in told.findings[1].fact
    assert not told.well


def test_our_own_errors_keep_their_remedy(situated: Situated) -> None:
    def lost(situation: Situation) -> Iterator[Finding]:
        raise HistoryNotFound("/x")

    (found,) = examine(situated(), [Check("a", "lost", lost)]).findings
    assert (found.level, found.fact) == (Level.FAILED, "There is no history at /x.")
    assert found.remedy.startswith("Give the path")


def test_what_a_setting_was_given_is_not_repeated(situated: Situated) -> None:
    def wrong(situation: Situation) -> Iterator[Finding]:
        raise InvalidSetting("HA_TOKEN_FILE", "hunter2", "a file that can be read (FileNotFoundError)")

    (found,) = examine(situated(), [Check("a", "wrong", wrong)]).findings
    assert (found.fact, found.remedy) == (
        "HA_TOKEN_FILE cannot be used as it is set",
        "It takes a file that can be read (FileNotFoundError).",
    )


def test_what_hangs_is_left_behind(situated: Situated) -> None:
    released = Event()

    def hanging(situation: Situation) -> Iterator[Finding]:
        yield ok("before", "it hung")
        released.wait(60)

    told = examine(situated(timeout=0.05), [Check("a", "hanging", hanging), Check("b", "well", well)])
    released.set()
    assert [each.check for each in told.findings] == ["before", "hanging", "well"]
    assert told.findings[1].level is Level.FAILED
    assert "--timeout" in told.findings[1].remedy


def test_checks_run_side_by_side(situated: Situated) -> None:
    """Each waits for the others, so that one after the other none would end."""
    together = Barrier(3)

    def waiting(situation: Situation) -> Iterator[Finding]:
        together.wait(20)
        yield ok("met", "the others")

    told = examine(situated(timeout=20.0), [Check(name, name, waiting) for name in "abc"])
    assert [each.level for each in told.findings] == [Level.OK] * 3


def test_offline_is_a_reason_not_to_ask(situated: Situated) -> None:
    def asking(situation: Situation) -> Iterator[Finding]:
        situation.connects("HA_URL")
        yield ok("asked", "and answered")

    offline, online = situated(offline=True), situated()
    told = examine(offline, [Check("a", "asking", asking)])
    assert (told.findings[0].level, told.contacted, told.well) == (Level.SKIPPED, (), True)
    assert examine(online, [Check("a", "asking", asking)]).contacted == ("HA_URL",)
