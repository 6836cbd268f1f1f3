"""What is said of the service's own database before it is upgraded."""

from __future__ import annotations

import pytest

from src.doctor.about_database import look_at_database
from src.doctor.finding import Level
from src.doctor.situation import Situation
from src.store.inspection import Backend, Inspection
from tests.unit.doctor.conftest import NOW, Situated


@pytest.mark.parametrize(
    ("backend", "kept"), [("sqlite", "a copy of it beside it"), ("postgresql", "a backup of it into DATA_DIR")]
)
def test_where_the_way_back_will_be(
    backend: Backend, kept: str, situated: Situated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Situation, "store", lambda _: Inspection(backend, "older", "0006", "0005"))
    told = {found.check: found for found in look_at_database(situated())}
    assert told["schema"].level is Level.NOTE
    assert told["schema"].fact.endswith(f"upgrades it to 0006 when the service starts, and puts {kept} first")
    assert told["schema"].remedy == ""


def test_a_zone_that_was_set_after_a_file_without_one_is_well(
    situated: Situated, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Inspection("sqlite", "current", "0006", "0006", newest=NOW, oldest=NOW, time_zone="UTC")
    monkeypatch.setattr(Situation, "store", lambda _: seen)
    told = {found.check: found for found in look_at_database(situated(tz="Europe/Berlin"))}
    assert told["time zone"].level is Level.OK
    assert told["time zone"].fact == "TZ is Europe/Berlin and counts; what was imported names UTC, or none"
    told = {found.check: found for found in look_at_database(situated())}
    assert told["time zone"].level is Level.NOTE
