"""What Home Assistant has under the id of an automation, held against what was written there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from src.automations.spelling import canonical, fingerprint, yaml_of
from src.domain.deployments import Deployment, DeploymentState, Version
from src.domain.patterns import Json

_GUARD = "initial_state"


@dataclass(frozen=True, slots=True)
class Sight:
    """One look.

    Attributes:
        config: what is there; None: nothing.
        version: the one of ours that it is; None: not one of ours, or no longer.
        guarded: it has the guard that :func:`guarded` gave it.
    """

    config: Json | None
    version: Version | None = None
    guarded: bool = False


def guarded(config: Json) -> Json:
    """The automation with a guard: whatever happens to Home Assistant, it comes up switched off.

    Without it a new automation comes up switched on. With it for good, one that its owner switched on would be off
    again after every start of Home Assistant; so it is taken away once Home Assistant has the state on its disk.
    """
    return {**config, _GUARD: False}


def without_guard(config: Json) -> Json:
    """The automation without the guard, if it has one."""
    return {key: value for key, value in config.items() if key != _GUARD or value is not False}


def look_at(record: Deployment | None, config: Json | None) -> Sight:
    """Which form of an automation it is that Home Assistant has.

    Args:
        record: what was written; None: nothing, as far as is known.
    """
    if config is None or record is None:
        return Sight(config)
    expected = record.guarded is not None or record.state is DeploymentState.WRITING
    guard = expected and config.get(_GUARD) is False
    found = fingerprint(without_guard(config) if guard else config)
    version = next((each for each in _likeliest(record) if each.fingerprint == found), None)
    return Sight(config, version, guard)


def _likeliest(record: Deployment) -> Iterator[Version]:
    """An older one may be there too: Home Assistant was put back to a backup."""
    for each in (record.intended, record.current):
        if each is not None:
            yield each
    yield from reversed(record.versions)


def differences(before: Json, after: Json) -> str:
    """What was changed, in lines with ``-`` and ``+``; empty where it is only spelled otherwise."""
    lines = unified_diff(
        yaml_of(canonical(before)).splitlines(), yaml_of(canonical(after)).splitlines(), "before", "after", lineterm=""
    )
    return "\n".join(lines)
