"""A Home Assistant that misbehaves on demand, and what calls it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.home_assistant.client import HomeAssistant
from tests.fake_home_assistant import FakeHomeAssistant


@pytest.fixture
def fake() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as home:
        yield home


@pytest.fixture
def ha(fake: FakeHomeAssistant) -> HomeAssistant:
    return HomeAssistant(fake.access())


@pytest.fixture
def impatient(fake: FakeHomeAssistant) -> HomeAssistant:
    """Waits a quarter of a second for an answer."""
    return HomeAssistant(fake.access(timeout=0.25))
