"""A store of its own and a home to read for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.store import Store
from tests.unit.analysis.worlds import Clockwork, CountingModels, Found, Source


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    yield store
    store.close()


@pytest.fixture
def models() -> CountingModels:
    return CountingModels()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path / "history.csv")


@pytest.fixture
def found() -> Found:
    return Found()


@pytest.fixture
def clock() -> Clockwork:
    return Clockwork()
