"""The automations a home has already: Home Assistant's ``automations.yaml``, in any of its spellings."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from src.domain.automations import KnownAutomation
from src.domain.patterns import Json
from src.errors import AutomationsUnreadable
from src.home_assistant.automation_config import is_automation, read_automation
from src.home_assistant.automation_values import mappings, plain_text
from src.home_assistant.registries import Registries, targets_of
from src.home_assistant.targets import Targets
from src.home_assistant.yaml_files import Elsewhere, filled_in, load_document

AUTOMATIONS_NAME = "automations.yaml"

_BLUEPRINTS = Path("blueprints") / "automation"

log = logging.getLogger(__name__)


def read_automations(path: str | Path, *, warn: Callable[[str], object] = log.warning) -> tuple[KnownAutomation, ...]:
    """Every automation of a file; what their ids mean is looked up in the registries beside it.

    Args:
        path: YAML, or JSON by its name: a list of automations, a single one, or a package with a key ``automation``.
        warn: is told, in a sentence, of each automation that was left out because it is none.

    Raises:
        AutomationsUnreadable: no such file, or it is broken.
    """
    path = Path(path)
    document = load_document(path)
    home = _Home(path.parent)
    known: list[KnownAutomation] = []
    for place, entry in enumerate(_entries(document, path), 1):
        if isinstance(entry, Elsewhere):
            warn(f"{path} takes automations from other files with {entry.tag}; those are not read.")
        elif not isinstance(entry, dict) or not is_automation(entry):
            warn(f"Automation {place} in {path} has neither triggers nor actions and was left out.")
        else:
            try:
                known.append(home.automation(entry, place))
            except RecursionError:
                warn(f"Automation {place} in {path} is nested too deeply and was left out.")
    return tuple(known)


def _entries(document: object, path: Path) -> Iterator[object]:
    if isinstance(document, dict) and not is_automation(document):
        packaged = [
            value for key, value in document.items() if isinstance(key, str) and key.partition(" ")[0] == "automation"
        ]
        if not packaged:
            raise AutomationsUnreadable(path, "it holds no automations")
        for value in packaged:
            yield from value if isinstance(value, list) else [value]
    elif isinstance(document, list):
        yield from document
    elif isinstance(document, dict | Elsewhere):
        yield document
    elif document is not None:
        raise AutomationsUnreadable(path, "it holds no automations")


def read_targets(config: Path) -> Targets:
    """The ids in ``<config>/.storage``; what is not there or damaged is left unknown."""
    entities = tuple(_stored(config, "core.entity_registry", "entities"))
    return targets_of(Registries(entities, tuple(_stored(config, "core.device_registry", "devices"))))


def _stored(config: Path, file: str, name: str) -> Iterator[Json]:
    # What is wrong with a registry is said by who reads names and areas from it.
    try:
        stored = json.loads((config / ".storage" / file).read_bytes())
        items = stored["data"][name]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return
    yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()


class _Home:
    """What lies in the folder of the automations and says what they mean."""

    def __init__(self, config: Path) -> None:
        self._targets: Targets = read_targets(config)
        self._folder = config / _BLUEPRINTS
        self._blueprints: dict[str, object] = {}

    def automation(self, entry: Json, place: int) -> KnownAutomation:
        """An automation of the file.

        Args:
            place: in the file, from 1.
        """
        alias = plain_text(entry.get("alias"))
        registered = self._targets.automations.get(plain_text(entry.get("id")) or "")
        entity_id = registered.entity_id if registered else _entity_id(alias)
        name = alias or (registered.entity_id if registered else None) or plain_text(entry.get("id"))
        enabled = entry.get("initial_state") is not False and not (registered and registered.disabled)
        body, missing = self._body(entry)
        return read_automation(
            body,
            self._targets,
            name=name or f"automation {place}",
            entity_id=entity_id,
            enabled=enabled,
            blueprint_missing=missing,
        )

    def _body(self, entry: Json) -> tuple[Json, bool]:
        """What holds an automation's triggers and actions, and whether a blueprint of it is not at hand."""
        for use in mappings(entry.get("use_blueprint")):
            document = self._blueprint(plain_text(use.get("path")) or "")
            if not isinstance(document, dict):
                return entry, True
            inputs = _defaults(document.get("blueprint"))
            for given in mappings(use.get("input")):
                inputs.update(given)
            filled = filled_in({key: value for key, value in document.items() if key != "blueprint"}, inputs)
            # What the automation says itself comes before its blueprint.
            return ({**filled, **entry} if isinstance(filled, dict) else entry), False
        return entry, False

    def _blueprint(self, name: str) -> object:
        if name not in self._blueprints:
            path = (self._folder / name).resolve()
            document: object = None
            if path.is_relative_to(self._folder.resolve()):
                try:
                    document = load_document(path)
                except AutomationsUnreadable as error:
                    log.info("a blueprint was not read: %s", error)
            self._blueprints[name] = document
        return self._blueprints[name]


def _defaults(blueprint: object) -> dict[str, object]:
    """The default values of a blueprint's inputs, those in sections too."""
    inputs = [each for head in mappings(blueprint) for each in mappings(head.get("input"))]
    sections = [each for group in inputs for value in group.values() for each in mappings(value)]
    inputs += [each for section in sections for each in mappings(section.get("input"))]
    return {
        name: described["default"]
        for group in inputs
        for name, described in group.items()
        if isinstance(described, dict) and "default" in described
    }


def _entity_id(alias: str | None) -> str | None:
    """The id Home Assistant gives an automation by its name, if the name can be spelt in Latin letters."""
    if alias is None:
        return None
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", alias) if not unicodedata.combining(letter))
    slug = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return f"automation.{slug}" if slug and plain.isascii() else None
