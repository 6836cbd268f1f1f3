"""A quiet world that checks look at: settings of a test's own, and a root of files it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from src.doctor.given import NAMES, Given
from src.doctor.situation import Situation
from src.settings import Settings
from tests.fake_home_assistant import FakeHomeAssistant

NOW = 1_795_000_000_000_000  # µs UTC, in November 2026

Situated = Callable[..., Situation]


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def situated(tmp_path: Path) -> Situated:
    """Makes a situation: settings by name, and what else :class:`Situation` has."""

    def make(container: bool = False, given: dict[str, str] | None = None, **named: Any) -> Situation:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        if container:
            (root / ".dockerenv").touch()
        own = {name: named.pop(name) for name in list(named) if name in Settings.model_fields}
        folders = {"data_dir": tmp_path / "data", "models_dir": tmp_path / "models"}
        values = {name.upper(): str(value) for name, value in own.items()}
        return Situation(
            Settings(**{"hf_hub_offline": True, **folders, **own}),
            Given(given if given is not None else values, {}),
            **{"root": root, "clock": lambda: NOW, "timeout": 5.0, **named},
        )

    return make


@pytest.fixture
def fake() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as fake:
        yield fake
