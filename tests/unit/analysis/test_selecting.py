"""The part of a log that is learned from."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.analysis.selecting import select
from src.domain.events import EntityInfo, EventLog
from src.domain.selection import Selection

HOME = ("light.kitchen", "light.guest_bed", "switch.fan", "sensor.power")
AREAS = {"light.kitchen": "Kitchen", "switch.fan": "Kitchen", "light.guest_bed": "Guest room"}
LABELS = {"switch.fan": ("Noisy",)}


def log_of(rows: list[tuple[int, int]]) -> EventLog:
    """Rows of (entity, state), one a second."""
    return EventLog(
        np.arange(len(rows), dtype=np.int64) * 1_000_000,
        np.array([entity for entity, _ in rows], np.int32),
        np.array([state for _, state in rows], np.int32),
        np.array([entity % 4 for entity, _ in rows], np.int8),
        HOME,
        ("off", "on", "12"),
        "Europe/Berlin",
        {entity_id: EntityInfo(entity_id, area=area) for entity_id, area in AREAS.items()},
        (52.0, 13.0),
    )


def rows_of(log: EventLog) -> list[tuple[int, str, str, int]]:
    return [
        (int(time), log.entities[entity], log.states[state], int(origin))
        for time, entity, state, origin in zip(log.time, log.entity, log.state, log.origin, strict=True)
    ]


def test_only_what_is_meant_stays_and_the_rest_is_counted() -> None:
    log = log_of([(0, 1), (1, 1), (2, 1), (3, 2), (0, 0)])
    chosen, left_out = select(log, Selection.parse("area:kitchen", "label:noisy"), LABELS)
    assert rows_of(chosen) == [(0, "light.kitchen", "on", 0), (4_000_000, "light.kitchen", "off", 0)]
    assert left_out == 3
    assert (chosen.entities, set(chosen.info)) == (("light.kitchen",), {"light.kitchen"})
    assert (chosen.time_zone, chosen.position) == ("Europe/Berlin", (52.0, 13.0))


def test_without_rules_the_log_is_as_it_was() -> None:
    log = log_of([(0, 1), (3, 2)])
    chosen, left_out = select(log, Selection.parse("", ""), LABELS)
    assert chosen is log
    assert left_out == 0


def test_an_empty_log_stays_empty() -> None:
    chosen, left_out = select(log_of([]), Selection.parse("domain:light", ""), {})
    assert (len(chosen), left_out, chosen.entities) == (0, 0, ("light.kitchen", "light.guest_bed"))


def test_rules_that_fit_nothing_leave_nothing() -> None:
    chosen, left_out = select(log_of([(0, 1), (1, 0)]), Selection.parse("domain:lock", ""), {})
    assert (len(chosen), left_out, chosen.entities) == (0, 2, ())


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=30),
    st.sampled_from(["", "domain:light", "*_bed", "area:Kitchen", "label:noisy, sensor.*"]),
    st.sampled_from(["", "light.k*", "area:guest room", "label:noisy"]),
)
def test_it_is_what_asking_for_each_event_gives(rows: list[tuple[int, int]], include: str, exclude: str) -> None:
    log, selection = log_of(rows), Selection.parse(include, exclude)
    chosen, left_out = select(log, selection, LABELS)
    wanted = [
        row for row in rows_of(log) if selection.admits(row[1], area=AREAS.get(row[1]), labels=LABELS.get(row[1], ()))
    ]
    assert rows_of(chosen) == wanted
    assert left_out == len(rows) - len(wanted)
