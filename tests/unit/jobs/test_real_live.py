"""A real Home Assistant is listened to while it lives and restarts; its own database says what there was to hear."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from src.domain.events import EventLog, Origin
from src.domain.instants import instant_now
from src.history import read_history
from src.home_assistant.access import Access
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from src.jobs.live import Live, LiveState
from src.jobs.live_connection import LiveOptions
from src.jobs.reconnecting import Reconnecting
from src.store import Store
from tests.real_home_assistant.folder import Folder, write_folder
from tests.real_home_assistant.installed import home_assistant_python
from tests.real_home_assistant.server import HomeAssistantServer, free_port, start, stop
from tests.unit.history.recording_home import Happened, rows_of

pytestmark = pytest.mark.heavy

TICK = {
    "alias": "Tick",
    "trigger": [{"platform": "time_pattern", "seconds": "/2"}],
    "action": [{"delay": 3}, {"service": "light.toggle", "target": {"entity_id": "light.garden"}}],
    "mode": "parallel",
}


def eventually(condition: Callable[[], bool], what: str) -> None:
    pause = threading.Event()
    for _ in range(600):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError(what)


def live_a_little(server: HomeAssistantServer) -> None:
    """A person, a wall switch, groups that follow, and automations set off by the clock and by a sensor."""
    for to in ("on", "off"):
        server.report("light.hallway", to)
        server.call(f"light.turn_{to}", {"entity_id": "light.living_room"})
        server.call(f"switch.turn_{to}", {"entity_id": "switch.study_desk"})
        server.report("binary_sensor.hallway_motion", to)
        server.report("media_player.tv", to)
        server.report("sensor.outside_temperature", "12.5" if to == "on" else "13")


def recorded(folder: Folder) -> Happened:
    return rows_of(read_history(folder.database).log)


def stored(store: Store) -> EventLog:
    return store.events.load()


def test_live_history_and_database_agree_over_a_restart(tmp_path: Path) -> None:
    python = home_assistant_python()
    folder = write_folder(tmp_path / "config", free_port())
    url = f"http://127.0.0.1:{folder.port}"
    ha = HomeAssistant(Access(url, f"ws{url.removeprefix('http')}/api/websocket", folder.tokens["Anna"], 20.0))
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    live = Live(
        ha,
        store,
        describe=describe_home,
        clock=instant_now,
        options=LiveOptions(flush_seconds=0.5),
        reconnecting=Reconnecting(first=1.0, longest=2.0),
    )
    server = start(folder, python)
    try:
        ha.request("POST", "config/automation/config/tick", TICK)
        live_a_little(server)
        live.start()
        eventually(lambda: live.status().state is LiveState.LISTENING, "it does not listen")
        live_a_little(server)
        stop(server)
        server = start(folder, python)
        eventually(lambda: live.status().state is LiveState.LISTENING, "it does not listen again")
        live_a_little(server)
        heard = len(stored(store))
        eventually(lambda: len(stored(store)) > heard + 10, "nothing more is heard")
        assert live.close(10)
        until = stored(store).span[1]
        eventually(lambda: max(recorded(folder))[0] >= until, "the recorder does not write")
    finally:
        live.close()
        stop(server)
    said = rows_of(stored(store))
    wanted = {key: origin for key, origin in recorded(folder).items() if key[0] <= until}
    store.close()

    assert said.keys() == wanted.keys()
    assert {Origin.USER, Origin.AUTOMATION, Origin.DEVICE} <= set(said.values())
    # Of first reports, and of numbers in what was read as history, nobody said who made them.
    other = {
        key: (origin, wanted[key])
        for key, origin in said.items()
        if origin != wanted[key] and key[2] not in ("unavailable", "unknown")
    }
    assert {key: pair for key, pair in other.items() if pair[0] is not Origin.UNKNOWN} == {}
