"""What SQLite sorts with goes where Python's temporary files go."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.store.database import Database, cache_bytes, keep_temporary_files


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    usual = Path(tempfile.gettempdir())
    chosen = tmp_path / "it's elsewhere"
    chosen.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(chosen))
    yield chosen
    keep_temporary_files(usual)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not tell open files")
def test_a_sort_that_spills_goes_there(tmp_path: Path, elsewhere: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'home.db'}")
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA cache_size = 10")
        numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000)"
        rows = connection.exec_driver_sql(f"{numbers} SELECT randomblob(1000) AS b FROM n ORDER BY b")
        rows.fetchone()
        files = [str(number.readlink()) for number in Path("/proc/self/fd").iterdir() if number.is_symlink()]
        rows.close()
    database.close()
    assert any(file.startswith(str(elsewhere)) for file in files)


def test_a_connection_keeps_no_more_of_the_file_than_the_container_allows(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'home.db'}")
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -cache_bytes() // 1024
    database.close()
