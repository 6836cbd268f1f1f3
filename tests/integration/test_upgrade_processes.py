"""An upgrade by several processes at once, and one that is killed at any moment (SIGKILL): nothing is lost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from src.store import Store
from src.store.archive import read_archive
from src.store.database import Database
from src.store.way_back import Shelf
from tests.integration.forked import CONTEXT, KILLED, PATIENCE, exit_code, importable, kill_at, started
from tests.integration.test_backup_processes import left_over, moments
from tests.unit.store.postgresql import Server, private_server
from tests.unit.store.test_upgrading import EARLIER, NEWEST, database_of
from tests.unit.store.test_way_back_of_a_server import Held, held, on_server

CONTEXT.set_forkserver_preload(["src.cli", "src.commands.restore", "tests.unit.store.test_way_back_of_a_server"])
BEFORE = EARLIER[-1]
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    with importable():
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with private_server() as running:
        yield running


class Old:
    """A home in a database of the revision before, and the folder where what it was is kept."""

    def __init__(self, kind: str, folder: Path, request: pytest.FixtureRequest) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.spare = folder
        if kind == "sqlite":
            self.url = f"sqlite:///{database_of(BEFORE, self.data / 'home.db')}"
            self.kept = self.data / f"home.db.{BEFORE}.backup"
            self.rows = self.now()
        else:
            self.url = request.getfixturevalue("server").emptied()
            self.kept = self.data / f"postgres.{BEFORE}.backup.zip"
            self.rows = on_server(BEFORE, self.url, folder)

    def now(self) -> Held:
        """Every row that the database has."""
        return held(Database(self.url))

    def in_the_copy(self) -> Held:
        """Every row of the way back."""
        packed = self.kept.suffix == ".zip"
        return held(Database.of_file(read_archive(self.kept, self.spare, "it").store if packed else self.kept))

    def names(self) -> list[str]:
        return sorted(path.name for path in self.data.iterdir() if not path.name.startswith("home.db-"))


@pytest.fixture(params=KINDS)
def old(tmp_path: Path, request: pytest.FixtureRequest) -> Old:
    return Old(request.param, tmp_path, request)


def upgrade(url: str, data: str, barrier: Barrier | None, moment: int = 0) -> None:
    """Open the store; the process kills itself right before its so manieth statement or step with a file."""
    if barrier is not None:
        barrier.wait(PATIENCE)
    kill_at(moment, data)
    Store.open(url, Shelf(Path(data), "")).close()


def test_four_processes_upgrade_at_once_and_one_copies(old: Old) -> None:
    barrier = CONTEXT.Barrier(4)
    processes = [started(upgrade, old.url, str(old.data), barrier) for _ in range(4)]
    assert [exit_code(process) for process in processes] == [0, 0, 0, 0]
    assert set(old.names()) == {old.kept.name} | ({"home.db"} if "sqlite" in old.url else set())
    assert old.in_the_copy() == old.rows, "made of what there was, and not once more of what became of it"


def test_an_upgrade_that_is_killed_at_any_moment(old: Old) -> None:
    """Until it is whole the old rows are there; as soon as they are not, they are in the way back."""
    tried = 0
    for moment in itertools.islice(moments(2), 0, None, 2):
        tried += 1
        code = exit_code(started(upgrade, old.url, str(old.data), None, moment))
        if code == 0:
            break
        assert code == KILLED
        assert len(left_over(old.data)) <= 1, "each sweeps what the one before it left"
        assert old.now() == old.rows
    assert tried > 5
    assert left_over(old.data) == []
    assert old.in_the_copy() == old.rows
    store = Store.open(old.url)
    assert store.schema_version == NEWEST
    store.close()
