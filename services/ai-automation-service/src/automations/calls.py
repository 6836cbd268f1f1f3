"""The services that a drafted automation calls and the entities it names, in whatever branch of it they stand.

Actions: https://www.home-assistant.io/docs/scripts/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from src.automations.draft import Draft
from src.domain.entity_ids import entity_id_of
from src.domain.patterns import Json
from src.home_assistant.automation_values import is_template, listed, mappings, word

Node = Mapping[str, object]

_BROAD = ("device_id", "area_id", "floor_id", "label_id")
_HARMLESS = frozenset(("delay", "stop", "variables", "wait_template", "wait_for_trigger", "condition", "error"))
_BESIDE = frozenset(
    ("alias", "enabled", "continue_on_error", "response_variable", "continue_on_timeout", "timeout", "metadata")
)
_BRANCHES = ("choose", "if", "repeat", "parallel", "sequence")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service.

    Attributes:
        entity_ids: it is aimed at; in lower case, in order.
        data: without the entity ids.
        vague: parts of its target that name no single entity: an area, a device, ``all``, a template.
    """

    service: str
    entity_ids: tuple[str, ...]
    data: Json = field(default_factory=dict)
    vague: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        return self.service.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.service.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a draft consists of.

    Attributes:
        calls: of every branch.
        watched: entity ids that triggers and conditions look at, those of conditions between actions too.
        unreadable: steps whose effect cannot be told, each in a few words.
    """

    calls: tuple[Call, ...]
    watched: tuple[str, ...]
    unreadable: tuple[str, ...]


def contents(draft: Draft) -> Contents:
    """All that a draft calls and names. What is switched off counts too: switching it on is one click."""
    reading = _Reading()
    reading.watch(list(draft.triggers))
    reading.watch(list(draft.conditions))
    reading.steps(list(draft.actions))
    return Contents(
        tuple(reading.calls), tuple(dict.fromkeys(reading.watched)), tuple(dict.fromkeys(reading.unreadable))
    )


class _Reading:
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.watched: list[str] = []
        self.unreadable: list[str] = []

    def watch(self, value: object) -> None:
        """Every ``entity_id`` inside triggers or conditions, and entities that hold a time or a level."""
        for node in mappings(value):
            for key, inner in node.items():
                if key == "entity_id":
                    self.watched += _named(inner)[0]
                elif key in ("at", "above", "below", "zone", "before", "after"):
                    self.watched += [each for each in _named(inner)[0] if each.partition(".")[0].isidentifier()]
                elif isinstance(inner, dict | list):
                    self.watch(inner)

    def steps(self, actions: object) -> None:
        for member in listed(actions):
            if isinstance(member, list):
                self.steps(member)
            elif isinstance(member, dict):
                self._step(next(mappings(member)))
            elif not is_template(member):  # a template alone is a condition in short
                self.unreadable.append(f"a step that is {type(member).__name__}")

    def _step(self, node: Node) -> None:
        service = node.get("action", node.get("service"))
        if "service_template" in node or ("action" in node and "service" in node):
            self.unreadable.append("a step with several services")
        elif service is not None:
            self._call(service, node)
        elif isinstance(node.get("scene"), str):
            ids, vague = _named(node["scene"])
            self.calls.append(Call("scene.turn_on", ids, vague=vague))
        elif any(name in node for name in _BRANCHES):
            self._branch(node)
        elif any(name in node for name in _HARMLESS) and "device_id" not in node:
            self.watch([node])
        else:
            known = sorted(set(node) - _BESIDE)
            self.unreadable.append(f"a step with {', '.join(known)}" if known else "an empty step")

    def _branch(self, node: Node) -> None:
        for option in mappings(node.get("choose")):
            self.watch(option.get("conditions"))
            self.steps(option.get("sequence"))
        self.watch(node.get("if"))
        for repeated in mappings(node.get("repeat")):
            self.watch(repeated.get("while"))
            self.watch(repeated.get("until"))
            self.steps(repeated.get("sequence"))
        for name in ("default", "then", "else", "sequence", "parallel"):
            self.steps(node.get(name))

    def _call(self, service: object, node: Node) -> None:
        name = word(service).strip().lower()
        if is_template(name) or name.count(".") != 1:
            self.unreadable.append(f"the service {service!r}")
            return
        found: list[str] = []
        vague: list[str] = []
        data: Json = {}
        for place in ("data", "data_template"):
            if node.get(place) is not None and not isinstance(node[place], dict):
                vague.append(f"a template as {place}")
            for given in mappings(node.get(place)):
                data.update(given)
        if node.get("target") is not None and not isinstance(node["target"], dict):
            vague.append("a template as target")
        for given in (*mappings(node.get("target")), data, node):
            ids, more = _named(given.get("entity_id"))
            found += ids
            vague += [*more, *(f"{word(each) or each!s} ({key})" for key in _BROAD for each in listed(given.get(key)))]
        kept = {key: value for key, value in data.items() if key not in ("entity_id", *_BROAD)}
        self.calls.append(Call(name, tuple(dict.fromkeys(found)), kept, tuple(dict.fromkeys(vague))))


def _named(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The entity ids in a list or a text with commas, and what in it is none."""
    found, vague = [], []
    for part in _parts(value):
        entity_id = entity_id_of(part)
        if entity_id is not None:
            found.append(entity_id)
        elif part.lower() != "none":
            vague.append(part)
    return tuple(found), tuple(vague)


def _parts(value: object) -> Iterator[str]:
    for member in listed(value):
        if not isinstance(member, str) or is_template(member):
            yield str(member)
        else:
            yield from filter(None, (text.strip() for text in member.split(",")))
