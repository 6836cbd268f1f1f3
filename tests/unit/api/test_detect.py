"""``POST /patterns/detect``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from src.analysis.pipeline import DetectRequest
from src.api.detect import detect_request
from src.api.run_schemas import DetectIn
from src.api.services import WAITING_THREADS
from src.domain.patterns import Kind
from src.domain.runs import Run, Shortlist
from src.errors import InvalidSetting
from src.main import create_app
from src.settings import load_settings
from tests.unit.api.fakes import HALL, KITCHEN, World
from tests.unit.api.test_problems import assert_problem


def microseconds(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc,arg-type]


def test_an_empty_body_begins_a_run_with_every_default(client: TestClient, home: World) -> None:
    response = client.post("/patterns/detect")
    assert response.status_code == 202
    body = response.json()
    assert response.headers["location"] == f"/runs/{body['run']['id']}"
    assert body["joined"] is False
    assert body["run"]["state"] == "running"
    assert body["run"]["created_at"] == "2025-10-18T02:00:00Z"
    assert home.runner.requests == [DetectRequest()]


@pytest.mark.parametrize(("empty", "history"), [(True, "home_assistant"), (False, None)])
def test_before_the_first_import_what_is_set_is_read(home: World, empty: bool, history: str | None) -> None:
    home.store.events.empty = empty
    settings = home.services.settings.model_copy(update={"ha_url": "http://home.local:8123", "ha_token": "t"})
    with TestClient(create_app(replace(home.services, settings=settings)), base_url="http://localhost:8018") as client:
        client.post("/patterns/detect")
    assert home.runner.requests == [DetectRequest(history=history)]


def test_every_field_reaches_the_runner(client: TestClient, home: World) -> None:
    client.post(
        "/patterns/detect",
        json={
            "history": "/config/home-assistant_v2.db",
            "entities": "/config/entities.csv",
            "start": "2025-08-01",
            "end": "2025-10-01T00:00:00+02:00",
            "time_zone": "Europe/Berlin",
            "kinds": ["co_occurrence", "time_of_day"],
            "interest": "save energy",
            "top_k": 5,
        },
    )
    assert home.runner.requests == [
        DetectRequest(
            history="/config/home-assistant_v2.db",
            entities="/config/entities.csv",
            start=microseconds(2025, 7, 31, 22),  # midnight in Berlin
            end=microseconds(2025, 9, 30, 22),
            time_zone="Europe/Berlin",
            kinds=(Kind.TIME_OF_DAY, Kind.CO_OCCURRENCE),
            interest="save energy",
            top_k=5,
        )
    ]


def test_a_time_without_an_offset_is_on_the_homes_clock(client: TestClient, home: World) -> None:
    home.store.events.zone = "America/New_York"
    client.post("/patterns/detect", json={"start": "2025-01-01T06:00"})
    assert home.runner.requests[0].start == microseconds(2025, 1, 1, 11)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_an_offset_is_honoured(wall: datetime, hours: int) -> None:
    text = f"{wall.isoformat()}{'+' if hours >= 0 else '-'}{abs(hours):02d}:00"
    expected = round((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
    start = detect_request(DetectIn(start=text), "Asia/Tokyo", load_settings()).start
    assert start is not None
    assert abs(start - expected) <= 1


@given(st.text(max_size=20))
def test_what_is_no_instant_is_refused_with_its_field(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        with pytest.raises(InvalidSetting, match="end cannot be"):
            detect_request(DetectIn(end=text), "UTC", load_settings())


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"top_k": 0}, "top_k", "greater than or equal to 1"),
        ({"top_k": 101}, "top_k", "less than or equal to 100"),
        ({"top_k": "5"}, "top_k", "valid integer"),
        ({"top_k": True}, "top_k", "valid integer"),
        ({"wait": "yes"}, "wait", "valid boolean"),
        ({"histroy": "x.csv"}, "histroy", "no such field"),
        ({"history": ""}, "history", "at least 1 character"),
        ({"history": "a\0b"}, "history", "match pattern"),
        ({"kinds": []}, "kinds", "at least 1 item"),
        ([1], "body", "valid dictionary"),
    ],
    ids=str,
)
def test_a_field_that_is_not_as_it_should_be_is_named(
    client: TestClient, home: World, body: Any, field: str, words: str
) -> None:
    problem = assert_problem(client.post("/patterns/detect", json=body), 422, "invalid_request")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert [error["field"] for error in errors] == [field]
    assert words in errors[0]["message"]
    assert field in str(problem["detail"])
    assert home.runner.requests == []


@pytest.mark.parametrize("text", [r'{"interest": "\ud800"}', r'{"\ud800": 1}', '{"top_k": NaN}', '{"top_k": 1e999}'])
def test_json_that_only_a_machine_would_send_is_refused_in_order(client: TestClient, text: str) -> None:
    response = client.post("/patterns/detect", content=text, headers={"Content-Type": "application/json"})
    assert_problem(response, 422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"kinds": ["time_of_day", "weekly"]}, "unknown_kind", "co_occurrence"),
        ({"time_zone": "Mars/Base"}, "unknown_time_zone", "Europe/Berlin"),
        ({"start": "yesterday"}, "invalid_setting", "ISO 8601"),
        ({"start": "2025-02-01", "end": "2025-01-01"}, "invalid_setting", "after start"),
    ],
    ids=str,
)
def test_a_value_that_means_nothing_is_refused_with_what_would_do(
    client: TestClient, home: World, body: Any, code: str, words: str
) -> None:
    problem = assert_problem(client.post("/patterns/detect", json=body), 422, code)
    assert words in str(problem["remedy"])
    assert home.runner.requests == []


def test_the_same_again_joins_and_another_is_refused(client: TestClient) -> None:
    first = client.post("/patterns/detect", json={"top_k": 5}).json()
    again = client.post("/patterns/detect", json={"top_k": 5})
    assert again.status_code == 202
    assert again.json()["joined"] is True
    assert again.json()["run"]["id"] == first["run"]["id"]
    refused = client.post("/patterns/detect", json={"top_k": 6})
    assert assert_problem(refused, 409, "run_in_progress")["about"] == first["run"]["id"]


class Ending:
    """Ends a run as soon as somebody waits for it."""

    def __init__(self, home: World, **end: Any) -> None:
        self._runner, self._end, self._wait = home.runner, end, home.runner.wait

    def __call__(self, run_id: str, timeout: float | None = None) -> Run:
        self._runner.finish(run_id, *self._end.get("shortlists", ()), error=self._end.get("error"))
        return self._wait(run_id, timeout)


def test_waiting_answers_with_what_was_found(client: TestClient, home: World) -> None:
    found = [Shortlist("save energy", (KITCHEN, HALL))]
    home.runner.wait = Ending(home, shortlists=found)  # type: ignore[method-assign]
    response = client.post("/patterns/detect", json={"wait": True})
    assert response.status_code == 200
    body = response.json()
    assert body["run"]["state"] == "succeeded"
    assert body["patterns"] == 2
    assert body["shortlists"] == [shortlist.to_json() for shortlist in found]


def test_waiting_for_a_run_that_fails_answers_with_why(client: TestClient, home: World) -> None:
    error = {"code": "history_empty", "message": "It holds nothing.", "remedy": "Give another."}
    home.runner.wait = Ending(home, error=error)  # type: ignore[method-assign]
    response = client.post("/patterns/detect", json={"wait": True})
    problem = assert_problem(response, 422, "history_empty")
    assert (problem["detail"], problem["remedy"]) == ("It holds nothing.", "Give another.")
    assert problem["instance"] == response.headers["location"] == f"/runs/{problem['about']}"


def test_an_unforeseen_failure_of_a_run_is_a_failed_run(client: TestClient, home: World) -> None:
    home.runner.wait = Ending(home, error={"code": "odd", "message": "Odd."})  # type: ignore[method-assign]
    assert_problem(client.post("/patterns/detect", json={"wait": True}), 500, "internal")


def test_many_who_wait_leave_room_for_the_others(client: TestClient, home: World) -> None:
    waiting = Event()
    held = 0
    real = home.runner.wait

    def counted(run_id: str, timeout: float | None = None) -> Run:
        nonlocal held
        held += 1
        if held >= WAITING_THREADS:
            waiting.set()
        try:
            return real(run_id, timeout)
        finally:
            held -= 1

    home.runner.wait = counted  # type: ignore[method-assign]
    # More than the framework's pool has threads.
    with ThreadPoolExecutor(48) as callers:
        answers = [callers.submit(client.post, "/patterns/detect", json={"wait": True}) for _ in range(48)]
        assert waiting.wait(20)
        assert held <= WAITING_THREADS
        assert client.get("/patterns").status_code == 200
        home.runner.finish(next(iter(home.runner.ended)), Shortlist("save energy", (KITCHEN,)))
        assert {answer.result(30).status_code for answer in answers} == {200}
