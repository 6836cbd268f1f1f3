"""One connection for several commands and for what happens meanwhile."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from src.errors import HomeAssistantFailed, HomeAssistantRefused, HomeAssistantUnreachable
from src.home_assistant.client import HomeAssistant
from src.home_assistant.session import Session
from tests.fake_home_assistant import FakeHomeAssistant, Hang


def entity(message: Any) -> str:
    assert message is not None
    return str(message[1]["data"]["entity_id"])


def to_the_end(session: Session) -> list[Any]:
    return list(session.events(timeout=5.0))


def test_commands_share_a_connection(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    with ha.session() as session:
        assert session.version == "2024.3.3"
        assert session.command("get_config")["state"] == "RUNNING"
        with pytest.raises(HomeAssistantFailed, match="Unknown command"):
            session.command("nonsense")
        assert session.command("get_states") == []
    assert len(fake.heads) == 1
    assert [each["id"] for each in fake.asked] == [1, 2, 3]


def test_events_come_with_the_number_of_their_subscription(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    with ha.session() as session:
        changes = session.subscribe("subscribe_events", event_type="state_changed")
        calls = session.subscribe("subscribe_events", event_type="call_service")
        fake.set_state("light.a", "on")
        fake.fire("call_service", {"domain": "light"})
        fake.fire("something_else", {})
        coming = session.events(timeout=5.0)
        first, second = next(coming), next(coming)
        assert first is not None
        assert second is not None
        assert (first[0], first[1]["data"]["new_state"]["state"]) == (changes, "on")
        assert (second[0], second[1]["event_type"]) == (calls, "call_service")


def test_what_happens_while_a_command_waits_is_kept_in_order(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    def answer(_: Any) -> list[Any]:
        fake.set_state("light.a", "on")
        fake.set_state("light.b", "on")
        return []

    fake.answers["logbook/get_events"] = answer
    with ha.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        assert session.command("logbook/get_events") == []
        fake.set_state("light.c", "on")
        coming = session.events(timeout=5.0)
        assert [entity(next(coming)) for _ in range(3)] == ["light.a", "light.b", "light.c"]


def test_silence_is_told_and_is_no_end(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    with ha.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        coming = session.events(timeout=0.0)
        assert next(coming) is None
        assert next(coming) is None
        fake.set_state("light.a", "on")
        assert entity(next(filter(None, coming))) == "light.a"


def test_another_thread_may_close_it(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    with ha.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        fake.set_state("light.a", "on")
        closer = threading.Thread(target=session.close)
        seen = []
        for message in session.events(timeout=5.0):
            seen.append(message)
            closer.start()
        closer.join()
        assert len(seen) == 1
        assert to_the_end(session) == []
        with pytest.raises(HomeAssistantUnreachable, match="closed here"):
            session.command("get_config")


@pytest.mark.parametrize(
    ("goodbye", "why"), [(True, "it closed the connection"), (False, "broke off before")], ids=["closed", "dropped"]
)
def test_a_connection_that_is_lost_is_noticed_while_waiting(
    fake: FakeHomeAssistant, ha: HomeAssistant, goodbye: bool, why: str
) -> None:
    with ha.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        fake.set_state("light.a", "on")
        coming = session.events(timeout=5.0)
        assert entity(next(coming)) == "light.a"
        fake.drop_connections(goodbye=goodbye)
        with pytest.raises(HomeAssistantUnreachable, match=why):
            next(coming)


def test_what_came_before_the_loss_is_not_lost(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    with ha.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        for number in range(100):
            fake.set_state(f"light.l{number}", "on")
        fake.drop_connections(goodbye=True)
        coming = session.events(timeout=5.0)
        assert [entity(next(coming)) for _ in range(100)] == [f"light.l{number}" for number in range(100)]
        with pytest.raises(HomeAssistantUnreachable):
            next(coming)


def test_a_hub_that_hangs_is_noticed_by_its_silence_to_pings(fake: FakeHomeAssistant, impatient: HomeAssistant) -> None:
    with impatient.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        fake.hang_connections()
        with pytest.raises(HomeAssistantUnreachable, match="it stopped answering"):
            to_the_end(session)


def test_a_revoked_token_ends_the_connection_and_is_refused_after(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    with ha.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        fake.revoke()
        with pytest.raises(HomeAssistantUnreachable, match="it closed the connection"):
            to_the_end(session)
    with pytest.raises(HomeAssistantRefused), ha.session():
        pytest.fail("it was let in")


def test_an_answer_may_be_given_longer_than_others(fake: FakeHomeAssistant, impatient: HomeAssistant) -> None:
    fake.trouble["get_states"] = Hang()
    with impatient.session(timeout=0.5) as session, pytest.raises(HomeAssistantUnreachable, match=r"within 0\.5 s"):
        session.command("get_states")
