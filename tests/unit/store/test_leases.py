"""Leases, with the test's own clock."""

from __future__ import annotations

from src.store import Store
from tests.unit.store.worlds import NOW

TTL = 60_000_000


def test_one_owner_at_a_time(store: Store) -> None:
    assert store.leases.acquire("run", "a", now=NOW, ttl=TTL)
    assert not store.leases.acquire("run", "b", now=NOW + TTL - 1, ttl=TTL)
    assert store.leases.holder("run", now=NOW + TTL - 1) == "a"
    assert store.leases.acquire("other", "b", now=NOW, ttl=TTL)


def test_a_dead_owner_loses_it_when_its_time_is_over(store: Store) -> None:
    store.leases.acquire("run", "a", now=NOW, ttl=TTL)
    assert store.leases.holder("run", now=NOW + TTL) is None
    assert store.leases.acquire("run", "b", now=NOW + TTL, ttl=TTL)
    assert not store.leases.acquire("run", "a", now=NOW + TTL, ttl=TTL)
    assert store.leases.holder("run", now=NOW + TTL) == "b"


def test_renewing_makes_it_last(store: Store) -> None:
    store.leases.acquire("run", "a", now=NOW, ttl=TTL)
    assert store.leases.acquire("run", "a", now=NOW + TTL - 1, ttl=TTL)
    assert not store.leases.acquire("run", "b", now=NOW + TTL, ttl=TTL)


def test_only_its_owner_gives_it_back(store: Store) -> None:
    store.leases.acquire("run", "a", now=NOW, ttl=TTL)
    store.leases.release("run", "b")
    assert store.leases.holder("run", now=NOW) == "a"
    store.leases.release("run", "a")
    store.leases.release("run", "a")
    assert store.leases.holder("run", now=NOW) is None
    assert store.leases.acquire("run", "b", now=NOW, ttl=TTL)
