"""Holding an address before anything else is done."""

from __future__ import annotations

import socket

import pytest

from src.commands import serve as serving
from src.commands.serve import bind, serve
from src.errors import AddressTaken, InvalidSetting
from src.terminal import Terminal


def test_an_address_somebody_listens_on_is_refused_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1 port {port}.*PORT"):
            bind("127.0.0.1", port)


def test_a_free_address_is_held() -> None:
    with bind("127.0.0.1", 0) as held:
        assert held.getsockname()[1] > 0


@pytest.mark.parametrize("host", ["192.0.2.7", "no.such.host.invalid", "::g"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(InvalidSetting, match="HOST"):
        bind(host, 0)


@pytest.mark.parametrize(("megabytes", "said"), [(110, True), (2048, False), (None, False)])
def test_too_little_memory_is_told_before_anything_takes_it(
    megabytes: int | None, said: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "available_memory", lambda: None if megabytes is None else megabytes << 20)
    monkeypatch.setattr(serving, "configure_logging", lambda *_: None)
    told: list[bool] = []
    monkeypatch.setattr(serving, "serve_on", lambda *_: told.append("little_memory" in caplog.text))
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    serve(Terminal(), host="127.0.0.1", port=free)
    assert told == [said]
