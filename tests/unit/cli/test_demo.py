"""Writing a simulated home as files, and recognising its truth in what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from src.commands.demo import entities_beside, found_line, is_found, write_home
from src.domain.events import EntityInfo, EventLog
from src.domain.patterns import (
    Action,
    DayTypeTrigger,
    Kind,
    Pattern,
    PresenceTrigger,
    StateTrigger,
    TimeTrigger,
)
from src.errors import InvalidSetting
from src.simulation.home import Planted, SimulatedHome
from tests.unit.domain import every_kind

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
MORNING = Planted(Kind.TIME_OF_DAY, "light.kitchen", "on", WORKDAYS, 0.9, 8.0, at_minutes=430.0)
NIGHT = Planted(Kind.TIME_OF_DAY, "light.kitchen", "on", WORKDAYS, 0.9, 8.0, at_minutes=5.0)
ARRIVAL = Planted(
    Kind.CO_OCCURRENCE,
    "light.hall",
    "on",
    WORKDAYS,
    0.8,
    0.2,
    trigger_entity="binary_sensor.door",
    trigger_to="on",
    delay_seconds=15.0,
)


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


def at(pattern: Pattern, time: str, weekdays: tuple[str, ...] = WORKDAYS) -> Pattern:
    return pattern.with_(trigger=TimeTrigger(time, weekdays))


def test_a_planted_time_is_found_when_it_is_near_on_a_day_they_share(pattern: Pattern) -> None:
    assert is_found(MORNING, [at(pattern, "07:25:00")])
    assert not is_found(MORNING, [at(pattern, "07:40:00")])
    assert not is_found(MORNING, [at(pattern, "07:10:00", ("sat", "sun"))])
    assert is_found(NIGHT, [at(pattern, "23:55:00")])


def test_another_action_is_another_routine(pattern: Pattern) -> None:
    assert not is_found(MORNING, [pattern.with_(actions=(Action("light.kitchen", "off"),))])
    assert not is_found(MORNING, [pattern.with_(actions=(Action("light.bedroom", "on"),))])


def test_a_planted_consequence_is_found_by_its_trigger(pattern: Pattern) -> None:
    after_door = pattern.with_(
        kind=Kind.CO_OCCURRENCE,
        trigger=StateTrigger("binary_sensor.door", "on", 15.0, 60.0),
        actions=(Action("light.hall", "on"),),
    )
    assert is_found(ARRIVAL, [after_door])
    assert not is_found(ARRIVAL, [after_door.with_(trigger=StateTrigger("binary_sensor.window", "on", 15.0, 60.0))])


def test_a_planted_time_is_found_in_a_routine_that_differs_at_weekends(pattern: Pattern) -> None:
    both = DayTypeTrigger((TimeTrigger("07:20:00", WORKDAYS), TimeTrigger("08:40:00", ("sat", "sun"))))
    found = pattern.with_(kind=Kind.DAY_TYPE, trigger=both)
    assert is_found(MORNING, [found])
    assert not is_found(NIGHT, [found])


def test_a_planted_arrival_is_found_by_who_comes(pattern: Pattern) -> None:
    anna = replace(ARRIVAL, trigger_entity="person.anna", trigger_to="home")
    welcome = pattern.with_(
        kind=Kind.PRESENCE,
        trigger=PresenceTrigger("arrives", ("person.anna",), 15.0, 60.0),
        actions=(Action("light.hall", "on"),),
    )
    assert is_found(anna, [welcome])
    assert not is_found(anna, [welcome.with_(trigger=PresenceTrigger("leaves", ("person.anna",), 15.0, 60.0))])
    assert not is_found(ARRIVAL, [welcome])


def test_a_scene_or_a_change_of_habit_is_found_by_its_thing_and_its_kind() -> None:
    scene = Planted(Kind.SCENE, "light.spots", "on", WORKDAYS, 0.9, 1.0)
    change = Planted(Kind.FREQUENCY, "switch.washing_machine", "on", WORKDAYS, 0.9, 1.0)
    assert is_found(scene, every_kind.EVERY)
    assert is_found(change, every_kind.EVERY)
    assert not is_found(replace(change, kind=Kind.ANOMALY), every_kind.EVERY)


def test_the_count_of_what_was_found(pattern: Pattern) -> None:
    assert "1 of the 2" in found_line([MORNING, ARRIVAL], [pattern])
