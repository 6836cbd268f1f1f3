"""Simulated homes that several tests read and none changes."""

from __future__ import annotations

import pytest

from src.simulation.demo import demo_home
from src.simulation.home import SimulatedHome


@pytest.fixture(scope="session")
def demo() -> SimulatedHome:
    return demo_home()
