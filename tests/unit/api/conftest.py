"""A client of the whole application over fakes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.main import create_app
from tests.unit.api.fakes import GONE, HALL, KITCHEN, World, world

with warnings.catch_warnings():
    # starlette prefers another client library and says so once, on import; ours is pinned.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture
def home(tmp_path: Path) -> World:
    """Two patterns people see and a stale one; no run yet."""
    return world(tmp_path, KITCHEN, HALL, GONE)


@pytest.fixture
def client(home: World) -> Iterator[TestClient]:
    with TestClient(create_app(home.services), base_url="http://localhost:8018") as client:
        yield client
