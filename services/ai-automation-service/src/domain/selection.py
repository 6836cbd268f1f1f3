"""Which entities are learned from: what people write in INCLUDE and EXCLUDE."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property

from src.domain.entity_ids import LONGEST_ID, domain_of, entity_id_of
from src.errors import InvalidSetting

_WANTED = "entity ids (light.kitchen), patterns of ids (light.guest_*), domain:light, area:Kitchen or label:routine"
_DOMAIN = re.compile(r"[a-z0-9_]+", re.ASCII)
_ID_PATTERN = re.compile(r"[a-z0-9_*?]+(?:\.[a-z0-9_*?]+)?", re.ASCII)


class RuleKind(StrEnum):
    """What a rule looks at."""

    ENTITY = "entity"
    DOMAIN = "domain"
    AREA = "area"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the things that a setting names.

    Attributes:
        value: an entity id or a pattern of ids (``*`` any letters, ``?`` any one), a domain, or the name of an area or
            a label as :func:`folded` makes it.
    """

    kind: RuleKind
    value: str

    def __str__(self) -> str:
        return self.value if self.kind is RuleKind.ENTITY else f"{self.kind}:{self.value}"

    def fits(self, entity_id: str, area: str | None, labels: Sequence[str]) -> bool:
        """Whether an entity is meant; ``area`` and ``labels`` are folded names."""
        match self.kind:
            case RuleKind.ENTITY:
                return fnmatchcase(entity_id, self.value)
            case RuleKind.DOMAIN:
                return domain_of(entity_id) == self.value
            case RuleKind.AREA:
                return area == self.value
            case RuleKind.LABEL:
                return self.value in labels


@dataclass(frozen=True)
class Selection:
    """Which entities are learned from: those of ``include``, or all if that is empty, without those of ``exclude``."""

    include: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()

    @classmethod
    def parse(cls, include: str, exclude: str) -> Selection:
        """Rules by comma: ``light.kitchen, light.guest_*, domain:light, area:Living room, label:routine, entity:a.b``.

        Capitals and the blanks around a rule do not count. A name with a comma in it cannot be written.

        Raises:
            InvalidSetting: names INCLUDE or EXCLUDE, and the part of it that is none of these.
        """
        return cls(_rules("INCLUDE", include), _rules("EXCLUDE", exclude))

    @cached_property
    def everything(self) -> bool:
        """Whether nothing is left out, whatever there is."""
        return not self.include and not self.exclude

    def idle(self, entities: Iterable[tuple[str, str | None, Sequence[str]]]) -> tuple[Rule, ...]:
        """The rules that fit none of the entities, each given as its id, area and labels."""
        waiting = dict.fromkeys((*self.include, *self.exclude))
        for entity_id, area, labels in entities:
            where, marked = None if area is None else folded(area), [folded(label) for label in labels]
            for rule in [rule for rule in waiting if rule.fits(entity_id, where, marked)]:
                del waiting[rule]
        return tuple(waiting)

    def admits(self, entity_id: str, *, area: str | None, labels: Sequence[str]) -> bool:
        """Whether an entity is learned from.

        Args:
            entity_id: in lower case.
            area: its area's name, None for one without; such an entity is in no ``area:``.
            labels: their names.
        """
        if self.everything:
            return True
        where = None if area is None else folded(area)
        marked = [folded(label) for label in labels]
        if any(rule.fits(entity_id, where, marked) for rule in self.exclude):
            return False
        return not self.include or any(rule.fits(entity_id, where, marked) for rule in self.include)


def folded(name: str) -> str:
    """A name for comparing: without capitals, with single blanks inside and none around.

    An underscore is a blank: Home Assistant's own ids of areas and labels are their names written so. One letter may
    be written in two ways (a letter with its accent, or the letter and then the accent).
    """
    plain = unicodedata.normalize("NFC", " ".join(name.replace("_", " ").split()))
    return unicodedata.normalize("NFC", plain.casefold())


def _rules(setting: str, text: str) -> tuple[Rule, ...]:
    """The rules of a setting, each once. Nothing between two commas is no rule."""
    parts = [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(_rule(setting, part) for part in parts if part))


def _rule(setting: str, part: str) -> Rule:
    kind, colon, name = part.partition(":")
    if not colon:
        return Rule(RuleKind.ENTITY, _id_pattern(setting, part, part))
    match kind.strip().casefold():
        case RuleKind.ENTITY:
            return Rule(RuleKind.ENTITY, _id_pattern(setting, part, name))
        case RuleKind.DOMAIN if _DOMAIN.fullmatch(domain := name.strip().lower()):
            return Rule(RuleKind.DOMAIN, domain)
        case RuleKind.AREA | RuleKind.LABEL as known if (plain := folded(name)).isprintable() and plain:
            return Rule(RuleKind(known), plain)
    raise InvalidSetting(setting, part, _WANTED)


def _id_pattern(setting: str, part: str, text: str) -> str:
    """An entity id, or a pattern that some id could fit."""
    plain = text.strip().lower()
    wild = "*" in plain or "?" in plain
    if entity_id_of(plain) is None and not (wild and len(plain) <= LONGEST_ID and _ID_PATTERN.fullmatch(plain)):
        raise InvalidSetting(setting, part, _WANTED)
    # Only a star may stand for the dot, and it must be there for an id to fit.
    if "." not in plain and "*" not in plain:
        raise InvalidSetting(setting, part, _WANTED)
    return plain
