"""The automations that were made of patterns: what is about to be done, and what Home Assistant was found to have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from src.domain.deployments import OPEN, Deployment, DeploymentState, Version
from src.domain.patterns import Json
from src.store.database import Database
from src.store.schema import deployment, deployment_version


class DeploymentRepository:
    """One row a pattern, one more for each form that was written. Times are µs UTC and passed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, pattern_id: str) -> Deployment | None:
        """None for a pattern that was never deployed."""
        with self._database.read() as connection:
            return _get(connection, pattern_id)

    def all(self) -> list[Deployment]:
        """Those that were taken back or deleted by hand, too; in the order of their automation ids."""
        query = select(deployment).order_by(deployment.c.automation)
        with self._database.read() as connection:
            return [_deployment(connection, row) for row in connection.execute(query)]

    def begin_version(
        self, pattern_id: str, automation_id: str, config: Json, fingerprint: str, *, enabled: bool, now: int
    ) -> Deployment:
        """Record that a new form is about to be written, in the place of the one that Home Assistant has."""
        with self._database.write() as connection:
            before = _get(connection, pattern_id)
            if before is None:
                state = str(DeploymentState.WRITING)
                connection.execute(insert(deployment).values(pattern=pattern_id, automation=automation_id, state=state))
            numbers = select(func.max(deployment_version.c.number)).where(deployment_version.c.pattern == pattern_id)
            number = (connection.scalar(numbers) or 0) + 1
            connection.execute(
                insert(deployment_version).values(
                    pattern=pattern_id,
                    number=number,
                    config=config,
                    fingerprint=fingerprint,
                    written=now,
                    enabled=enabled,
                    replaces=None if before is None else before.version,
                )
            )
            return _changed(connection, pattern_id, state=DeploymentState.WRITING, target=number)

    def begin_return(self, pattern_id: str, number: int) -> Deployment:
        """Record that an earlier form is about to be written again."""
        with self._database.write() as connection:
            return _changed(connection, pattern_id, state=DeploymentState.WRITING, target=number)

    def begin_removal(self, pattern_id: str) -> Deployment:
        """Record that it is about to be taken back."""
        with self._database.write() as connection:
            return _changed(connection, pattern_id, state=DeploymentState.REMOVING)

    def settle(
        self,
        pattern_id: str,
        state: DeploymentState,
        *,
        version: int | None,
        now: int,
        guarded: int | None = None,
        entity_id: str | None = None,
    ) -> Deployment | None:
        """End what was begun with what Home Assistant was found to have.

        A new form that did not reach Home Assistant is forgotten, and so is a deployment that has no other: then None.
        """
        with self._database.write() as connection:
            before = _get(connection, pattern_id)
            if before is not None and before.target not in (None, version):
                newest = before.versions[-1].number
                if before.target == newest:  # a return's target is an older one, which was in Home Assistant once
                    _forget(connection, pattern_id, newest)
                if len(before.versions) == 1:
                    connection.execute(delete(deployment).where(deployment.c.pattern == pattern_id))
                    return None
            return _changed(
                connection,
                pattern_id,
                state=state,
                version=version,
                target=None,
                guarded=guarded,
                entity_id=entity_id,
                checked=now,
            )

    def found(
        self,
        seen: Deployment,
        state: DeploymentState,
        *,
        version: int | None,
        now: int,
        entity_id: str | None = None,
    ) -> Deployment | None:
        """Note what a look at Home Assistant found; nothing is noted if the record has changed since it was read."""
        with self._database.write() as connection:
            before = _get(connection, seen.pattern_id)
            if before is None or before.state in OPEN or before.version != seen.version:
                return before
            return _changed(
                connection,
                seen.pattern_id,
                state=state,
                version=version,
                guarded=before.guarded if state is DeploymentState.DEPLOYED else None,
                entity_id=entity_id,
                checked=now,
            )

    def unguard(self, pattern_id: str) -> None:
        """It is written without its guard now."""
        with self._database.write() as connection:
            _changed(connection, pattern_id, guarded=None)


def _get(connection: Connection, pattern_id: str) -> Deployment | None:
    row = connection.execute(select(deployment).where(deployment.c.pattern == pattern_id)).one_or_none()
    return None if row is None else _deployment(connection, row)


def _changed(connection: Connection, pattern_id: str, **values: Any) -> Deployment:
    changes = {**values, **({"state": str(values["state"])} if "state" in values else {})}
    connection.execute(update(deployment).where(deployment.c.pattern == pattern_id).values(changes))
    after = _get(connection, pattern_id)
    assert after is not None, "only what was begun is changed"
    return after


def _forget(connection: Connection, pattern_id: str, number: int) -> None:
    which = (deployment_version.c.pattern == pattern_id, deployment_version.c.number == number)
    connection.execute(delete(deployment_version).where(*which))


def _deployment(connection: Connection, row: Row[Any]) -> Deployment:
    query = select(deployment_version).where(deployment_version.c.pattern == row.pattern)
    versions: Sequence[Row[Any]] = connection.execute(query.order_by(deployment_version.c.number)).all()
    return Deployment(
        pattern_id=row.pattern,
        automation_id=row.automation,
        state=DeploymentState(row.state),
        version=row.version,
        target=row.target,
        guarded=row.guarded,
        entity_id=row.entity_id,
        checked=row.checked,
        versions=tuple(
            Version(each.number, each.config, each.fingerprint, each.written, each.enabled, each.replaces)
            for each in versions
        ),
    )
