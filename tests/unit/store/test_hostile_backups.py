"""A backup that was made to take memory: what it says is refused, or restored a little at a time.

Each is read by a process whose address space may grow by 160 MB and no more. Without the bounds most of them need
more than that.
"""

from __future__ import annotations

import re
import sqlite3
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from src.store import Store
from src.store.migration import newest_revision
from tests.unit.store.whole_home import whole_home

SERVICE = Path(__file__).resolve().parents[3] / "services/ai-automation-service"
ROOM = 160 << 20  # bytes
IN_A_SMALL_ROOM = """
import pathlib, re, resource, sys
from src.errors import ServiceError
from src.store import Store
from src.store.archive import read_archive
from src.store.stored_copy import check_copy
what, file, folder, revision, room = sys.argv[1:]
file, folder = pathlib.Path(file), pathlib.Path(folder)
store = Store.open(f"sqlite:///{folder}/target.db")
held = int(re.search(r"VmSize:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]) << 10
resource.setrlimit(resource.RLIMIT_AS, (held + int(room),) * 2)
try:
    if what == "archive":
        read_archive(file, folder, "home.zip")
    else:
        copy = check_copy(file, folder, name="home.zip", version="1", revision=revision)
        error = lambda run: {"code": "run_interrupted", "message": "", "remedy": ""}
        store.replace(copy.path, now=1, interrupted=error, before=lambda: None)
    print("taken")
except ServiceError as error:
    print(error.code, error.message)
"""


def read_in_a_small_room(what: str, file: Path, folder: Path) -> str:
    """What comes of reading a file: ``taken``, or the code and the words of the error."""
    folder.mkdir()
    command = [sys.executable, "-c", IN_A_SMALL_ROOM, what, str(file), str(folder), newest_revision(), str(ROOM)]
    done = subprocess.run(command, cwd=SERVICE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A whole home in a file of SQLite, as it is in a backup."""
    store = Store.open(f"sqlite:///{tmp_path / 'source.db'}")
    whole_home(store)
    snapshot = store.snapshot(tmp_path / "copy.db")
    store.close()
    return snapshot.path


def crafted(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_a_home_of_ours_needs_no_more(home: Path, tmp_path: Path) -> None:
    assert read_in_a_small_room("copy", home, tmp_path / "room") == "taken"


NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"


def test_many_long_values_are_taken_a_few_at_a_time(home: Path, tmp_path: Path) -> None:
    rows = f"{NUMBERS.format(120)} SELECT 1000 + i, hex(zeroblob(1000000)) || i, randomblob(16) FROM n"
    crafted(home, f"INSERT INTO state_text (id, text, digest) {rows}")
    assert read_in_a_small_room("copy", home, tmp_path / "room") == "taken"


def test_many_runs_under_way_with_long_names_are_ended_one_by_one(home: Path, tmp_path: Path) -> None:
    columns = "trigger, created_at, stage, request, inputs, versions, counts, timings, left_out"
    crafted(
        home,
        f"INSERT INTO run (number, id, state, {columns}) {NUMBERS.format(70)} SELECT 1000 + i,"
        f" hex(zeroblob(1500000)) || i, 'running', {columns} FROM n, (SELECT * FROM run LIMIT 1)",
    )
    assert read_in_a_small_room("copy", home, tmp_path / "room") == "taken"


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        (["UPDATE entity SET name = hex(zeroblob(200000000)) WHERE id = 1"], "cannot be read .*too big"),
        (["UPDATE embedding SET vector = zeroblob(400000000)"], "cannot be read .*too big|another type or length"),
        (
            [
                "UPDATE run SET "
                + ", ".join(
                    f"{column} = '[\"' || hex(zeroblob(7000000)) || '\"]'"
                    for column in ("request", "inputs", "versions", "counts", "timings", "left_out")
                )
            ],
            "table run holds values of another type or length",
        ),
        (
            [
                "PRAGMA writable_schema = ON",
                "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) "
                f"{NUMBERS.format(300_000)} SELECT 'view', 'v' || i, 'v' || i, 0,"
                " 'CREATE VIEW v' || i || ' AS SELECT 1 AS aaaaaaaaaa, 2 AS bbbbbbbbb' FROM n",
            ],
            "cannot be read",
        ),
        (
            [
                "PRAGMA writable_schema = ON",
                "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) SELECT 'view', 'v', 'v', 0,"
                " 'CREATE VIEW v AS SELECT 1 IN (1' || replace(hex(zeroblob(2000000)), '00', ',1') || ')'",
            ],
            "cannot be read",
        ),
        (
            [f"INSERT INTO alembic_version {NUMBERS.format(90)} SELECT hex(zeroblob(1000000)) || i FROM n"],
            "another schema than it says",
        ),
    ],
    ids=["text", "blob", "row", "schema", "statement", "revisions"],
)
def test_what_is_longer_than_ours_can_be_is_refused(
    statements: list[str], why: str, home: Path, tmp_path: Path
) -> None:
    crafted(home, *statements)
    said = read_in_a_small_room("copy", home, tmp_path / "room")
    assert said.startswith("backup_unreadable")
    assert re.search(why, said)


def test_a_file_that_asks_for_a_large_cache_does_not_get_it(home: Path, tmp_path: Path) -> None:
    crafted(home, "CREATE TABLE filler (x)", "INSERT INTO filler VALUES (zeroblob(300000000))")
    with home.open("r+b") as file:
        file.seek(48)  # "suggested cache size": https://www.sqlite.org/fileformat2.html#suggested_cache_size
        file.write(struct.pack(">i", 1_000_000))
    assert read_in_a_small_room("copy", home, tmp_path / "room") == "taken"


def members(count: int) -> bytes:
    """The list of a zip's members, none of which is there."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    listed = entry * count
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(listed), 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(listed), 1)
    return listed + end + locator + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def deflated(name: str, content: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for each in ("manifest.json", "settings.env", "store.db"):
                packed.writestr(each, content if each == name else b"{}")

    return write


@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write_bytes(members(2_000_000)),
        deflated("manifest.json", bytes(300_000_000)),
        deflated("manifest.json", b"[" * 1_000_000),
        deflated("settings.env", bytes(300_000_000)),
    ],
    ids=["members", "manifest", "depth", "settings"],
)
def test_an_archive_that_was_made_to_take_memory_is_refused(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "home.zip")
    said = read_in_a_small_room("archive", tmp_path / "home.zip", tmp_path / "room")
    assert said.startswith("backup_unreadable")
