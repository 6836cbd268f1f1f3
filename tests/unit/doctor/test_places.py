"""Where an address leads, and how that is told."""

from __future__ import annotations

import pytest

from src.doctor.places import Place, place_of, seen_from_here


@pytest.mark.parametrize(
    ("address", "kind", "shown"),
    [
        ("http://localhost:8123", "this machine", "http://localhost:8123"),
        ("http://127.0.0.1:8123/x", "this machine", "http://127.0.0.1:8123"),
        ("http://[::1]:8123", "this machine", "http://[::1]:8123"),
        ("http://192.168.1.4:8123", "private", "http://192.168.1.4:8123"),
        ("http://homeassistant.local:8123", "private", "http://homeassistant.local:8123"),
        ("http://supervisor/core", "private", "http://supervisor:80"),
        ("https://anna.example.org", "public", "https://…(public name):443"),
        ("https://8.8.8.8", "public", "https://…(public name):443"),
        ("postgresql+psycopg://a:b@db/ha", "private", "postgresql://db:5432"),
    ],
)
def test_kinds(address: str, kind: str, shown: str) -> None:
    place = place_of(address)
    assert place is not None
    assert (place.kind, place.shown) == (kind, shown)


@pytest.mark.parametrize("address", ["", "sqlite:///home.db", "homeassistant:8123x", "http://[", "http://a:b", "word"])
def test_what_is_no_place(address: str) -> None:
    assert place_of(address) is None


def test_what_a_container_does_not_know() -> None:
    assert "host.docker.internal" in seen_from_here(Place("", "localhost", None), container=True)
    assert "IP address" in seen_from_here(Place("http", "homeassistant.local", 8123), container=True)
    assert seen_from_here(Place("http", "192.168.1.4", 8123), container=True) == ""
    assert seen_from_here(Place("", "localhost", None), container=False) == ""
