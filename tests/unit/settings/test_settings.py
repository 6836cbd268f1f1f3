"""Settings say at once, and by name, what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import InvalidSetting, UnknownTimeZone
from src.jobs.nights import Schedule
from src.settings import load_settings
from src.store import Store


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 0),
        ("retention_days", 1),
        ("quantization", "int4"),
        ("log_level", "LOUD"),
        ("analysis_schedule", "at three"),
        ("analysis_schedule", "61 3 * * *"),
        ("analysis_schedule", ""),
        ("model_download_timeout", -1),
    ],
)
def test_a_wrong_value_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting) as caught:
        load_settings(**{name: value})
    assert caught.value.about == name.upper()


def test_an_unknown_zone_is_told() -> None:
    with pytest.raises(UnknownTimeZone):
        load_settings(tz="Mars/Olympus")


def test_sunday_may_be_seven() -> None:
    """As in cron, and unlike in APScheduler."""
    schedule = load_settings(analysis_schedule="0 3 * * 7").analysis_schedule
    night = Schedule(schedule, "UTC").next(1_771_650_000_000_000)  # Saturday, 21 February 2026
    assert night is not None
    assert night.date == "2026-02-22"


@pytest.mark.parametrize("folder", ["100%41", "what?", "a b", "é#1"])
def test_the_default_database_lies_in_the_data_folder_whatever_its_name(tmp_path: Path, folder: str) -> None:
    data = tmp_path / folder
    Store.open(load_settings(data_dir=data).store_url).close()
    assert (data / "ai-automation.db").is_file()
