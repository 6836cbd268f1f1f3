"""How an automation is written: the words of one version of Home Assistant, and YAML.

Until 2024.10 it was ``trigger``, ``condition``, ``action`` with ``platform`` and ``service`` inside; since then the
outer keys are plural and the inner ones ``trigger`` and ``action``:
https://www.home-assistant.io/blog/2024/10/02/release-202410/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from src.automations.canonical import canonical, fingerprint, meaning
from src.automations.draft import Draft
from src.domain.patterns import Json

__all__ = ["NEW_WORDS_SINCE", "Release", "canonical", "config_of", "fingerprint", "meaning", "spelled", "yaml_of"]

Release = tuple[int, int]  # year and month

NEW_WORDS_SINCE: Release = (2024, 10)

_OUTER = {"triggers": "trigger", "conditions": "condition", "actions": "action"}
_TRIGGER_LISTS = ("trigger", "triggers", "wait_for_trigger")
_DATA = ("data", "target", "variables", "metadata")  # holds keys of its own

_LINE = 110
# Read by every YAML, 1.1 or 1.2, as the text that it is. All else of one word goes into quotes: 07:10:00 may be read as
# a number to the base of 60, on as true, 1_000 as a number.
_WORD = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_NO_TEXT = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


def config_of(draft: Draft, release: Release) -> Json:
    """An automation as ``POST /api/config/automation/config/<id>`` takes it.

    Args:
        release: of the Home Assistant that it is for, see ``Home.release``. One that is not known, (0, 0), gets the old
            words, which all versions take.
    """
    config: Json = {
        "id": draft.automation_id,
        "alias": draft.alias,
        "description": draft.description,
        "triggers": list(draft.triggers),
        "conditions": list(draft.conditions),
        "actions": list(draft.actions),
        "mode": draft.mode,
    }
    return spelled(config, release)


def spelled(config: Json, release: Release) -> Json:
    """A copy of an automation in the newest words, or of a blueprint, in the words of a version."""
    if release >= NEW_WORDS_SINCE:
        return {key: _copy(value) for key, value in config.items()}
    return {_OUTER.get(key, key): _old(value, key in _TRIGGER_LISTS) for key, value in config.items()}


def _copy(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_copy(member) for member in value]
    return value


def _old(value: object, in_triggers: bool) -> object:
    """A part in the old words; inside of a list of triggers ``trigger`` says of which platform it is."""
    if isinstance(value, Mapping):
        return {
            _old_key(key, in_triggers): _copy(inner) if key in _DATA else _old(inner, key in _TRIGGER_LISTS)
            for key, inner in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_old(member, in_triggers) for member in value]
    return value


def _old_key(key: str, in_triggers: bool) -> str:
    if in_triggers:
        return "platform" if key == "trigger" else key
    return "service" if key == "action" else key


def yaml_of(config: Json) -> str:
    """An automation as text for ``automations.yaml``, the same to the byte for the same automation."""
    return dumped(config, AutomationDumper)


def dumped(document: Json, dumper: type[AutomationDumper]) -> str:
    """A document in the one style that all texts of this package have."""
    text: str = yaml.dump(
        document, Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_LINE
    )
    return text


class AutomationDumper(yaml.SafeDumper):
    """Block style, lists set in, and quotes around whatever might be read as something else than a text."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    several = " " in text and not text.startswith("{{")
    style: str | None = '"'
    if len(text) > _LINE and text.startswith("{{") and text.isprintable() and "  " not in text:
        style = ">"
    elif (several or _WORD.fullmatch(text)) and text.lower() not in _NO_TEXT:
        style = None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


AutomationDumper.add_representer(str, _text)
