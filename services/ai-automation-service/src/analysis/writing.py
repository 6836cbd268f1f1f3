"""Writing one form of an automation: recorded before, seen after, and off all the while if it is to be off."""

from __future__ import annotations

import logging
from collections.abc import Callable

from src.analysis.previews import Made
from src.analysis.settling import Settling, save_states
from src.analysis.sights import guarded
from src.domain.deployments import Deployment, DeploymentState, Version
from src.errors import HomeAssistantError, HomeAssistantFailed
from src.home_assistant.automation_editor import NOT_LOADED, AutomationEditor, LiveAutomation
from src.store.store import Store

logger = logging.getLogger(__name__)


class Writing:
    """For whoever has the turn. Every method raises HomeAssistantError.

    Args:
        clock: µs UTC.
    """

    def __init__(self, store: Store, settling: Settling, clock: Callable[[], int]) -> None:
        self._store = store
        self._settling = settling
        self._clock = clock

    def new(
        self, made: Made, live: LiveAutomation | None, on: bool, editor: AutomationEditor, keep: Callable[[], None]
    ) -> None:
        """Write a form that was never written.

        Args:
            live: the one of ours that it replaces, as it runs; None: there is none.
            on: whether it is to be on.
            keep: called before Home Assistant is told.
        """
        draft = made.draft
        begun = self._store.deployments.begin_version(
            draft.pattern_id, draft.automation_id, made.config, made.fingerprint, enabled=on, now=self._clock()
        )
        self._write(begun, live, on, editor, keep)

    def again(
        self,
        record: Deployment,
        version: Version,
        live: LiveAutomation | None,
        editor: AutomationEditor,
        keep: Callable[[], None],
    ) -> None:
        """Write an earlier form again; it is on or off as the present one is."""
        begun = self._store.deployments.begin_return(record.pattern_id, version.number)
        self._write(begun, live, live is not None and live.on, editor, keep)

    def switch(self, live: LiveAutomation, on: bool, editor: AutomationEditor) -> None:
        """Switch it on or off, unless it is so."""
        if live.on == on:
            return
        editor.switch(live.entity_id, on=on)
        if not on:
            save_states(editor)

    def _write(
        self,
        begun: Deployment,
        live: LiveAutomation | None,
        on: bool,
        editor: AutomationEditor,
        keep: Callable[[], None],
    ) -> None:
        version = begun.intended
        assert version is not None, "its writing has begun"
        # What is off already comes up as it was; all else that is to be off has to be told so.
        guard = not on and (live is None or live.on)
        try:
            keep()
            written = editor.write(begun.automation_id, guarded(version.config) if guard else version.config)
            self.switch(written, on, editor)
        except HomeAssistantError as error:
            self._after_failure(begun, error, editor)
            raise
        now = self._clock()
        self._store.deployments.settle(
            begun.pattern_id,
            DeploymentState.DEPLOYED,
            version=version.number,
            now=now,
            guarded=now if guard else None,
            entity_id=written.entity_id,
        )

    def _after_failure(self, begun: Deployment, error: HomeAssistantError, editor: AutomationEditor) -> None:
        """Close the record if Home Assistant can be looked at; else the next call does."""
        try:
            if isinstance(error, HomeAssistantFailed) and error.reason == NOT_LOADED and begun.version is None:
                editor.remove(begun.automation_id)
            self._settling.settled(begun.pattern_id, editor)
        except HomeAssistantError as second:
            logger.warning("deployment_left_open", extra={"pattern": begun.pattern_id, "why": second.message})
