"""Keeping track of the automations that were made: when they fired, and what people did around that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from src.analysis.follow_up import COMPARED_DAYS, FollowUp, follow_up
from src.domain.deployments import Deployment
from src.domain.home import Home
from src.domain.local_time import DAY
from src.errors import HomeAssistantError
from src.history.admission import Admission
from src.history.logbook import Firing, read_page
from src.home_assistant.client import HomeAssistant
from src.store.store import Store

logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OVERLAP = 3_600_000_000  # µs; the logbook is written to with some delay


class FollowUps:
    """Numbers of each automation that was deployed.

    Args:
        clock: µs UTC.
    """

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def of(self, deployment: Deployment) -> FollowUp | None:
        """How an automation has fared since its present form was written; None while there is none.

        Raises:
            StoreError.
        """
        version, entity_id = deployment.current, deployment.entity_id
        if version is None or entity_id is None:
            return None
        now, since = self._clock(), version.written
        pattern = self._store.patterns.get(deployment.pattern_id)
        return follow_up(
            pattern.actions,
            since=since,
            firings=self._store.firings.of(entity_id, since),
            log=self._store.events.load(since - COMPARED_DAYS * DAY),
            now=now,
        )

    def told(self, firings: Iterable[Firing]) -> None:
        """Keep those firings that are of automations of ours."""
        ours = self._ours()
        by_automation: dict[str, list[int]] = {}
        for firing in firings:
            if firing.automation in ours:
                by_automation.setdefault(firing.automation, []).append(firing.time)
        for automation, times in by_automation.items():
            self._store.firings.add(automation, times)

    def gather(self, ha: HomeAssistant) -> tuple[str, ...]:
        """Ask Home Assistant's logbook for the firings since the last time.

        Returns:
            sentences for people, where it could not be asked.
        """
        since = self._ours()
        if not since:
            return ()
        start = min(max(self._store.firings.latest(entity_id) or 0, at) for entity_id, at in since.items()) - _OVERLAP
        try:
            entries = ha.command(
                "logbook/get_events",
                start_time=(_EPOCH + timedelta(microseconds=start)).isoformat(),
                entity_ids=sorted(since),
            )
        except HomeAssistantError as error:
            logger.warning("firings_unknown", extra={"code": error.code, "why": error.message})
            return (f"{error} How the automations that were made have fared since is not known.",)
        page = read_page(entries if isinstance(entries, list) else [], Admission(Home(version="")), (), range(0))
        self.told(page.firings)
        return ()

    def _ours(self) -> dict[str, int]:
        """When the present form of each of our automations was written, by entity id; µs UTC."""
        return {
            each.entity_id: each.current.written
            for each in self._store.deployments.all()
            if each.entity_id is not None and each.current is not None
        }
