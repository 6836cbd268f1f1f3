"""Logs are one JSON object a line and say nothing of what people have at home."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from src.logging_setup import JsonLines, configure_logging
from src.observability.context import request_id
from tests.unit.api.fakes import KITCHEN


def record(message: str, **extra: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "src.x", "created": 0.0, **extra})


@given(st.text(), st.dictionaries(st.sampled_from(["code", "about", "seconds"]), st.text() | st.floats() | st.none()))
def test_whatever_is_logged_is_one_line_of_json(message: str, extra: dict[str, object]) -> None:
    line = JsonLines().format(record(message, **extra))
    assert len(line.splitlines()) == 1
    assert set(json.loads(line)) == {"time", "level", "logger", "event", *extra}


def test_a_cause_stays_on_the_line() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        line = json.loads(JsonLines().format(record("failed", exc_info=sys.exc_info())))
    assert "ValueError: why" in line["exception"]


def test_a_line_carries_the_request_it_belongs_to() -> None:
    token = request_id.set("r1")
    try:
        assert json.loads(JsonLines().format(record("x")))["request_id"] == "r1"
    finally:
        request_id.reset(token)
    assert "request_id" not in json.loads(JsonLines().format(record("x")))


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.mark.usefixtures("restored")
def test_the_servers_own_lines_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler())
    configure_logging("INFO")
    logging.getLogger("uvicorn.error").info("listening")
    logging.getLogger("uvicorn.access").info("GET / 200")
    logging.getLogger("src.mining").debug("not at this level")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["listening"]


def test_a_request_is_one_line_without_what_it_was_about(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        client.get(f"/patterns/{KITCHEN.id}", params={"x": "light.kitchen"})
        client.get("/patterns/light.kitchen")
        client.get("/light.kitchen")
    lines = [one for one in caplog.records if one.name == "src.api.requests"]
    told = [(vars(one)["method"], vars(one)["route"], vars(one)["status"]) for one in lines]
    template = "/patterns/{pattern_id}"
    assert told == [("GET", template, 200), ("GET", template, 404), ("GET", "unmatched", 404)]
    everything = "".join(JsonLines().format(one) for one in lines)
    assert "kitchen" not in everything


def test_probes_that_succeed_are_quiet(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="src.api.requests"):
        client.get("/health")
    assert caplog.records == []


def test_a_secret_is_not_written_whoever_says_it() -> None:
    try:
        raise ValueError("Illegal header value b'Bearer top-secret-token\\n'")
    except ValueError:
        shown = record("asked with top-secret-token", why={"url": ["http://x/?t=top-secret-token"]}, count=3)
        shown.exc_info = sys.exc_info()
    line = JsonLines(["top-secret-token"]).format(shown)
    assert "top-secret" not in line
    assert json.loads(line)["count"] == 3
    assert json.loads(line)["why"] == {"url": ["http://x/?t=(secret)"]}
