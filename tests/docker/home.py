"""Histories of homes, small and large, as the files that the service imports."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

HEADER = "timestamp,entity_id,state\n"
FIRST = date(2026, 1, 5)


def a_lamp(file: Path, weeks: int = 4) -> Path:
    """A lamp that goes on at seven and off at eight, every day."""
    rows = [
        f"{FIRST + timedelta(number)}T{hour}:0{number % 3}:00+01:00,light.kitchen,{state}\n"
        for number in range(weeks * 7)
        for hour, state in (("07", "on"), ("08", "off"))
    ]
    file.write_text(HEADER + "".join(rows), "utf-8")
    file.chmod(0o644)
    return file
