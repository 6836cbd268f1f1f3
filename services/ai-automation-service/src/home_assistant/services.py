"""The services a home has, as ``get_services`` lists them."""

from __future__ import annotations

from collections.abc import Iterator

from src.domain.home import Service, ServiceField
from src.domain.patterns import Json


def services_of(listed: Json) -> dict[str, Service]:
    """By name, such as ``light.turn_on``. What is no description of a service counts as one without fields."""
    return {
        f"{domain}.{name}": _service(described if isinstance(described, dict) else {})
        for domain, services in listed.items()
        if isinstance(services, dict)
        for name, described in services.items()
    }


def _service(described: Json) -> Service:
    target = described.get("target")
    return Service(dict(_fields(described.get("fields"))), target if isinstance(target, dict) else None)


def _fields(described: object) -> Iterator[tuple[str, ServiceField]]:
    """Each field; since 2024.8 some stand in a group (``additional_fields``) that is no field of its own."""
    if not isinstance(described, dict):
        return
    for name, field in described.items():
        known: Json = field if isinstance(field, dict) else {}
        if isinstance(known.get("fields"), dict):
            yield from _fields(known["fields"])
            continue
        selector = known.get("selector")
        yield name, ServiceField(known.get("required") is True, selector if isinstance(selector, dict) else {})
