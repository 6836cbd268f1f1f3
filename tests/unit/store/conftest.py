"""The store on each kind of database that it promises to be the same on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.store import Store
from tests.unit.store.postgresql import Server, private_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with private_server() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that nobody has used, of each kind that keeps its data and serves several processes."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home.db'}"
    running: Server = request.getfixturevalue("server")
    return running.emptied()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()
