"""A home that is backed up, and the folder that commands are called in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src import cli
from src.settings import Settings, load_settings
from src.store import Store
from tests.unit.store.whole_home import whole_home
from tests.unit.store.worlds import busy_home

TOKEN = "a-token-that-nobody-may-see"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The service's folder; the work is done in another one."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HA_TOKEN", TOKEN)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    opened = Store.open(load_settings().store_url)
    yield opened
    opened.close()


@pytest.fixture
def backup(store: Store, data: Path) -> Path:
    """Of a whole home; the store holds another one now."""
    whole_home(store)
    assert cli.main(["backup", "home.zip"]) == 0
    store.events.add(busy_home(300), source="later")
    return data.parent / "home.zip"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
