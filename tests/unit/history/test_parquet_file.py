"""Parquet with typed columns, strange names and too much in it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from src.errors import HistoryUnreadable
from src.history import read_history

NOON = 1_777_550_400_000_000  # 2026-04-30T12:00:00Z in µs


def write(path: Path, timestamp: str, rest: str = "'light.a' AS entity_id, 'on' AS state") -> Path:
    name = str(path).replace("'", "''")
    duckdb.execute(f"COPY (SELECT {timestamp} AS \"timestamp\", {rest}) TO '{name}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize(
    "timestamp",
    [
        "TIMESTAMPTZ '2026-04-30 12:00:00+00'",
        "TIMESTAMP '2026-04-30 14:00:00'",  # no zone: the wall clock of Berlin
        "TIMESTAMP_S '2026-04-30 14:00:00'",
        "TIMESTAMP_MS '2026-04-30 14:00:00'",
        "TIMESTAMP_NS '2026-04-30 14:00:00'",
        "'2026-04-30T14:00:00'",
        "'2026-04-30T12:00:00Z'",
        "1777550400::INTEGER",
        "1777550400000::BIGINT",
        "1777550400000000000::BIGINT",
        "1777550400.0::DOUBLE",
        "1777550400.0::DECIMAL(18, 3)",
    ],
)
def test_noon_is_noon_in_every_type(tmp_path: Path, timestamp: str) -> None:
    read = read_history(write(tmp_path / "a.parquet", timestamp), time_zone="Europe/Berlin")

    assert (read.log.time.tolist(), read.skipped) == ([NOON], {})


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("unnest([NULL, TIMESTAMPTZ '2026-04-30 12:00:00+00'])", "missing_field"),
        ("unnest([TIMESTAMP 'infinity', TIMESTAMP '2026-04-30 12:00:00'])", "missing_field"),
        ("unnest([TIMESTAMP '1800-01-01', TIMESTAMP '2026-04-30 12:00:00'])", "bad_timestamp"),
        ("unnest([-5.0::DOUBLE, 1777550400.0])", "bad_timestamp"),
        ("unnest(['NaN'::DOUBLE, 1777550400.0])", "bad_timestamp"),
    ],
)
def test_a_typed_timestamp_can_be_bad_as_well(tmp_path: Path, timestamp: str, reason: str) -> None:
    read = read_history(write(tmp_path / "a.parquet", timestamp), time_zone="UTC")

    assert (read.log.time.tolist(), read.skipped) == ([NOON], {reason: 1})


@pytest.mark.parametrize(
    ("rest", "state"),
    [
        ("'light.a' AS entity_id, 21.5 AS state", "21.5"),
        ("'light.a' AS Entity_ID, true AS state", "true"),
        ("'light.a'::BLOB AS entity_id, 'on'::BLOB AS state", "on"),
        ("'on' AS state, 'x' AS other, 'light.a' AS entity_id", "on"),
    ],
)
def test_columns_of_other_types_and_in_other_orders(tmp_path: Path, rest: str, state: str) -> None:
    log = read_history(write(tmp_path / "a.parquet", "'2026-04-30T12:00:00Z'", rest), time_zone="UTC").log

    assert (log.entities, log.states) == (("light.a",), (state,))


def test_a_name_full_of_wildcards_means_that_file_alone(tmp_path: Path) -> None:
    write(tmp_path / "home1.parquet", "1777550401")
    write(tmp_path / "home1x.parquet", "1777550402")
    path = write(tmp_path / "home[1]*'?.parquet", "1777550400")

    assert read_history(path, time_zone="UTC").log.time.tolist() == [NOON]


def test_a_timestamp_of_a_type_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(HistoryUnreadable, match="timestamp is of type BOOLEAN"):
        read_history(write(tmp_path / "a.parquet", "true"))


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", "unnest(range(1777550400, 1777560400))")
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(HistoryUnreadable, match="no whole Parquet file"):
        read_history(path)
