"""A store of its own, a home to read and a Home Assistant to write to for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.analysis.deploying import Deployments
from src.home_assistant.client import HomeAssistant
from src.store import Store
from tests.unit.analysis.deploying_world import DOOR, LAMP, Home, deployments, publish
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


@pytest.fixture
def home() -> Iterator[Home]:
    with Home() as home:
        yield home


@pytest.fixture
def works(store: Store, home: Home, clock: Clockwork) -> Deployments:
    publish(store, LAMP, DOOR, now=clock())
    return deployments(store, lambda: HomeAssistant(home.access()), clock)
