"""A history that was read in one zone is not read again in another: its wall-clock times would come in twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.analysis.importing import import_history
from src.analysis.request import DetectRequest
from src.domain.progress import silent
from src.errors import InvalidSetting
from src.history import read_history
from src.store import Store

NOW = 1_790_000_000_000_000


def test_a_file_in_another_zone_is_refused_and_nothing_is_added(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text("timestamp,entity_id,state\n2026-03-01T07:00:00,light.a,on\n2026-03-01T08:00:00,light.a,off\n")
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    request = DetectRequest(history=str(file))

    def read_in(zone: str) -> None:
        import_history(store, request, time_zone=zone, read=read_history, progress=silent, now=NOW)

    try:
        read_in("UTC")
        read_in("UTC")
        assert store.events.count() == 2
        with pytest.raises(InvalidSetting, match="UTC, in which"):
            read_in("Europe/Berlin")
        assert store.events.count() == 2
    finally:
        store.close()
