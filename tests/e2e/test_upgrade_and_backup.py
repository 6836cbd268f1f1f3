"""The served program on a database of every earlier version, and while it is backed up and restored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from tests.e2e.program import Program, wait_for_line
from tests.e2e.test_serving import free_port
from tests.unit.store.test_upgrading import EARLIER, database_of, dump_of
from tests.unit.store.worlds import pattern

ACCEPTED, REJECTED = pattern(1).id, pattern(2).id
OLD_RUN = "r_0000000000000001"
# The night of these databases is long ago, and what a run of today makes of them is not what is asked here.
NEVER_SOON = {"ANALYSIS_SCHEDULE": "0 3 29 2 *", "TZ": "UTC", "LOG_LEVEL": "ERROR"}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Without a model: none is needed for what is stored."""
    return Program(tmp_path, tmp_path / "models")


def old_home(program: Program, revision: str) -> Path:
    (program.home / "data").mkdir()
    return database_of(revision, program.home / "data" / "ai-automation.db")


@pytest.mark.parametrize("revision", EARLIER)
def test_the_service_comes_up_on_an_earlier_database_with_everything_in_it(revision: str, program: Program) -> None:
    path = old_home(program, revision)
    before = dump_of(path)
    with (
        program.started("serve", "--port", str(free_port()), **NEVER_SOON) as process,
        httpx.Client(base_url=wait_for_line(process, "http://"), timeout=60) as client,
    ):
        assert client.get(f"/patterns/{ACCEPTED}").json()["status"] == "accepted"
        assert client.get(f"/patterns/{REJECTED}").json()["status"] == "rejected"
        assert client.get(f"/runs/{OLD_RUN}").json()["state"] == "succeeded"
        assert {"r_0000000000000002", OLD_RUN} <= {run["id"] for run in client.get("/runs").json()["runs"]}
    kept = path.with_name(f"{path.name}.{revision}.backup")
    assert dump_of(kept) == before


def test_it_answers_while_it_is_backed_up_and_restored(demo: Path, program: Program) -> None:
    assert program("import", demo).code == 0
    full = program.home / "full.zip"
    assert program("backup", full).code == 0
    old = Program(program.home / "old", program.models)
    old.home.mkdir()
    old_home(old, EARLIER[-1])
    assert old("backup", program.home / "old.zip", **NEVER_SOON).code == 0
    failed: list[str] = []
    asked = 0
    done = Event()
    with (
        program.started("serve", "--port", str(free_port()), **NEVER_SOON) as process,
        httpx.Client(base_url=wait_for_line(process, "http://"), timeout=60) as client,
    ):

        def ask() -> None:
            nonlocal asked
            while not done.is_set():
                answer = client.get("/patterns")
                asked += 1
                if answer.status_code != 200:
                    failed.append(answer.text)

        asking = Thread(target=ask)
        asking.start()
        try:
            assert program("backup", program.home / "again.zip").code == 0
            restored = program("restore", program.home / "old.zip", "--wait", "100", "--format", "json")
            assert restored.code == 0, restored.err
            assert client.get(f"/patterns/{ACCEPTED}").json()["status"] == "accepted", "without a restart"
            assert program("restore", full, "--wait", "100").code == 0
            assert client.get(f"/patterns/{ACCEPTED}").status_code == 404
        finally:
            done.set()
            asking.join()
        assert failed == []
        assert asked > 3
    with closing(sqlite3.connect(program.home / "data" / "ai-automation.db")) as after:
        assert after.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert after.execute("SELECT count(*) FROM event").fetchone()[0] == restored.json["before"]["event"]
