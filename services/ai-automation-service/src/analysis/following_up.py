"""Keeping track of the automations that were made: when they fired, and what people did around that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from src.analysis.follow_up import COMPARED_DAYS, Deed, FollowUp, follow_up
from src.analysis.importing import OVERLAP
from src.domain.deployments import Deployment
from src.domain.home import Home
from src.domain.local_time import DAY
from src.domain.patterns import Json
from src.errors import HomeAssistantError, NoHistory
from src.history.admission import Admission
from src.history.logbook import Firing, read_page
from src.home_assistant.automation_actions import read_actions
from src.home_assistant.automation_values import listed, seconds
from src.home_assistant.client import HomeAssistant
from src.home_assistant.targets import Targets
from src.store.store import Store

logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVERYTHING = Admission(Home(version=""))


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

        It is judged by what it does as it was written, whatever has become of the pattern since.

        Raises:
            NoHistory, StoreError.
        """
        version, entity_id = deployment.current, deployment.entity_id
        if version is None or entity_id is None:
            return None
        span = self._store.events.span()
        if span is None:
            raise NoHistory
        since, deeds = version.written, deeds_of(version.config)
        return follow_up(
            deeds,
            since=since,
            firings=self._store.firings.of(entity_id, since),
            log=self._store.events.load(since - COMPARED_DAYS * DAY, entities={deed.entity_id for deed in deeds}),
            first=span[0],
            now=self._clock(),
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
        ours = self._ours()
        if not ours:
            return ()
        try:
            with ha.session() as session:
                # Each by itself: one that never fires would have all the firings of the others read every night.
                for entity_id, written in ours.items():
                    start = max(self._store.firings.latest(entity_id) or 0, written) - OVERLAP
                    began = (_EPOCH + timedelta(microseconds=start)).isoformat()
                    entries = session.command("logbook/get_events", start_time=began, entity_ids=[entity_id])
                    page = read_page(entries if isinstance(entries, list) else [], _EVERYTHING, (), range(0))
                    self.told(page.firings)
        except HomeAssistantError as error:
            logger.warning("firings_unknown", extra={"code": error.code, "why": error.message})
            return (f"{error} How the automations that were made have fared since is not known.",)
        return ()

    def _ours(self) -> dict[str, int]:
        """When the present form of each of our automations was written, by entity id; µs UTC."""
        return {
            each.entity_id: each.current.written
            for each in self._store.deployments.all()
            if each.entity_id is not None and each.current is not None
        }


def deeds_of(config: Json) -> list[Deed]:
    """What an automation of ours does, step by step, by its configuration in any version's spelling."""
    deeds: list[Deed] = []
    after = 0.0
    for step in listed(config.get("actions") or config.get("action")):
        if isinstance(step, dict) and "delay" in step:
            after += seconds(step["delay"]) or 0.0
            continue
        states: dict[str, set[str]] = {}
        for action in read_actions(step, Targets()).actions:
            states.setdefault(action.entity_id, set()).add(action.to)
        deeds += [Deed(entity_id, frozenset(to), after) for entity_id, to in states.items()]
    return deeds
