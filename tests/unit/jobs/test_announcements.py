"""What Home Assistant is told of the service, from start to end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import cast

import pytest

from src.domain.patterns import Pattern, Status
from src.domain.runs import Run, RunTrigger
from src.errors import HomeAssistantUnreachable, StoreError
from src.home_assistant.client import HomeAssistant
from src.jobs.announcements import Announcements
from src.jobs.notification import notify_new
from src.settings import load_settings
from src.store import Store
from tests.unit.home_assistant.mosquitto import listening, private_mosquitto
from tests.unit.store.worlds import NOW, SECOND, leave, pattern, result

NODE = "ai_automation_service"


@dataclass
class Calls:
    """Stands in for a Home Assistant; notes the calls of services, or is away."""

    away: bool = False
    made: Queue[tuple[str, dict[str, str]]] = field(default_factory=Queue)

    def call_service(self, name: str, data: dict[str, str]) -> None:
        self.made.put((name, data))
        if self.away:
            raise HomeAssistantUnreachable("http://ha", "it does not answer")

    def next(self) -> tuple[str, dict[str, str]]:
        return self.made.get(timeout=20)

    def as_client(self) -> HomeAssistant:
        return cast("HomeAssistant", self)


class Nights:
    def __init__(self) -> None:
        self.next_run: datetime | None = datetime(2025, 10, 19, 1, tzinfo=UTC)


def ran(store: Store, *patterns: Pattern, at: int = NOW) -> Run:
    run = store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=at)
    return store.runs.publish(run.id, result(*patterns), now=at + SECOND)


def failed(store: Store, at: int) -> Run:
    run = store.runs.start(trigger=RunTrigger.API, request={}, now=at)
    error = {"code": "history_unreadable", "message": "The history cannot be read.", "remedy": "Mend it. " * 50}
    return store.runs.fail(run.id, error, now=at + SECOND)


def as_said(attributes: Mapping[str, object]) -> str:
    return json.dumps(attributes, ensure_ascii=False)


@pytest.mark.heavy
def test_the_sensors_follow_what_happens(empty_store: Store, tmp_path: Path) -> None:
    broker = tmp_path / "broker"
    broker.mkdir()
    with private_mosquitto(broker) as mosquitto, listening(mosquitto.port) as home:
        settings = load_settings(mqtt_host="127.0.0.1", mqtt_port=mosquitto.port)
        nights = Nights()
        announcements = Announcements(settings, empty_store, nights)
        announcements.start()
        home.until_all(
            {
                f"{NODE}/availability": "online",
                f"{NODE}/last_run/state": "None",
                f"{NODE}/last_run_result/state": "never",
                f"{NODE}/new_suggestions/state": "0",
                f"{NODE}/next_run/state": "2025-10-19T01:00:00+00:00",
            }
        )
        assert json.loads(home.now[f"homeassistant/sensor/{NODE}/last_run/config"])["name"] == "Last run"

        covered = pattern(7, covered_by="automation.lamp")
        run = ran(empty_store, *(pattern(number) for number in range(5)), covered)
        announcements.run_ended(run)
        strongest = [pattern(number).sentence for number in range(3)]
        home.until_all(
            {
                f"{NODE}/last_run/state": "2025-10-18T02:00:01+00:00",
                f"{NODE}/last_run/attributes": as_said({"run": run.id, "trigger": "nightly", "found": 6}),
                f"{NODE}/last_run_result/state": "ok",
                f"{NODE}/new_suggestions/state": "5",
                f"{NODE}/new_suggestions/attributes": as_said({"strongest": strongest}),
            }
        )

        leave(empty_store, pattern(0).id, Status.REJECTED)
        announcements.refresh()
        home.until_all({f"{NODE}/new_suggestions/state": "4"})
        announcements.run_ended(failed(empty_store, NOW + 60 * SECOND))
        mend = ("Mend it. " * 50)[:119].rstrip() + "…"
        error = {"code": "history_unreadable", "message": "The history cannot be read.", "remedy": mend}
        home.until_all(
            {
                f"{NODE}/last_run/state": "2025-10-18T02:01:01+00:00",
                f"{NODE}/last_run_result/state": "failed",
                f"{NODE}/last_run_result/attributes": as_said(error),
            }
        )

        nights.next_run = None
        home.say("homeassistant/status", "online")
        home.until_all({f"{NODE}/next_run/state": "None"})
        announcements.close()
        home.until_all({f"{NODE}/availability": "offline"})


def test_people_are_told_of_what_is_new_and_of_nothing_else(empty_store: Store) -> None:
    home = Calls()
    ran(empty_store, pattern(0))
    announcements = Announcements(load_settings(ha_notify=True), empty_store, Nights(), home_assistant=home.as_client)
    announcements.start()
    announcements.run_ended(ran(empty_store, pattern(0), pattern(1), at=NOW + 60 * SECOND))
    name, data = home.next()
    assert name == "persistent_notification.create"
    assert data["title"] == "A new routine was found"
    assert "Lamp 1" in data["message"]
    assert "Lamp 0" not in data["message"]
    assert "2 suggestions wait" in data["message"]
    announcements.run_ended(ran(empty_store, pattern(0), pattern(1), at=NOW + 120 * SECOND))
    announcements.run_ended(failed(empty_store, NOW + 180 * SECOND))
    announcements.close()
    assert home.made.empty()


def test_an_unreachable_home_or_store_is_logged_and_the_next_note_goes_well(
    empty_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    home = Calls(away=True)
    announcements = Announcements(load_settings(ha_notify=True), empty_store, Nights(), home_assistant=home.as_client)
    announcements.start()
    announcements.run_ended(ran(empty_store, pattern(0)))
    home.next()
    announcements.close()
    home.away = False

    def broken(**_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(empty_store.patterns, "page", broken)
        announcements.start()
        announcements.close()
    announcements.start()
    announcements.run_ended(ran(empty_store, pattern(0), pattern(1), at=NOW + 60 * SECOND))
    assert "Lamp 1" in home.next()[1]["message"]
    announcements.close()
    codes = [record.__dict__["code"] for record in caplog.records if record.message == "not_announced"]
    assert list(dict.fromkeys(codes)) == ["home_assistant_unreachable", "store_error"]


def test_nothing_is_announced_unless_somebody_asked_for_it(empty_store: Store) -> None:
    home = Calls()
    announcements = Announcements(load_settings(), empty_store, Nights(), home_assistant=home.as_client)
    announcements.start()
    announcements.run_ended(ran(empty_store, pattern(0)))
    announcements.close()
    assert home.made.empty()


def test_a_broker_that_is_away_disturbs_nothing(empty_store: Store) -> None:
    announcements = Announcements(load_settings(mqtt_host="127.0.0.1", mqtt_port=1), empty_store, Nights())
    announcements.start()
    announcements.run_ended(ran(empty_store, pattern(0)))
    announcements.close()


def test_the_notification_is_short_and_always_the_same_one() -> None:
    home = Calls()
    many = [pattern(number) for number in range(9)]
    notify_new(home.as_client(), [], waiting=4)
    assert home.made.empty()
    notify_new(home.as_client(), many, waiting=9)
    _, data = home.next()
    assert data["title"] == "9 new routines were found"
    assert [number for number in range(9) if f"Lamp {number}" in data["message"]] == [0, 1, 2]
    assert "and 6 more" in data["message"]
    assert "wait" not in data["message"]
    notify_new(home.as_client(), many[:1], waiting=1)
    assert home.next()[1]["notification_id"] == data["notification_id"]


def test_the_name_of_a_thing_is_no_markup() -> None:
    home = Calls()
    named = pattern(0, sentence="The [lamp](http://evil) <b>turns</b>\n# *on* " + "x" * 500)
    notify_new(home.as_client(), [named], waiting=1)
    message = home.next()[1]["message"]
    assert "\\[lamp\\]\\(http://evil\\) \\<b\\>turns\\</b\\> \\# \\*on\\*" in message
    assert "\n" not in message
    assert len(message) < 300
