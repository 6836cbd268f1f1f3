"""Holding an address before anything else is done."""

from __future__ import annotations

import socket

import pytest

from src.commands.serve import bind
from src.errors import AddressTaken, InvalidSetting


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
