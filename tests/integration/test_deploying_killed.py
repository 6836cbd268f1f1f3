"""A process that is killed outright while it deploys leaves a record that the next process settles."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.domain.deployments import DeploymentState
from src.home_assistant.access import Access
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.unit.analysis.deploying_world import LAMP, LAMP_ID, Home, Mortal, deployments, publish
from tests.unit.analysis.worlds import Clockwork


class Hanging(Mortal):
    """Says where it is and stays there."""

    def __init__(self, access: Access, where: str, *, after: bool) -> None:
        super().__init__(access)
        self._where, self._when = where, after

    def request(self, method: str, path: str, body: dict[str, object] | None = None) -> object:
        if method == self._where and not self._when:
            hang()
        answer = super().request(method, path, body)
        if method == self._where:
            hang()
        return answer


def hang() -> None:
    sys.stdout.write("there\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGUSR1})


def work(folder: Path, url: str, what: str, where: str, after: bool) -> None:
    """The child's work: a deployment or its end that stops before or after one call to Home Assistant."""
    store = Store.open(f"sqlite:///{folder / 'home.db'}")
    token = (folder / "token").read_text("utf-8")
    access = Access(url, f"ws{url.removeprefix('http')}/api/websocket", token)
    ha = Hanging(access, where, after=after)
    getattr(deployments(store, lambda: ha, Clockwork()), what)(LAMP.id)


@pytest.fixture
def home() -> Iterator[Home]:
    with Home() as home:
        yield home


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("what", "where"), [("deploy", "POST"), ("rollback", "DELETE")])
def test_killed_in_the_middle(tmp_path: Path, home: Home, what: str, where: str, after: bool) -> None:
    clock = Clockwork()
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    publish(store, LAMP, now=clock())
    works = deployments(store, lambda: HomeAssistant(home.access()), clock)
    if what == "rollback":
        works.deploy(LAMP.id)
    (tmp_path / "token").write_text(home.token, "utf-8")
    program = (
        "from pathlib import Path; from tests.integration.test_deploying_killed import work; "
        f"work(Path({str(tmp_path)!r}), {home.url!r}, {what!r}, {where!r}, {after})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "there\n"
        child.kill()

    record = store.deployments.get(LAMP.id)
    assert record is not None
    assert record.state is (DeploymentState.WRITING if what == "deploy" else DeploymentState.REMOVING)
    clock.forward(seconds=121)  # until the dead one's turn is over
    works.tend()

    settled = store.deployments.get(LAMP.id)
    if what == "rollback":
        assert settled is not None
        assert settled.state is DeploymentState.REMOVED
        assert home.automations == {}
    else:
        assert (settled is not None) is (LAMP_ID in home.automations) is after
        assert works.deploy(LAMP.id).state is DeploymentState.DEPLOYED
        assert home.automation == "off"
    assert set(home.automation_states) == {"off"}
    store.close()
