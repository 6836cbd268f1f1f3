"""How the automation of a pattern stands in Home Assistant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from src.analysis.follow_up import FollowUp
from src.analysis.settling import Settling
from src.analysis.sights import differences, look_at
from src.automations.draft import automation_id_of
from src.domain.deployments import Deployment, DeploymentState, Version
from src.domain.local_time import isoformat, zone
from src.domain.patterns import Json
from src.errors import NoHistory
from src.home_assistant.automation_editor import AutomationEditor, LiveAutomation
from src.store.store import Store

Running = Mapping[str, LiveAutomation]

_GUARDED = "It is new: for some minutes yet a restart of Home Assistant would switch it off again."
_CHANGED = "Somebody changed it by hand; it is left as it is."
_MISSING = "Somebody deleted it in Home Assistant; deploying makes it again."
_UNKNOWN = "Home Assistant has an automation of this id that this service knows nothing of."


@dataclass(frozen=True)
class DeploymentStatus:
    """One automation.

    Attributes:
        state: None: there is none of this pattern, and never was.
        enabled: whether it is switched on now; None where that is not known.
        last_triggered: as Home Assistant tells it, ISO 8601 in UTC; None: never, or not known.
        differences: from what was written, in lines with ``-`` and ``+``, where it was changed by hand.
        notes: sentences about what could not be had, or is to come.
        follow_up: what became of it, where that was asked for.
    """

    pattern_id: str
    automation_id: str
    state: DeploymentState | None
    record: Deployment | None = None
    enabled: bool | None = None
    entity_id: str | None = None
    last_triggered: str | None = None
    differences: str | None = None
    notes: tuple[str, ...] = ()
    follow_up: FollowUp | None = None

    @property
    def editor(self) -> str:
        """Path of its editor in Home Assistant's own pages."""
        return f"/config/automation/edit/{self.automation_id}"

    def last_fired(self, time_zone: str) -> str | None:
        """``last_triggered`` on the clock of a zone, ISO 8601 with offset, whole seconds."""
        if self.last_triggered is None:
            return None
        moment = datetime.fromisoformat(self.last_triggered)
        return moment.astimezone(zone(time_zone)).isoformat(timespec="seconds")

    def to_json(self, time_zone: str) -> Json:
        """Instants on the clock of that zone, ISO 8601."""
        record = self.record

        def instant(at: int | None) -> str | None:
            return None if at is None else isoformat(at, time_zone)

        def version(each: Version) -> Json:
            return {
                "number": each.number,
                "written": instant(each.written),
                "enabled": each.enabled,
                "replaces": each.replaces,
                "fingerprint": each.fingerprint,
                "config": each.config,
            }

        return {
            "pattern_id": self.pattern_id,
            "automation_id": self.automation_id,
            "state": None if self.state is None else str(self.state),
            "enabled": self.enabled,
            "entity_id": self.entity_id,
            "last_triggered": self.last_fired(time_zone),
            "version": None if record is None else record.version,
            "versions": [] if record is None else [version(each) for each in record.versions],
            "checked": None if record is None else instant(record.checked),
            "differences": self.differences,
            "editor": self.editor,
            "notes": list(self.notes),
            "follow_up": None if self.follow_up is None else _with_instants(self.follow_up, instant),
        }


def _with_instants(follow_up: FollowUp, instant: Callable[[int | None], str | None]) -> Json:
    value = follow_up.to_json()
    return {**value, "since": instant(follow_up.since), "last_fired": instant(follow_up.last_fired)}


class Looking:
    """Looks at how automations stand, and keeps what was seen."""

    def __init__(self, store: Store, settling: Settling, follow_up: Callable[[Deployment], FollowUp | None]) -> None:
        self._store = store
        self._settling = settling
        self._follow_up = follow_up

    def seen(
        self, pattern_id: str, editor: AutomationEditor, running: Running | None = None, *, followed: bool = True
    ) -> DeploymentStatus:
        """How it stands after a look at Home Assistant.

        Args:
            running: every automation that runs, where that is known already.
            followed: say what became of it, which takes a while with a long history.

        Raises:
            HomeAssistantError
        """
        running = editor.live() if running is None else running
        automation_id = automation_id_of(pattern_id)
        record = self._store.deployments.get(pattern_id)
        config = editor.read(automation_id)
        sight = look_at(record, config)
        if record is not None:
            record = self._settling.note(record, sight, running)
        live = None if config is None else running.get(automation_id)
        notes = []
        changes = None
        state = None if record is None else record.state
        if record is None and config is not None:
            notes.append(_UNKNOWN)
        elif record is not None and state is DeploymentState.CHANGED and config is not None:
            notes.append(_CHANGED)
            changes = None if record.current is None else differences(record.current.config, config)
        elif state is DeploymentState.MISSING:
            notes.append(_MISSING)
        elif record is not None and record.guarded is not None and live is not None and live.on:
            notes.append(_GUARDED)
        return DeploymentStatus(
            pattern_id,
            automation_id,
            state,
            record=record,
            enabled=None if live is None else live.on,
            entity_id=None if live is None else live.entity_id,
            last_triggered=None if live is None else live.last_triggered,
            differences=changes,
            notes=tuple(notes),
            follow_up=self._followed_up(record) if followed else None,
        )

    def remembered(self, pattern_id: str, why: str) -> DeploymentStatus:
        """How it stood when Home Assistant was last looked at."""
        record = self._store.deployments.get(pattern_id)
        return DeploymentStatus(
            pattern_id,
            automation_id_of(pattern_id),
            None if record is None else record.state,
            record=record,
            entity_id=None if record is None else record.entity_id,
            notes=(f"Home Assistant was not looked at. {why}",),
            follow_up=self._followed_up(record),
        )

    def _followed_up(self, record: Deployment | None) -> FollowUp | None:
        if record is None or record.version is None:
            return None
        try:
            return self._follow_up(record)
        except NoHistory:
            return None
