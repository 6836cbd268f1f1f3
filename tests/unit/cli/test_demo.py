"""Writing a simulated home as files, and saying how much of its truth was found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from src.commands.demo import entities_beside, found_line, write_home
from src.domain.events import EntityInfo, EventLog
from src.domain.patterns import Action, Kind, Pattern, TimeTrigger
from src.errors import InvalidSetting
from src.simulation.home import Planted, SimulatedHome

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
MORNING = Planted(Kind.TIME_OF_DAY, "light.kitchen", "on", WORKDAYS, 0.9, 8.0, at_minutes=430.0)


def home() -> SimulatedHome:
    """Two events in Berlin, an hour before and an hour after the clock goes forward."""
    times = [datetime.fromisoformat(text) for text in ("2026-03-29T00:30:00.25+00:00", "2026-03-29T01:30:00+00:00")]
    log = EventLog(
        time=np.array([round(time.timestamp() * 1_000_000) for time in times], np.int64),
        entity=np.zeros(2, np.int32),
        state=np.array([0, 1], np.int32),
        origin=np.array([1, 2], np.int8),
        entities=("light.kitchen",),
        states=("on", "off"),
        time_zone="Europe/Berlin",
        info=MappingProxyType({"light.kitchen": EntityInfo("light.kitchen", "Kitchen, light", "Kitchen")}),
    )
    return SimulatedHome(log, (MORNING,))


def test_a_home_is_written_on_its_own_clock_with_its_entities_beside_it(tmp_path: Path) -> None:
    write_home(home(), tmp_path / "home.csv")
    assert (tmp_path / "home.csv").read_text().splitlines() == [
        "timestamp,entity_id,state,origin",
        "2026-03-29T01:30:00.250000+01:00,light.kitchen,on,user",
        "2026-03-29T03:30:00.000000+02:00,light.kitchen,off,automation",
    ]
    assert (tmp_path / "home.entities.csv").read_text().splitlines() == [
        "entity_id,name,area,device_class,unit",
        'light.kitchen,"Kitchen, light",Kitchen,,',
    ]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="No such file or directory"):
        write_home(home(), tmp_path / "nowhere" / "home.csv")


@pytest.mark.parametrize("name", ["home.csv", "home.csv.gz", "home.jsonl"])
def test_entities_stand_beside_their_history(name: str) -> None:
    assert entities_beside(Path("some") / name) == Path("some/home.entities.csv")


def test_the_count_of_what_was_found_and_what_else_is_shown(pattern: Pattern) -> None:
    morning = pattern.with_(trigger=TimeTrigger("07:15:00", WORKDAYS))
    assert found_line(home(), []).strip() == (
        "This home is made up: 0 of the 1 routines planted in it were found, and nothing besides."
    )
    assert "1 of the 1 routines planted in it were found, and nothing besides." in found_line(home(), [morning])
    night = morning.with_(trigger=TimeTrigger("02:15:00", WORKDAYS))
    assert "1 of the 1 routines planted in it were found, and 1 besides" in found_line(home(), [morning, night])
    other = morning.with_(actions=(Action("light.bedroom", "on"),))
    assert "0 of the 1 routines planted in it were found, and 1 besides" in found_line(home(), [other])
