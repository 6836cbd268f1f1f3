"""The home's own Home Assistant, to ask and to tell. The only way this service calls it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from src.domain.patterns import Json
from src.home_assistant.access import Access
from src.home_assistant.rest import called
from src.home_assistant.session import Session, opened


class HomeAssistant:
    """One Home Assistant. Opens what a call needs and closes it again; may be shared by threads.

    Every method raises ``HomeAssistantUnreachable`` (no answer, or none of its own), ``HomeAssistantRefused``
    (the token) and ``HomeAssistantFailed`` (it cannot do that; ``reason`` is Home Assistant's own code). No redirect
    is followed and no proxy used, so that only the configured host is ever called.

    >>> ha = HomeAssistant(access_of(settings))
    >>> ha.command("get_config")["version"]
    '2024.3.3'
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self._tls = _trusted(access)

    def command(self, kind: str, /, **fields: object) -> Any:
        """The result of one WebSocket command, on a connection of its own."""
        with self.session() as session:
            return session.command(kind, **fields)

    def session(self, *, timeout: float | None = None) -> AbstractContextManager[Session]:
        """Several commands, and subscriptions, on one connection.

        Args:
            timeout: s, for each answer; None: that of the access. A logbook of a day may take longer than most.
        """
        return opened(self.access, self._tls, timeout or self.access.timeout)

    def request(self, method: str, path: str, body: Json | None = None) -> Any:
        """The answer to a REST call, parsed; None where a GET is about something that is not there.

        Args:
            path: under ``/api/``, such as ``config/automation/config/123``.

        Raises:
            ValueError: a path that leads out of the API.
        """
        return called(self.access, self._tls, method, path, body)

    def call_service(self, name: str, data: Mapping[str, object] | None = None, target: Json | None = None) -> None:
        """Has a service do its work, and returns when it is done.

        Args:
            name: such as ``light.turn_on``.
            target: such as ``{"entity_id": "light.kitchen"}``.
        """
        domain, _, service = name.partition(".")
        aimed = {} if target is None else {"target": target}
        self.command("call_service", domain=domain, service=service, service_data=dict(data or {}), **aimed)

    def __repr__(self) -> str:
        return f"HomeAssistant({self.access.url})"


def _trusted(access: Access) -> ssl.SSLContext:
    """The authorities of this machine, and those of SSL_CERT_FILE; nobody where no HTTPS is spoken."""
    if access.url.startswith("https:"):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
