"""Leases: of all processes on one database, one at a time may do a thing, and a dead one loses the right."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from src.store.database import Database
from src.store.schema import lease


class LeaseRepository:
    """Rows (name, owner, expires). Times are µs UTC and passed in, so that tests own the clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, owner: str, *, now: int, ttl: int) -> bool:
        """Take or renew the lease until ``now + ttl`` µs. False while another owner's has not expired."""
        with self._database.write() as connection:
            held = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
            if held is None:
                connection.execute(insert(lease).values(name=name, owner=owner, expires=now + ttl))
                return True
            if held.owner != owner and held.expires > now:
                return False
            connection.execute(update(lease).where(lease.c.name == name).values(owner=owner, expires=now + ttl))
            return True

    def release(self, name: str, owner: str) -> None:
        """Give it back; nothing happens if it is not this owner's."""
        with self._database.write() as connection:
            connection.execute(delete(lease).where(lease.c.name == name, lease.c.owner == owner))

    def holder(self, name: str, *, now: int) -> str | None:
        """The owner whose lease has not expired."""
        with self._database.read() as connection:
            return connection.scalar(select(lease.c.owner).where(lease.c.name == name, lease.c.expires > now))
