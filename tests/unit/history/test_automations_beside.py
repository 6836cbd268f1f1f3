"""The automations that lie beside a recorder database come with its history."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from src.history import read_history
from tests.unit.history.conftest import MakeRecorder

AUTOMATIONS = """
- alias: Kitchen in the morning
  trigger:
    - platform: time
      at: "07:00:00"
  action:
    - service: light.turn_on
      target: {entity_id: light.kitchen}
"""


@pytest.fixture
def database(recorder: MakeRecorder, tmp_path: Path) -> Path:
    made = recorder()
    made.state("light.hall", "on", datetime(2026, 11, 1, tzinfo=UTC))
    made.state("light.hall", "off", datetime(2026, 11, 2, tzinfo=UTC))
    return tmp_path / "home-assistant_v2.db"


def test_automations_come_with_the_history(database: Path) -> None:
    (database.parent / "automations.yaml").write_text(AUTOMATIONS)
    assert [each.name for each in read_history(database).automations] == ["Kitchen in the morning"]


def test_a_home_without_automations_is_no_reason_for_a_word(database: Path) -> None:
    got = read_history(database, time_zone="UTC")
    assert (got.automations, got.warnings) == ((), read_history(database, time_zone="UTC").warnings)
    assert not any("automations.yaml" in warning for warning in got.warnings)


def test_broken_automations_do_not_cost_the_history(database: Path) -> None:
    (database.parent / "automations.yaml").write_text("- [")
    got = read_history(database)
    assert len(got.log) > 0
    assert got.automations == ()
    assert any("automations.yaml" in warning and "line" in warning for warning in got.warnings)


def test_other_sources_have_none(tmp_path: Path) -> None:
    (tmp_path / "automations.yaml").write_text(AUTOMATIONS)
    table = tmp_path / "events.csv"
    table.write_text("timestamp,entity_id,state\n2026-11-01T07:00:00Z,light.hall,on\n")
    assert read_history(table).automations == ()
