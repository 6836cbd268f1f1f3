"""Worlds that the real ``doctor`` is called in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.store import Store
from tests.fake_home_assistant import FakeHomeAssistant


def store_of(home: Path) -> Store:
    return Store.open(f"sqlite:///{home / 'data' / 'ai-automation.db'}")


@pytest.fixture
def fake() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as fake:
        fake.add_entity("light.grandmas_bedside_lamp", "off", name="Grandma's bedside lamp")
        yield fake


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A database that the service made, and that nobody has open."""
    (tmp_path / "data").mkdir()
    store_of(tmp_path).close()
    return tmp_path / "data" / "ai-automation.db"


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A folder of root's that everybody may enter, which those of pytest are not."""
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        (path / "tmp").mkdir()
        (path / "tmp").chmod(0o777)
        yield path
