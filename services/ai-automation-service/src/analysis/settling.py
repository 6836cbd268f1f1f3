"""Bringing the record of an automation in line with what Home Assistant has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from src.analysis.sights import Sight, look_at, without_guard
from src.automations.spelling import fingerprint
from src.domain.deployments import OPEN, Deployment, DeploymentState
from src.domain.events import MICROSECONDS
from src.domain.patterns import Json
from src.errors import HomeAssistantFailed
from src.home_assistant.automation_editor import AutomationEditor, LiveAutomation
from src.store.store import Store

logger = logging.getLogger(__name__)

GUARD = 200 * MICROSECONDS
"""µs that a guard stays on an automation that is off. Home Assistant puts a new entity on its disk after 10 s, or after
180 s while it starts; one that is not there yet when the power fails comes up switched on."""


class Settling:
    """Changes records, and of Home Assistant only what was begun before or is a guard; for whoever has the turn.

    Args:
        clock: µs UTC.
    """

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def settled(self, pattern_id: str, editor: AutomationEditor) -> Deployment | None:
        """The record of a pattern, after what a crash left open was settled. Raises HomeAssistantError.

        A form that did not reach Home Assistant is not written now; a removal that did not is.
        """
        record = self._store.deployments.get(pattern_id)
        if record is None or record.state not in OPEN:
            return record
        sight = look_at(record, editor.read(record.automation_id))
        logger.info("deployment_settled", extra={"pattern": pattern_id, "was": str(record.state)})
        if record.state is DeploymentState.REMOVING and sight.version is not None:
            return self.remove(record, editor)
        if sight.config is None:
            gone = record.state is DeploymentState.REMOVING or record.version is None
            return self._settle(record, DeploymentState.REMOVED if gone else DeploymentState.MISSING, None)
        if sight.version is None:
            return self._settle(record, DeploymentState.CHANGED, record.version)
        live = editor.live().get(record.automation_id)
        return self._store.deployments.settle(
            pattern_id,
            DeploymentState.DEPLOYED,
            version=sight.version.number,
            now=self._clock(),
            guarded=self._clock() if sight.guarded else None,
            entity_id=None if live is None else live.entity_id,
        )

    def note(
        self, record: Deployment, sight: Sight, live: Mapping[str, LiveAutomation] | None = None
    ) -> Deployment | None:
        """Keep what a look found; what is open stays so.

        Args:
            live: what runs now, by automation id; None: it was not looked at.
        """
        version: int | None = None
        if sight.version is not None:
            state, version = DeploymentState.DEPLOYED, sight.version.number
        elif sight.config is not None:
            state, version = DeploymentState.CHANGED, record.version
        elif record.state is DeploymentState.REMOVED:
            state = DeploymentState.REMOVED
        else:
            state = DeploymentState.MISSING
        running = None if live is None else live.get(record.automation_id)
        entity_id = record.entity_id if running is None else running.entity_id
        return self._store.deployments.found(record, state, version=version, now=self._clock(), entity_id=entity_id)

    def adopt(self, automation_id: str, pattern_id: str, config: Json, live: LiveAutomation | None) -> Deployment:
        """Record one that Home Assistant has and this store does not know, as when the store was lost."""
        plain = without_guard(config)
        has_guard = plain != config
        begun = self._store.deployments.begin_version(
            pattern_id,
            automation_id,
            plain,
            fingerprint(plain),
            enabled=live is not None and live.on,
            now=self._clock(),
        )
        record = self._store.deployments.settle(
            pattern_id,
            DeploymentState.DEPLOYED,
            version=begun.target,
            now=self._clock(),
            guarded=self._clock() if has_guard else None,
            entity_id=None if live is None else live.entity_id,
        )
        assert record is not None, "its version was found"
        return record

    def remove(self, record: Deployment, editor: AutomationEditor) -> Deployment | None:
        """Delete what a removal was begun for. Raises HomeAssistantError."""
        editor.remove(record.automation_id)
        return self._settle(record, DeploymentState.REMOVED, None)

    def unguard(self, record: Deployment, editor: AutomationEditor) -> None:
        """Write it without its guard, if that is safe by now. It stays on or off as it is.

        Raises:
            HomeAssistantError
        """
        sight = look_at(record, editor.read(record.automation_id))
        live = editor.live().get(record.automation_id)
        if sight.version is None:
            self.note(record, sight)
            return
        if sight.guarded:
            early = self._clock() - (record.guarded or 0) < GUARD
            # To write it ends a run that is under way. One that is on already needs no guard.
            if live is None or live.running or (early and not live.on):
                return
            if not live.on:
                save_states(editor)
            after = editor.write(record.automation_id, sight.version.config)
            if after.on != live.on:
                editor.switch(after.entity_id, on=live.on)
        self._store.deployments.unguard(record.pattern_id)

    def _settle(self, record: Deployment, state: DeploymentState, version: int | None) -> Deployment | None:
        return self._store.deployments.settle(
            record.pattern_id, state, version=version, now=self._clock(), entity_id=record.entity_id
        )


def save_states(editor: AutomationEditor) -> None:
    """Have Home Assistant keep what is off now, where it can; else a power failure undoes the last 15 minutes."""
    try:
        editor.save_states()
    except HomeAssistantFailed as error:
        logger.warning("states_not_saved", extra={"why": error.message})
