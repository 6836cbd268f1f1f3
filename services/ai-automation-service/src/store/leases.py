"""Leases: of all processes on one database, one at a time may do a thing, and a dead one loses the right."""

from __future__ import annotations


class LeaseRepository:
    """Rows (name, owner, expires). Times are µs UTC and passed in, so that tests own the clock."""

    def acquire(self, name: str, owner: str, *, now: int, ttl: int) -> bool:
        """Take or renew the lease until ``now + ttl`` µs. False while another owner's has not expired."""
        raise NotImplementedError

    def release(self, name: str, owner: str) -> None:
        """Give it back; nothing happens if it is not this owner's."""
        raise NotImplementedError

    def holder(self, name: str, *, now: int) -> str | None:
        """The owner whose lease has not expired."""
        raise NotImplementedError
