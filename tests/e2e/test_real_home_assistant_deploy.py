"""A real Home Assistant takes an automation, keeps it off until its owner switches it on, and runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from src.analysis.deploying import Deployments
from src.analysis.settling import GUARD
from src.domain.deployments import DeploymentState
from src.domain.instants import instant_now
from src.domain.patterns import TimeTrigger
from src.errors import AutomationChanged, AutomationRefused, NotDeployed
from src.home_assistant.access import Access
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.real_home_assistant.folder import Folder, write_folder
from tests.real_home_assistant.installed import home_assistant_python
from tests.real_home_assistant.server import free_port, start, stop
from tests.unit.analysis.deploying_world import publish
from tests.unit.analysis.worlds import WORKDAYS, Clockwork, after, at

DOOR = after(
    ("binary_sensor.front_door", "on"),
    ("light.study", "on"),
    id="p_00000000000000e1",
    delay=2,
    sentence="The study light turns on soon after the front door opens.",
)
LAMP = at("07:10:00", ("light.bathroom", "on"), id="p_00000000000000e2", sentence="The bathroom light turns on.")
DOOR_ID, LAMP_ID = f"ai_automation_{DOOR.id}", f"ai_automation_{LAMP.id}"
PATIENCE = 30.0  # s

pytestmark = pytest.mark.heavy


class House:
    """One Home Assistant through its restarts."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._python = home_assistant_python()
        self.server = start(folder, self._python)

    @property
    def ha(self) -> HomeAssistant:
        url = self.server.url
        return HomeAssistant(Access(url, f"ws{url.removeprefix('http')}/api/websocket", self.server.token, 20.0))

    def restart(self, *, power_failure: bool = False) -> None:
        if power_failure:
            self.server.process.kill()
            self.server.process.wait()
        self.stop()
        self.server = start(self._folder, self._python)

    def stop(self) -> None:
        stop(self.server)

    def config(self, automation_id: str) -> Any:
        return self.ha.request("GET", f"config/automation/config/{automation_id}")

    def edit(self, automation_id: str, **changes: object) -> None:
        """What a person does in its editor."""
        body = {key: value for key, value in self.config(automation_id).items() if key != "id"}
        self.ha.request("POST", f"config/automation/config/{automation_id}", body | changes)


def seen(what: Callable[[], object]) -> bool:
    """Whether it becomes so while one waits."""
    until = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(write_folder(tmp_path / "config", free_port()))
    yield house
    house.stop()


@pytest.fixture
def clock() -> Clockwork:
    clock = Clockwork()
    clock.now = instant_now()
    return clock


@pytest.fixture
def store(tmp_path: Path, clock: Clockwork) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    publish(store, DOOR, LAMP, now=clock())
    yield store
    store.close()


@pytest.fixture
def works(house: House, store: Store, clock: Clockwork) -> Deployments:
    return Deployments(store, lambda: house.ha, clock)


def test_off_until_its_owner_switches_it_on_and_then_on_through_every_start(
    house: House, works: Deployments, clock: Clockwork
) -> None:
    assert works.deploy(DOOR.id).enabled is False
    house.restart(power_failure=True)
    assert works.status(DOOR.id).enabled is False, "a power failure right after must not switch it on"

    clock.now += GUARD
    works.tend()
    assert "initial_state" not in house.config(DOOR_ID)
    assert works.status(DOOR.id).enabled is False
    house.restart()
    assert works.status(DOOR.id).enabled is False

    status = works.status(DOOR.id)
    house.server.call("automation.turn_on", {"entity_id": status.entity_id})
    house.restart()
    assert works.status(DOOR.id).enabled
    assert works.status(DOOR.id).state is DeploymentState.DEPLOYED

    house.server.report("binary_sensor.front_door", "on")

    def traces() -> Any:
        return house.ha.command("trace/list", domain="automation", item_id=DOOR_ID)

    assert seen(lambda: [each for each in traces() if each["state"] == "stopped"])
    (run,) = traces()
    assert run["script_execution"] == "finished"
    full = house.ha.command("trace/get", domain="automation", item_id=DOOR_ID, run_id=run["run_id"])
    assert "trigger/0" in full["trace"]
    assert house.server.state("light.study") == "on"
    assert works.status(DOOR.id).last_triggered is not None

    assert works.rollback(DOOR.id).state is DeploymentState.REMOVED
    assert house.config(DOOR_ID) is None
    with pytest.raises(NotDeployed):
        works.rollback(DOOR.id)


def test_versions_and_what_its_owner_changes(house: House, works: Deployments, store: Store, clock: Clockwork) -> None:
    assert works.deploy(LAMP.id, enabled=True).enabled
    file = house.server.folder.path / "automations.yaml"
    before = file.read_bytes()
    assert works.deploy(LAMP.id).enabled
    assert file.read_bytes() == before, "the same again writes nothing"

    publish(store, LAMP.with_(trigger=TimeTrigger("07:40:00", WORKDAYS)), DOOR, now=clock())
    second = works.deploy(LAMP.id)
    assert second.enabled
    assert second.record is not None
    assert second.record.version == 2
    assert "07:40" in str(house.config(LAMP_ID))
    assert works.rollback(LAMP.id).enabled
    assert "07:10" in str(house.config(LAMP_ID))

    house.edit(LAMP_ID, alias="My own name")
    assert seen(lambda: works.status(LAMP.id).state is DeploymentState.CHANGED)
    for attempt in (works.deploy, works.rollback):
        with pytest.raises(AutomationChanged):
            attempt(LAMP.id)
    assert house.config(LAMP_ID)["alias"] == "My own name"

    house.ha.request("DELETE", f"config/automation/config/{LAMP_ID}")
    assert works.status(LAMP.id).state is DeploymentState.MISSING
    again = works.deploy(LAMP.id)
    assert (again.state, again.enabled) == (DeploymentState.DEPLOYED, False), "on before it was deleted, off now"


def test_what_the_home_does_already_is_refused(
    house: House, works: Deployments, store: Store, clock: Clockwork
) -> None:
    pump = at(
        "05:45:00", ("switch.circulation_pump", "on"), id="p_00000000000000e3", weekdays=(*WORKDAYS, "sat", "sun")
    )
    publish(store, pump, now=clock())
    before = (house.server.folder.path / "automations.yaml").read_bytes()
    with pytest.raises(AutomationRefused) as refused:
        works.deploy(pump.id)
    assert "duplicate" in [each["code"] for each in refused.value.reasons]
    assert (house.server.folder.path / "automations.yaml").read_bytes() == before
