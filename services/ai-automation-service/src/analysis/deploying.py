"""Deploying a pattern as an automation of Home Assistant, and taking it back.

What is about to be done is recorded first, then Home Assistant is told, then the record is closed; so after a crash at
any point a look at Home Assistant settles what is so. What somebody changed there by hand is theirs: it is neither
overwritten nor deleted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from src.analysis.answering import Answers
from src.analysis.deployment_status import DeploymentStatus, Looking
from src.analysis.follow_up import FollowUp
from src.analysis.previews import Made, Preview, made_for, made_offline
from src.analysis.settling import Settling
from src.analysis.sights import Sight, differences, look_at, without_guard
from src.analysis.turns import Turns
from src.analysis.writing import Writing
from src.automations.draft import automation_id_of
from src.automations.findings import standing
from src.automations.spelling import fingerprint, meaning
from src.domain.answers import Verdict
from src.domain.deployments import OPEN, Deployment, DeploymentState
from src.domain.patterns import Json, Pattern, Status
from src.errors import (
    AutomationBusy,
    AutomationChanged,
    AutomationRefused,
    HomeAssistantError,
    HomeAssistantNotSet,
    NotAutomatable,
    NotDeployed,
)
from src.home_assistant.automation_editor import AutomationEditor
from src.home_assistant.client import HomeAssistant
from src.store.store import Store

logger = logging.getLogger(__name__)


class Deployments:
    """The automations that were made of patterns. Safe to share between threads, and among processes.

    Args:
        ha: the home's Home Assistant; None where none is set.
        clock: µs UTC.
        wait: sleeps for so many seconds.
        follow_up: the numbers of one that is deployed.
    """

    def __init__(
        self,
        store: Store,
        ha: Callable[[], HomeAssistant | None],
        clock: Callable[[], int],
        *,
        wait: Callable[[float], None] = time.sleep,
        follow_up: Callable[[Deployment], FollowUp | None] = lambda _: None,
    ) -> None:
        self._store = store
        self._ha = ha
        self._wait = wait
        self._answers = Answers(store, clock)
        self._turns = Turns(store, clock, wait)
        self._settling = Settling(store, clock)
        self._writing = Writing(store, self._settling, clock)
        self._looking = Looking(store, self._settling, follow_up)

    def preview(self, pattern_id: str) -> Preview:
        """The automation as it would be written, and what speaks against it. Writes nothing.

        Without a Home Assistant it is made in the newest words, and the preview says why it was not checked.

        Raises:
            NotFound, NotAutomatable.
        """
        pattern = self._store.patterns.get(pattern_id)
        record = self._store.deployments.get(pattern_id)
        try:
            ha = self._home_assistant()
            made = made_for(pattern, ha)
            there = self._editor(ha).read(made.draft.automation_id)
            if there is not None and look_at(record, there).guarded:
                there = without_guard(there)
            unchecked = None
        except HomeAssistantError as error:
            made = made_offline(pattern, self._store.entities.info())
            there = None if record is None or record.current is None else record.current.config
            unchecked = f"It was not checked against a home. {error.message}"
        return Preview(
            made,
            unchecked=unchecked,
            state=None if record is None else record.state,
            differences=None if there is None else differences(there, made.config),
        )

    def deploy(self, pattern_id: str, *, enabled: bool | None = None, confirm: Sequence[str] = ()) -> DeploymentStatus:
        """Write the automation of a pattern, and mark the pattern accepted. The same again changes nothing.

        Args:
            enabled: whether it is to be on; None: a new one is off until its owner has seen it, and one that is there
                stays as it is.
            confirm: what the person allows, by the names that the preview gave.

        Raises:
            NotFound, NotAutomatable.
            AutomationRefused: something speaks against it that was not, or cannot be, confirmed.
            AutomationChanged: the one that is there was changed by hand.
            AutomationBusy: another call is changing automations.
            HomeAssistantError
        """
        pattern = self._store.patterns.get(pattern_id)
        ha = self._home_assistant()
        editor = self._editor(ha)
        with self._turns.turn() as keep:
            record = self._settled(pattern_id, editor)
            made = made_for(pattern, ha)
            record, sight = self._ours(pattern, record, editor, made)
            reasons = standing(made.findings, frozenset(confirm))
            if reasons:
                raise AutomationRefused(pattern_id, [each.to_json() for each in reasons])
            live = editor.live().get(made.draft.automation_id) if sight.version is not None else None
            on = enabled if enabled is not None else live is not None and live.on
            if live is not None and sight.version is not None and same(sight.version.config, made.config):
                self._writing.switch(live, on, editor)
                if on and record is not None and record.guarded is not None:
                    self._settling.unguard(record, editor)
            else:
                self._writing.new(made, live, on, editor, keep)
        self._accept(pattern)
        logger.info("automation_deployed", extra={"pattern": pattern_id, "confirmed": len(confirm)})
        return self._looking.seen(pattern_id, editor, followed=False)

    def rollback(self, pattern_id: str, *, outright: bool = False) -> DeploymentStatus:
        """Put back the form that the present one replaced; if there was none, or ``outright``, delete the automation.

        The pattern keeps its status: that it is a routine is as true as before.

        Raises:
            NotFound
            NotDeployed: there is none in Home Assistant.
            AutomationChanged: it was changed by hand.
            AutomationBusy: another call is changing automations.
            HomeAssistantError
        """
        pattern = self._store.patterns.get(pattern_id)
        ha = self._home_assistant()
        editor = self._editor(ha)
        with self._turns.turn() as keep:
            record = self._settled(pattern_id, editor)
            record, sight = self._ours(pattern, record, editor, None if record else self._made_if_any(pattern, ha))
            if record is None or sight.version is None:
                raise NotDeployed(pattern_id)
            previous = None if outright else record.previous
            if previous is None:
                record = self._store.deployments.begin_removal(pattern_id)
                keep()
                self._settling.remove(record, editor)
            else:
                self._writing.again(record, previous, editor.live().get(record.automation_id), editor, keep)
        logger.info("automation_taken_back", extra={"pattern": pattern_id, "removed": previous is None})
        return self._looking.seen(pattern_id, editor, followed=False)

    def status(self, pattern_id: str) -> DeploymentStatus:
        """How it stands now. Without Home Assistant: how it stood last, and a note that says so.

        Raises:
            NotFound
        """
        self._store.patterns.get(pattern_id)
        try:
            editor = self._editor(self._home_assistant())
            record = self._store.deployments.get(pattern_id)
            if record is not None and record.state in OPEN:
                self._settle_now(pattern_id, editor)
            return self._looking.seen(pattern_id, editor)
        except HomeAssistantError as error:
            return self._looking.remembered(pattern_id, error.message)

    def all(self) -> list[DeploymentStatus]:
        """Every automation that was ever deployed, also what was taken back."""
        records = self._store.deployments.all()
        try:
            editor = self._editor(self._home_assistant())
            live = editor.live() if records else {}
            return [self._looking.seen(each.pattern_id, editor, live) for each in records]
        except HomeAssistantError as error:
            return [self._looking.remembered(each.pattern_id, error.message) for each in records]

    def tend(self) -> None:
        """Settle what a crash left open, and take away guards that have done their work. To be called now and then."""
        records = [each for each in self._store.deployments.all() if each.state in OPEN or each.guarded is not None]
        if not records:
            return
        try:
            editor = self._editor(self._home_assistant())
            with self._turns.turn(patience=0) as keep:
                for each in records:
                    keep()
                    record = self._settled(each.pattern_id, editor)
                    if record is not None and record.guarded is not None:
                        self._settling.unguard(record, editor)
        except AutomationBusy:
            logger.debug("automations_busy")
        except HomeAssistantError as error:
            logger.warning("automations_not_tended", extra={"code": error.code, "why": error.message})

    def _home_assistant(self) -> HomeAssistant:
        ha = self._ha()
        if ha is None:
            raise HomeAssistantNotSet
        return ha

    def _editor(self, ha: HomeAssistant) -> AutomationEditor:
        return AutomationEditor(ha, self._wait)

    def _made_if_any(self, pattern: Pattern, ha: HomeAssistant) -> Made | None:
        try:
            return made_for(pattern, ha)
        except NotAutomatable:
            return None

    def _settled(self, pattern_id: str, editor: AutomationEditor) -> Deployment | None:
        """See :meth:`Settling.settled`; a pattern whose deployment went through is accepted, as it would have been."""
        before = self._store.deployments.get(pattern_id)
        record = self._settling.settled(pattern_id, editor)
        if before is not None and before.state is DeploymentState.WRITING and record is not None:
            pattern = self._store.patterns.get(pattern_id)
            if record.state is DeploymentState.DEPLOYED and pattern.status is not Status.REJECTED:
                self._accept(pattern)
        return record

    def _accept(self, pattern: Pattern) -> None:
        if pattern.status is not Status.ACCEPTED:
            self._answers.give(pattern.id, Verdict.ACCEPTED)

    def _ours(
        self, pattern: Pattern, record: Deployment | None, editor: AutomationEditor, made: Made | None
    ) -> tuple[Deployment | None, Sight]:
        """The record as Home Assistant bears it out, and what is there. Raises AutomationChanged.

        Args:
            made: the automation of the pattern now. One like it that nothing is recorded of was written before this
                store was lost, and is ours again.
        """
        automation_id = automation_id_of(pattern.id)
        config = editor.read(automation_id)
        sight = look_at(record, config)
        if config is None or sight.version is not None:
            return (None if record is None else self._settling.note(record, sight)), sight
        if made is not None and ours_surely(made.config, config):
            record = self._settling.adopt(automation_id, pattern.id, config, editor.live().get(automation_id))
            return record, look_at(record, config)
        if record is not None:
            self._settling.note(record, sight)
        raise AutomationChanged(automation_id)

    def _settle_now(self, pattern_id: str, editor: AutomationEditor) -> None:
        try:
            with self._turns.turn(patience=0):
                self._settled(pattern_id, editor)
        except AutomationBusy:
            logger.debug("automations_busy")  # whoever is at work settles it


def same(one: Json, other: Json) -> bool:
    """Whether two automations do the same, whatever they are called and however their evidence is told."""
    return meaning(one) == meaning(other)


def ours_surely(made: Json, there: Json) -> bool:
    """Whether what is there is what we would write today but for the numbers of its evidence, and perhaps the guard."""
    made = {**made, "description": ""}
    candidates = ({**there, "description": ""}, {**without_guard(there), "description": ""})
    return fingerprint(made) in [fingerprint(each) for each in candidates]
