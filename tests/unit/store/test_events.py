"""The event store, on both databases: nothing is lost, nothing is doubled, one content gives one log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.domain.events import EntityInfo, EventLog, Origin
from src.errors import NoHistory
from src.store import Store
from src.store.events import Imported
from tests.unit.store.worlds import NOW, SECOND, Event, busy_home, bytes_of, events_of, log_of

USER, UNKNOWN, DEVICE = Origin.USER, Origin.UNKNOWN, Origin.DEVICE


def test_a_log_comes_back_whole_and_in_order(store: Store) -> None:
    events: list[Event] = [
        (NOW + 5, "light.b", "on", USER),
        (NOW, "light.b", "on", DEVICE),
        (NOW, "light.a", "on", UNKNOWN),
        (NOW, "light.a", "off", Origin.AUTOMATION),
    ]
    about = EntityInfo("light.a", name="Lampe Küche", area="Küche", device_class="light", unit="lm")

    imported = store.events.add(log_of(events, info=[about]), source="a.csv")

    assert imported == Imported(added=4, known=0)
    log = store.events.load()
    assert events_of(log) == sorted(events)
    assert log.entities == ("light.a", "light.b")
    assert log.states == ("off", "on")
    assert log.time_zone == "Europe/Berlin" == store.events.time_zone()
    assert dict(log.info) == {"light.a": about}
    assert (store.events.count(), store.events.span()) == (4, (NOW, NOW + 5))


def test_an_empty_store(store: Store) -> None:
    assert store.events.count() == 0
    assert store.events.span() is None
    assert store.events.time_zone() is None
    assert store.events.position("a.csv") is None
    with pytest.raises(NoHistory):
        store.events.load()


def test_a_log_without_events_leaves_a_store_without_history(store: Store) -> None:
    assert store.events.add(log_of([], "Asia/Tokyo"), source="a.csv") == Imported(0, 0)
    assert store.events.time_zone() == "Asia/Tokyo"
    assert store.events.position("a.csv") is None
    with pytest.raises(NoHistory):
        store.events.load()


def test_importing_the_same_span_twice_changes_nothing(store: Store) -> None:
    log = busy_home(2_000)
    first = store.events.add(log, source="a.csv")
    before = bytes_of(store.events.load())

    again = store.events.add(log, source="a.csv")

    assert first == Imported(added=2_000, known=0)
    assert again == Imported(added=0, known=2_000)
    assert store.events.count() == 2_000
    assert bytes_of(store.events.load()) == before


def test_a_known_origin_replaces_an_unknown_one_and_no_other(store: Store) -> None:
    store.events.add(log_of([(NOW, "light.a", "on", UNKNOWN), (NOW + 1, "light.a", "off", USER)]), source="a")
    known = store.events.add(log_of([(NOW, "light.a", "on", DEVICE), (NOW + 1, "light.a", "off", DEVICE)]), source="b")
    forgetful = store.events.add(
        log_of([(NOW, "light.a", "on", UNKNOWN), (NOW + 1, "light.a", "off", UNKNOWN)]), source="c"
    )

    assert known == forgetful == Imported(added=0, known=2)
    assert events_of(store.events.load()) == [(NOW, "light.a", "on", DEVICE), (NOW + 1, "light.a", "off", USER)]


def test_an_event_that_a_log_holds_twice_is_kept_once_with_the_origin_that_is_known(store: Store) -> None:
    twice: list[Event] = [(NOW, "light.a", "on", UNKNOWN), (NOW, "light.a", "on", USER), (NOW, "light.a", "on", DEVICE)]
    assert store.events.add(log_of(twice), source="a") == Imported(added=1, known=2)
    assert events_of(store.events.load()) == [(NOW, "light.a", "on", USER)]


def test_the_events_of_some_entities(store: Store) -> None:
    everything: list[Event] = [(NOW + i, f"light.{'ab'[i % 2]}", "on", USER) for i in range(10)]
    store.events.add(log_of(everything), source="a")
    chosen = store.events.load(NOW + 2, entities=["light.a", "light.nobody's"])
    assert events_of(chosen) == everything[2::2]
    assert len(store.events.load(entities=[])) == 0


def test_a_span_holds_its_start_and_not_its_end_and_only_what_it_uses(store: Store) -> None:
    hours: list[Event] = [(NOW + i, f"sensor.s{i}", str(i), DEVICE) for i in range(5)]
    info = [EntityInfo(f"sensor.s{i}", unit="W") for i in range(5)]
    store.events.add(log_of(hours, info=info), source="a")

    log = store.events.load(NOW + 1, NOW + 3)

    assert events_of(log) == hours[1:3]
    assert (log.entities, log.states) == (("sensor.s1", "sensor.s2"), ("1", "2"))
    assert list(log.info) == ["sensor.s1", "sensor.s2"]
    assert len(store.events.load(NOW + 3)) == 2
    assert len(store.events.load(end=NOW + 1)) == 1
    nothing = store.events.load(NOW + 10)
    assert (len(nothing), nothing.entities, nothing.states) == (0, (), ())
    assert nothing.time_zone == "Europe/Berlin"


def test_metadata_grows_and_is_never_forgotten(store: Store) -> None:
    lamp: list[Event] = [(NOW, "light.a", "on", USER)]
    store.events.add(log_of(lamp, info=[EntityInfo("light.a", name="Lamp", area="Hall")]), source="a")
    store.events.add(log_of(lamp, "Europe/Paris", [EntityInfo("light.a", area="Kitchen", unit="lm")]), source="a")
    store.events.add(log_of(lamp, "Europe/Paris"), source="a")

    log = store.events.load()
    assert dict(log.info) == {"light.a": EntityInfo("light.a", name="Lamp", area="Kitchen", unit="lm")}
    assert log.time_zone == "Europe/Paris"


def test_the_place_of_the_home_is_kept_and_never_forgotten(store: Store) -> None:
    lamp = log_of([(NOW, "light.a", "on", USER), (NOW, "light.a", "off", USER)])
    store.events.add(lamp, source="a")
    assert store.events.load().position is None

    store.events.add(replace(lamp, position=(-33.87, 151.21)), source="b.db")
    store.events.add(lamp, source="a")

    assert store.events.load().position == (-33.87, 151.21)
    assert store.events.load(end=0).position == (-33.87, 151.21)
    store.events.add(replace(lamp, position=(0.0, 0.0)), source="b.db")
    assert store.events.load().position == (0.0, 0.0)


def test_each_source_has_its_own_position_which_never_goes_back(store: Store) -> None:
    store.events.add(log_of([(NOW, "light.a", "on", USER), (NOW + 9, "light.a", "off", USER)]), source="/a.db")
    store.events.add(log_of([(NOW + 4, "light.b", "on", USER)]), source="/b.db")
    store.events.add(log_of([(NOW - 5, "light.a", "on", USER)]), source="/a.db")

    assert store.events.position("/a.db") == NOW + 9
    assert store.events.position("/b.db") == NOW + 4
    assert store.events.position("/c.db") is None


class Stop(Exception):
    """The import is interrupted."""


def test_an_interrupted_import_keeps_whole_chunks_and_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.store.events.CHUNK", 100)
    log = busy_home(1_000)

    def stop_after_three(stage: str, done: float, total: float, unit: str = "") -> None:
        assert (stage, total, unit) == ("import", 1_000, "events")
        if done >= 300:
            raise Stop

    with pytest.raises(Stop):
        store.events.add(log, source="a", progress=stop_after_three)
    assert store.events.count() == 300
    assert store.events.position("a") == int(log.time[299])

    assert store.events.add(log, source="a") == Imported(added=700, known=300)
    assert store.events.position("a") == int(log.time[-1])
    assert sorted(events_of(store.events.load())) == sorted(events_of(log))


def test_what_no_database_can_hold_is_replaced_and_found_again(store: Store) -> None:
    odd: list[Event] = [(NOW, "sensor.a", "x\x00y", USER), (NOW + 1, "sensor.a", "\ud800", USER)]
    long = "é" * 5_000
    log = log_of([*odd, (NOW + 2, "sensor.a", long, USER)], info=[EntityInfo("sensor.a", name="\udcff")])

    store.events.add(log, source="/data/\udce9.csv")
    again = store.events.add(log, source="/data/\udce9.csv")

    assert again == Imported(added=0, known=3)
    assert [event[2] for event in events_of(store.events.load())] == ["x\ufffdy", "\ufffd", long]
    assert store.events.load().about("sensor.a").name == "\ufffd"
    assert store.events.position("/data/\udce9.csv") == NOW + 2


def test_more_states_than_one_query_binds(store: Store) -> None:
    many = 12_000
    log = EventLog(
        NOW + np.arange(many, dtype=np.int64),
        np.zeros(many, np.int32),
        np.arange(many, dtype=np.int32),
        np.zeros(many, np.int8),
        ("sensor.power",),
        tuple(str(i) for i in range(many)),
        "UTC",
    )
    assert store.events.add(log, source="a") == Imported(many, 0)
    assert [event[2] for event in events_of(store.events.load())] == [str(i) for i in range(many)]


def test_the_order_of_imports_leaves_no_trace(url: str, store: Store) -> None:
    log = busy_home(600)
    parts = [log.between(NOW + i * 50 * SECOND, NOW + (i + 1) * 50 * SECOND) for i in range(4)]
    forwards = store
    for part in parts:
        forwards.events.add(part, source="a")
    backwards = Store.open("sqlite://")
    for part in reversed(parts):
        backwards.events.add(part, source="b")

    assert bytes_of(forwards.events.load()) == bytes_of(backwards.events.load())
    backwards.close()


def test_a_history_moves_to_another_database(store: Store) -> None:
    old = Store.open("sqlite://")
    old.events.add(busy_home(2_000), source="a")

    store.events.add(old.events.load(), source="moved")

    assert bytes_of(store.events.load()) == bytes_of(old.events.load())
    old.close()


@pytest.fixture(scope="module")
def many_stores() -> Iterator[list[Store]]:
    """Stores in memory that an example opened, closed at the end."""
    opened: list[Store] = []
    yield opened
    for each in opened:
        each.close()


_EVENTS = st.lists(
    st.tuples(
        st.integers(NOW, NOW + 6),
        st.sampled_from(["light.a", "light.b", "sensor.c"]),
        st.text(max_size=3) | st.sampled_from(["on", "off"]),
        st.sampled_from(list(Origin)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs=st.lists(_EVENTS, min_size=1, max_size=4), chunk=st.integers(1, 9))
def test_any_imports_together_are_the_set_of_their_events(
    logs: Sequence[list[Event]], chunk: int, many_stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of the store in a dictionary: by key, the first origin, or the first known one."""
    monkeypatch.setattr("src.store.events.CHUNK", chunk)
    store = Store.open("sqlite://")
    many_stores.append(store)
    model: dict[tuple[int, str, str], Origin] = {}
    for number, events in enumerate(logs):
        before = len(model)
        for time, entity, state, origin in events_of(log_of(events)):
            key = (time, entity, state.replace("\x00", "\ufffd"))
            if model.get(key, UNKNOWN) is UNKNOWN:
                model[key] = origin
        imported = store.events.add(log_of(events), source=str(number))
        assert imported == Imported(len(model) - before, len(events) - (len(model) - before))

    assert store.events.count() == len(model)
    if model:
        assert events_of(store.events.load()) == [(*key, model[key]) for key in sorted(model)]
