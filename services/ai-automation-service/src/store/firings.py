"""When automations were set off, as Home Assistant told."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, insert, select

from src.store.database import Database
from src.store.schema import firing

_BATCH = 500  # below what both databases bind in one statement


class FiringRepository:
    """A firing is an automation's entity id and an instant, µs UTC; each is kept once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, automation: str, times: Iterable[int]) -> int:
        """Keep the firings that are not kept yet; returns how many those are."""
        wanted = sorted(set(times))
        added = 0
        with self._database.write() as connection:
            for low in range(0, len(wanted), _BATCH):
                some = wanted[low : low + _BATCH]
                query = select(firing.c.time).where(firing.c.automation == automation, firing.c.time.in_(some))
                known = set(connection.scalars(query))
                fresh = [{"automation": automation, "time": time} for time in some if time not in known]
                if fresh:
                    connection.execute(insert(firing), fresh)
                added += len(fresh)
        return added

    def of(self, automation: str, since: int = 0) -> list[int]:
        """Its firings from an instant on, ascending."""
        query = select(firing.c.time).where(firing.c.automation == automation, firing.c.time >= since)
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(firing.c.time)))

    def latest(self, automation: str) -> int | None:
        """Its last firing."""
        with self._database.read() as connection:
            last: int | None = connection.scalar(
                select(func.max(firing.c.time)).where(firing.c.automation == automation)
            )
        return last
