"""The whole way, with a real Home Assistant: four weeks of a home that it recorded itself, to an automation that fires.

``docs/real-home.md`` says what happens in that home, and what was measured on others like it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from src.home_assistant.access import access_of
from src.home_assistant.client import HomeAssistant
from src.settings import load_settings
from tests.e2e.program import Program, wait_for_line
from tests.real_home_assistant.automated import AUTOMATIONS
from tests.real_home_assistant.habits import HABITS
from tests.real_home_assistant.installed import home_assistant_python
from tests.real_home_assistant.json_types import Json
from tests.real_home_assistant.making import Past, make_past, monday_before
from tests.real_home_assistant.server import HomeAssistantServer, free_port, running
from tests.real_home_assistant.verdict import Verdict, judge

pytestmark = pytest.mark.heavy

FOUND_AT_LEAST = 10  # of 14; the worst of the homes in docs/real-home.md, not of this one
BESIDES_AT_MOST = 4  # patterns that are no planted habit
DEPLOYED = "soundbar after the TV"
_SOON = 20.0  # s


@dataclass(frozen=True)
class Home:
    """The home, and where the program that looks at it may write."""

    past: Past
    program: Program
    python: Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Home:
    """Four weeks up to the last Monday; its Home Assistant is stopped."""
    python = home_assistant_python()
    folder = tmp_path_factory.mktemp("real_home")
    past = make_past(folder / "config", free_port(), python, until=monday_before(datetime.now(UTC).date()))
    return Home(past, Program(folder, models_dir), python)


@pytest.fixture(scope="module")
def mined(home: Home) -> Json:
    """What the program says of the database file alone."""
    ended = home.program("mine", home.past.folder.database, "--format", "json")
    assert ended.code == 0, ended.err
    found: Json = ended.json
    return found


@pytest.fixture(scope="module")
def home_assistant_of_home(home: Home, mined: Json) -> Iterator[HomeAssistantServer]:
    """The same Home Assistant, started again after those weeks."""
    with running(home.past.folder, home.python) as server:
        yield server


@contextmanager
def served(home: Home, server: HomeAssistantServer, history: str) -> Iterator[httpx.Client]:
    """The service, at work for that Home Assistant, when it has learned what it reads there."""
    names = {"HA_URL": server.url, "HA_TOKEN": server.token, "HISTORY": history}
    data = str(home.program.home / f"data-{Path(history).stem}")
    with (
        home.program.started("serve", "--port", str(free_port()), DATA_DIR=data, **names) as process,
        httpx.Client(base_url=wait_for_line(process, "http://"), timeout=120) as client,
    ):
        ended = client.post("/patterns/detect", json={"wait": True})
        assert ended.status_code == 200, ended.text
        yield client


def check(verdict: Verdict) -> None:
    """As many of the planted habits as in the worst of the homes measured, no automation's doing, and little else."""
    assert verdict.wrong == []
    assert len(verdict.found) >= FOUND_AT_LEAST, f"found {len(verdict.found)} of {len(HABITS)}, not {verdict.missed}"
    assert len(verdict.besides) <= BESIDES_AT_MOST, verdict.besides


def test_people_s_habits_are_found_and_nothing_that_home_assistant_did(home: Home, mined: Json) -> None:
    assert len(home.past.restarts) == 3
    assert mined["warnings"] == []
    check(judge(mined["patterns"]))


def test_of_all_that_was_wrong_something_was_recorded(home: Home, mined: Json) -> None:
    """The test above can fail: automations, followers and starts left their traces in what was read."""
    assert mined["left_out"]["made_by_automation"] > 1000
    assert mined["left_out"]["unavailable_or_unknown"] > 3 * 30


@pytest.mark.parametrize("history", ["database", "home_assistant"])
def test_the_service_finds_the_same_by_itself(
    home: Home, home_assistant_of_home: HomeAssistantServer, history: str
) -> None:
    source = str(home.past.folder.database) if history == "database" else history
    with served(home, home_assistant_of_home, source) as client:
        patterns = client.get("/patterns", params={"limit": 100}).json()["patterns"]
    verdict = judge(patterns)
    check(verdict)
    covered = {name for name, pattern in verdict.found.items() if "covered_by" in pattern}
    assert covered == {habit.name for habit in HABITS if habit.automated} & set(verdict.found)
    assert covered


def test_an_accepted_pattern_becomes_an_automation_that_fires(
    home: Home, home_assistant_of_home: HomeAssistantServer
) -> None:
    server = home_assistant_of_home
    ha = HomeAssistant(_access(server))
    with served(home, server, "home_assistant") as client:
        patterns = client.get("/patterns", params={"limit": 100}).json()["patterns"]
        pattern = judge(patterns).found[DEPLOYED]
        status = client.post(f"/patterns/{pattern['id']}/deploy", json={"enabled": True})
        assert status.status_code == 200, status.text
        automation = status.json()["automation_id"]
        assert _traces(ha, automation) == []

        server.report("media_player.tv", "on")

        _wait(lambda: server.state("media_player.soundbar") == "on", "the soundbar never turned on")
        _wait(lambda: bool(_traces(ha, automation)), "Home Assistant kept no trace")
        (trace,) = _traces(ha, automation)
        whole = ha.command("trace/get", domain="automation", item_id=automation, run_id=trace["run_id"])
        assert trace["state"] == "stopped"
        assert trace["script_execution"] == "finished"
        assert whole["trace"]["action/0"][0]["result"]["params"]["service"] == "turn_on"
        assert "error" not in whole

        after = client.get(f"/patterns/{pattern['id']}/status").json()
        assert after["enabled"] is True
        assert after["last_triggered"] is not None
        assert client.post(f"/patterns/{pattern['id']}/rollback", json={}).status_code == 200
    assert automation not in {each["attributes"].get("id") for each in _automations(server)}
    assert len(_automations(server)) == len(AUTOMATIONS)


def _access(server: HomeAssistantServer) -> Any:
    return access_of(load_settings(ha_url=server.url, ha_token=server.token))


def _automations(server: HomeAssistantServer) -> list[Json]:
    states = server.rest("GET", "states")
    assert isinstance(states, list)
    return [each for each in states if each["entity_id"].startswith("automation.")]


def _traces(ha: HomeAssistant, automation: str) -> list[Json]:
    listed: list[Json] = ha.command("trace/list", domain="automation", item_id=automation)
    return listed


def _wait(happens: Callable[[], bool], otherwise: str) -> None:
    """Look until something has happened in another process, which tells nobody."""
    end = time.monotonic() + _SOON
    while not happens():
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)
