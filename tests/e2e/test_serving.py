"""The served API, as a process: asked, stopped, and refused its port."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.e2e.program import Program, wait_for_line


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_detect_over_http_then_read_the_patterns(demo: Path, program: Program) -> None:
    assert program("import", demo).code == 0
    with (
        program.started("serve", "--port", str(free_port())) as process,
        httpx.Client(base_url=wait_for_line(process, "http://"), timeout=60) as client,
    ):
        asked = client.post("/patterns/detect", json={"wait": True})
        assert asked.status_code == 200, asked.text
        listed = client.get("/patterns").json()
        assert len(listed["patterns"]) >= 5
        assert {"sentence", "evidence", "status"} <= set(listed["patterns"][0])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_up_serves_what_it_showed(program: Program) -> None:
    with (
        program.started("up", PORT=str(free_port())) as process,
        httpx.Client(base_url=wait_for_line(process, "http://"), timeout=10) as client,
    ):
        assert len(client.get("/patterns").json()["patterns"]) >= 5
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_taken_port_is_refused_before_any_work(command: str, program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = program(command, PORT=port)
    assert ended.code == 2
    assert f"port {port}" in ended.err
    assert "PORT" in ended.err
    assert not (program.home / "data").exists()


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_catalog_with_a_mistake_is_told_before_any_work(command: str, program: Program) -> None:
    catalog = program.home / "models.toml"
    catalog.write_text('[[model]]\nname = "reranker"\nmax_tokens = "many"\n')
    ended = program(command, PORT=str(free_port()), MODEL_CATALOG=str(catalog))
    assert ended.code == 2
    assert str(catalog) in ended.err
    assert "max_tokens" in ended.err
    assert "Traceback" not in ended.err
    assert not (program.home / "data").exists()
