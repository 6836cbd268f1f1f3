"""Several processes on one database, and processes that are killed at any moment (SIGKILL, nothing is cleaned up)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

import src.store.events as events_module
from src.domain.events import EventLog
from src.domain.runs import RunState, RunTrigger, Shortlist
from src.errors import RunInterrupted, StoreError
from src.store import Store
from tests.integration.forked import CONTEXT, KILLED, PATIENCE, exit_code, importable, started
from tests.unit.store.postgresql import Server, private_server
from tests.unit.store.worlds import NOW, busy_home, bytes_of, events_of, pattern, result

CONTEXT.set_forkserver_preload(["src.store", "tests.unit.store.worlds"])
CHUNK = 200


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    with importable():
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with private_server() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home.db'}"
    running: Server = request.getfixturevalue("server")
    return running.emptied()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def log() -> EventLog:
    return busy_home(5_000)


@pytest.fixture(scope="module")
def undisturbed(log: EventLog) -> tuple[object, ...]:
    """What the store gives back when nobody disturbs the import."""
    store = Store.open("sqlite://")
    store.events.add(log, source="a")
    loaded = bytes_of(store.events.load())
    store.close()
    return loaded


def die_at(moment: int) -> None:
    """The process kills itself right before its so manieth statement or commit."""
    left = [moment]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


# Imports


def import_and_die(url: str, moment: int) -> None:
    store = Store.open(url)
    events_module.CHUNK = CHUNK
    die_at(moment)
    store.events.add(busy_home(5_000), source="a")


def import_and_tell(url: str, connection: Connection) -> None:
    store = Store.open(url)
    events_module.CHUNK = CHUNK
    store.events.add(busy_home(5_000), source="a", progress=lambda *_: connection.send(None))


def assert_whole_chunks(store: Store, log: EventLog) -> int:
    kept = store.events.count()
    assert kept % CHUNK == 0
    if kept:
        assert sorted(events_of(store.events.load())) == sorted(events_of(log)[:kept])
        assert store.events.position("a") == int(log.time[kept - 1])
    else:
        assert store.events.position("a") is None
    return kept


@pytest.mark.parametrize("seed", [1, 2])
def test_an_import_that_is_killed_again_and_again(
    url: str, store: Store, log: EventLog, undisturbed: tuple[object, ...], seed: int
) -> None:
    moments = random.Random(seed)
    kept = 0
    for _ in range(5):
        moment = moments.randint(1, 100)
        assert exit_code(started(import_and_die, url, moment)) == KILLED
        now_kept = assert_whole_chunks(store, log)
        assert now_kept >= kept
        kept = now_kept

    imported = store.events.add(log, source="a")

    assert (imported.added, imported.known) == (len(log) - kept, kept)
    assert bytes_of(store.events.load()) == undisturbed
    assert store.events.position("a") == int(log.time[-1])


@pytest.mark.parametrize("chunks", [1, 9])
def test_an_import_that_is_killed_from_outside(
    url: str, store: Store, log: EventLog, undisturbed: tuple[object, ...], chunks: int
) -> None:
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = started(import_and_tell, url, sender)
    for _ in range(chunks):
        assert receiver.poll(PATIENCE)
        receiver.recv()
    process.kill()
    exit_code(process)
    receiver.close()
    sender.close()

    assert assert_whole_chunks(store, log) >= chunks * CHUNK
    store.events.add(log, source="a")
    assert bytes_of(store.events.load()) == undisturbed


def import_with(url: str, barrier: Barrier, sender: Connection) -> None:
    store = Store.open(url)
    events_module.CHUNK = CHUNK
    log = busy_home(5_000)
    barrier.wait(PATIENCE)
    imported = store.events.add(log, source="a")
    sender.send((imported.added, imported.known))
    store.close()


def test_two_processes_import_the_same_log_at_once(
    url: str, store: Store, log: EventLog, undisturbed: tuple[object, ...]
) -> None:
    barrier = CONTEXT.Barrier(2)
    receiver, sender = CONTEXT.Pipe(duplex=False)
    processes = [started(import_with, url, barrier, sender) for _ in range(2)]
    assert [exit_code(process) for process in processes] == [0, 0]
    counts = [receiver.recv() for _ in processes]
    receiver.close()
    sender.close()

    assert [added + known for added, known in counts] == [len(log), len(log)]
    assert sum(added for added, _ in counts) == len(log)
    assert bytes_of(store.events.load()) == undisturbed


# Runs


SHORTLISTS = (Shortlist("save energy", (pattern(2),)),)


def publish_and_die(url: str, run_id: str, moment: int) -> None:
    store = Store.open(url)
    die_at(moment)
    store.runs.publish(run_id, result(pattern(2), pattern(3), shortlists=SHORTLISTS), now=NOW + 9)


def test_publishing_is_killed_before_each_of_its_statements(url: str, store: Store) -> None:
    first = store.runs.start(trigger=RunTrigger.CLI, request={}, now=NOW)
    before = [pattern(1), pattern(2)]
    store.runs.publish(first.id, result(*before), now=NOW)
    run = store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=NOW, night="2025-10-18")

    moment = 1
    while (code := exit_code(started(publish_and_die, url, run.id, moment))) == KILLED:
        assert store.runs.get(run.id) == run
        assert store.runs.running() == [run]
        assert store.patterns.all() == before
        assert store.runs.shortlists(run.id) == []
        assert store.runs.whys(run.id) == []
        latest = store.runs.latest_success()
        assert latest is not None
        assert latest.id == first.id
        moment += 1

    assert code == 0
    assert moment > 8, "begin, four tables and commit are more statements than that"
    assert store.runs.get(run.id).state is RunState.SUCCEEDED
    assert [each.id for each in store.patterns.page().items] == [pattern(2).id, pattern(3).id, pattern(1).id]
    assert store.patterns.get(pattern(1).id).evidence.drift == "fading"
    assert store.runs.shortlists(run.id) == list(SHORTLISTS)


def publish_with(url: str, run_id: str, barrier: Barrier, sender: Connection) -> None:
    store = Store.open(url)
    barrier.wait(PATIENCE)
    try:
        store.runs.publish(run_id, result(*(pattern(i) for i in range(50))), now=NOW)
        sender.send("published")
    except RunInterrupted:
        sender.send("refused")
    store.close()


def test_two_processes_publish_the_same_night_at_once(url: str, store: Store) -> None:
    barrier = CONTEXT.Barrier(2)
    receiver, sender = CONTEXT.Pipe(duplex=False)
    runs = [store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=NOW, night="2025-10-18").id for _ in range(2)]
    processes = [started(publish_with, url, run_id, barrier, sender) for run_id in runs]
    assert [exit_code(process) for process in processes] == [0, 0]
    assert sorted(receiver.recv() for _ in processes) == ["published", "refused"]
    receiver.close()
    sender.close()
    assert sorted(store.runs.get(run_id).state for run_id in runs) == [RunState.RUNNING, RunState.SUCCEEDED]


# Opening and leases


def open_with(url: str, barrier: Barrier, number: int) -> None:
    barrier.wait(PATIENCE)
    store = Store.open(url)
    store.events.add(busy_home(30, seed=number), source=str(number))
    store.close()


@pytest.mark.parametrize("attempt", range(2))
def test_four_processes_open_a_new_database_at_once(url: str, attempt: int) -> None:
    barrier = CONTEXT.Barrier(4)
    processes = [started(open_with, url, barrier, 4 * attempt + number) for number in range(4)]
    assert [exit_code(process) for process in processes] == [0, 0, 0, 0]
    store = Store.open(url)
    assert all(store.events.position(str(4 * attempt + number)) is not None for number in range(4))
    store.close()


def lease_with(url: str, owner: str, barrier: Barrier, sender: Connection) -> None:
    store = Store.open(url)
    won = []
    for number in range(12):
        barrier.wait(PATIENCE)
        if store.leases.acquire(str(number), owner, now=NOW, ttl=1_000_000):
            won.append(number)
    sender.send(won)
    store.close()


def test_a_lease_goes_to_one_of_three_processes(url: str, store: Store) -> None:
    barrier = CONTEXT.Barrier(3)
    receiver, sender = CONTEXT.Pipe(duplex=False)
    processes = [started(lease_with, url, owner, barrier, sender) for owner in "abc"]
    assert [exit_code(process) for process in processes] == [0, 0, 0]
    won = [number for _ in processes for number in receiver.recv()]
    receiver.close()
    sender.close()
    assert sorted(won) == list(range(12))
    assert all(store.leases.holder(str(number), now=NOW) in {"a", "b", "c"} for number in range(12))


# A disk that is really full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if not made or made.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_runs_full_in_an_import(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.store.events.CHUNK", CHUNK)
    url = f"sqlite:///{small_disk / 'home.db'}"
    store = Store.open(url)
    store.runs.publish(
        store.runs.start(trigger=RunTrigger.CLI, request={}, now=NOW).id, result(pattern(1), pattern(2)), now=NOW
    )
    large = busy_home(60_000)

    with pytest.raises(StoreError) as stopped:
        store.events.add(large, source="a")

    assert "full" in stopped.value.message
    assert 0 < assert_whole_chunks(store, large) < len(large)
    assert store.patterns.all() == [pattern(1), pattern(2)]
    store.close()
    again = Store.open(url)
    assert_whole_chunks(again, large)
    assert again.patterns.all() == [pattern(1), pattern(2)]
    again.close()
