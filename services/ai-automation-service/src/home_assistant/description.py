"""What a home is, asked of its Home Assistant over one connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from src.domain.automations import KnownAutomation
from src.domain.home import Home, HomeEntity, HomeUser
from src.domain.patterns import Json
from src.domain.position import position_of
from src.errors import HomeAssistantFailed, HomeAssistantRefused
from src.home_assistant.automation_config import has_body, read_automation
from src.home_assistant.automation_values import plain_text
from src.home_assistant.client import HomeAssistant
from src.home_assistant.entities import entities_of, states_by_id
from src.home_assistant.registries import Registries, targets_of
from src.home_assistant.services import services_of
from src.home_assistant.session import Session
from src.home_assistant.targets import Targets

_RUNNING = "RUNNING"
# Registries that Home Assistant did not always have.
_NEWER = ("floor", "label")


def describe_home(ha: HomeAssistant) -> Home:
    """The home as it is now. What of it cannot be had or read is missing, and a warning says so.

    Raises:
        HomeAssistantUnreachable: no answer, or the connection was lost on the way.
        HomeAssistantRefused: the token is not taken.
        HomeAssistantFailed: it does not even say what it is.
    """
    with ha.session() as session:
        asked = _Questions(session)
        core = session.command("get_config")
        core = core if isinstance(core, dict) else {}
        states = states_by_id(asked.for_list("get_states", "states"))
        registries = _registries(asked)
        whole = not (_not_running(core) or asked.warnings)
        services = asked.for_mapping("get_services", "services")
        users = asked.for_list("config/auth/list", "users")
        entities = entities_of(registries, states)
        configs = _configs(asked, entities)
    warnings = [*_not_running(core), *asked.warnings]
    known = _known(configs, entities, targets_of(registries), warnings)
    return Home(
        version=plain_text(core.get("version")) or session.version,
        name=plain_text(core.get("location_name")) or "",
        time_zone=_time_zone(core.get("time_zone"), warnings),
        position=position_of(core.get("latitude"), core.get("longitude")),
        language=plain_text(core.get("language")) or "en",
        units=_texts(core.get("unit_system")),
        entities=entities,
        services=services_of(services),
        users=tuple(user for user in map(_user, users) if user is not None),
        automations=known,
        configs={entity_id: config for entity_id, config in configs.items() if config is not None},
        scripts=_of_domain(entities, "script"),
        scenes=_of_domain(entities, "scene"),
        warnings=tuple(warnings),
        whole=whole,
    )


@dataclass
class _Questions:
    """Commands on one connection; what one of them lacks is said, and does not cost the others."""

    session: Session
    warnings: list[str] = field(default_factory=list)

    def for_list(self, kind: str, what: str, *, may_lack: bool = False) -> tuple[Json, ...]:
        """The mappings of a list; what else stands in it is left out.

        Args:
            what: it is about, in plural.
            may_lack: an older Home Assistant does not know the command.
        """
        answer = self._answer(kind, what, list, may_lack=may_lack)
        return tuple(member for member in answer if isinstance(member, dict))

    def for_mapping(self, kind: str, what: str) -> Json:
        """A mapping; empty when there is none. The arguments are those of a list."""
        return dict(self._answer(kind, what, dict))

    def _answer(self, kind: str, what: str, shape: type[list[Any]] | type[Json], *, may_lack: bool = False) -> Any:
        try:
            answer = self.session.command(kind)
        except HomeAssistantRefused:
            self.warnings.append(
                f"Home Assistant tells {what} only to an administrator; its token is not one's, so they are missing."
            )
        except HomeAssistantFailed as error:
            if not (may_lack and error.reason == "unknown_command"):
                self.warnings.append(f"The home's {what} are missing. {error.message}")
        else:
            if isinstance(answer, shape):
                return answer
            self.warnings.append(f"The home's {what} are missing. Home Assistant answers {kind} with something else.")
        return shape()


def _registries(asked: _Questions) -> Registries:
    lists = {
        name: asked.for_list(f"config/{name}_registry/list", what, may_lack=name in _NEWER)
        for name, what in (
            ("entity", "registered entities"),
            ("device", "devices"),
            ("area", "areas"),
            ("floor", "floors"),
            ("label", "labels"),
        )
    }
    return Registries(lists["entity"], lists["device"], lists["area"], lists["floor"], lists["label"])


def _configs(asked: _Questions, entities: Mapping[str, HomeEntity]) -> dict[str, Json | None]:
    """Each automation that is set up; None for one that Home Assistant itself could not read.

    Its answer has a blueprint filled in, where the blueprint could be read.
    """
    found: dict[str, Json | None] = {}
    for entity in entities.values():
        if entity.domain != "automation" or entity.state is None:
            continue
        try:
            answer = asked.session.command("automation/config", entity_id=entity.entity_id)
        except HomeAssistantRefused:
            asked.warnings.append(
                "Home Assistant tells what its automations do only to an administrator; its token is not one's, so what"
                " they do already cannot be told from people's habits."
            )
            break
        except HomeAssistantFailed as error:
            if error.reason != "not_found":  # it is gone since the states were asked for
                asked.warnings.append(f"What {entity.entity_id} does is not known. {error.message}")
            continue
        config = answer.get("config") if isinstance(answer, dict) else None
        found[entity.entity_id] = config if isinstance(config, dict) else None
    return found


def _known(
    configs: Mapping[str, Json | None], entities: Mapping[str, HomeEntity], targets: Targets, warnings: list[str]
) -> tuple[KnownAutomation, ...]:
    known: list[KnownAutomation] = []
    for entity_id, config in configs.items():
        entity = entities[entity_id]
        name = plain_text((config or {}).get("alias")) or entity.name or entity_id
        # "unavailable" is how it shows one whose configuration it could not use.
        enabled = entity.state == "on"
        if config is None:
            warnings.append(
                f"{name} ({entity_id}) is set up wrongly, so that Home Assistant itself cannot say what it does."
            )
            continue
        try:
            lacking = "use_blueprint" in config and not has_body(config)
            known.append(
                read_automation(
                    config, targets, name=name, entity_id=entity_id, enabled=enabled, blueprint_missing=lacking
                )
            )
        except RecursionError:
            warnings.append(f"{name} ({entity_id}) is nested too deeply and was left out.")
    return tuple(known)


def _not_running(core: Json) -> list[str]:
    if core.get("recovery_mode") is True or core.get("safe_mode") is True:
        return ["Home Assistant is in recovery mode, so most of the home is missing until it is mended and restarted."]
    if core.get("state", _RUNNING) == _RUNNING:
        return []
    return [
        f"Home Assistant is not up yet or going down ({core['state']}), so entities, services and automations may be"
        " missing; ask again in some minutes."
    ]


def _time_zone(given: object, warnings: list[str]) -> str:
    name = plain_text(given) or ""
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        warnings.append(f"{name or 'None'!r} is no time zone that is known here, so UTC is used; set TZ.")
        return "UTC"


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(name, str) and isinstance(text, str)}


def _user(listed: Json) -> HomeUser | None:
    known = listed.get("id")
    if not isinstance(known, str) or not known:
        return None
    return HomeUser(known, plain_text(listed.get("name")) or known, listed.get("system_generated") is True)


def _of_domain(entities: Mapping[str, HomeEntity], domain: str) -> tuple[str, ...]:
    return tuple(entity.entity_id for entity in entities.values() if entity.domain == domain and not entity.disabled)
