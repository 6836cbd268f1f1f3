"""A home as Home Assistant describes it now: what there is in it, and what it can be told to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from src.domain.automations import KnownAutomation
from src.domain.entity_ids import domain_of
from src.domain.events import EntityInfo
from src.domain.patterns import Json
from src.domain.position import Position


@dataclass(frozen=True, slots=True)
class HomeEntity:
    """An entity: what the registries say of it, and the state it is in. Unknown fields are None.

    Attributes:
        name: what its owner calls it, else what its integration does.
        area: name of its own area, else of its device's; ``floor`` is the name of that area's floor.
        labels: names of its own labels, its device's and its area's, sorted.
        platform: the integration it comes from, such as ``hue``.
        category: ``config`` or ``diagnostic`` for what only sets up or reports on a device.
        state: now; None when it has none.
        attributes: of that state.
    """

    entity_id: str
    name: str | None = None
    area: str | None = None
    floor: str | None = None
    labels: tuple[str, ...] = ()
    device_class: str | None = None
    unit: str | None = None
    platform: str | None = None
    category: str | None = None
    hidden: bool = False
    disabled: bool = False
    state: str | None = None
    attributes: Json = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """``light`` of ``light.kitchen``."""
        return domain_of(self.entity_id)

    @property
    def left_out(self) -> str | None:
        """Why its events are no behaviour, by the reason under which rows are counted; None for most entities."""
        if self.disabled:
            return "disabled_entity"
        if self.hidden:
            return "hidden_entity"
        return None if self.category is None else f"{self.category}_entity"

    @property
    def info(self) -> EntityInfo:
        """The part of it that an event log knows."""
        return EntityInfo(self.entity_id, self.name, self.area, self.device_class, self.unit)


@dataclass(frozen=True, slots=True)
class HomeUser:
    """A user of Home Assistant; ``system`` for those that Home Assistant made for itself."""

    id: str
    name: str
    system: bool = False


@dataclass(frozen=True, slots=True)
class ServiceField:
    """A field of a service's data.

    Attributes:
        selector: what Home Assistant says may stand in it, such as ``{"number": {"min": 0, "max": 100}}``.
    """

    required: bool = False
    selector: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """A service (an action, as newer versions call it), and the fields its data may have."""

    fields: Mapping[str, ServiceField] = field(default_factory=dict)
    target: Json | None = None  # which entities it may be aimed at, as Home Assistant says it; None: it takes none


@dataclass(frozen=True)
class Home:
    """One home, at one moment.

    Attributes:
        version: Home Assistant's, such as ``2024.3.3``.
        time_zone: IANA name.
        units: by quantity, as ``{"temperature": "°C"}``.
        entities: by entity id; hidden, disabled, config and diagnostic ones too, see ``HomeEntity.left_out``.
        services: by name, as ``light.turn_on``.
        automations: what its automations do, as far as it can be said.
        configs: the automations as they are written, by entity id. What is not readable is missing.
        scripts, scenes: entity ids.
        warnings: sentences about what could not be had.
        whole: whether Home Assistant was up and told all of its entities. What one that is not whole lacks may only be
            missing for now.
    """

    version: str
    name: str = ""
    time_zone: str = "UTC"
    position: Position | None = None
    language: str = "en"
    units: Mapping[str, str] = field(default_factory=dict)
    entities: Mapping[str, HomeEntity] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    users: tuple[HomeUser, ...] = ()
    automations: tuple[KnownAutomation, ...] = ()
    configs: Mapping[str, Json] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    whole: bool = True

    @cached_property
    def release(self) -> tuple[int, int]:
        """Year and month of the version, to be compared; (0, 0) for one that is none."""
        parts = self.version.split(".")
        if len(parts) >= 2 and parts[0].isdecimal() and parts[1].isdecimal():
            return int(parts[0]), int(parts[1])
        return 0, 0
