"""One WebSocket connection to Home Assistant. See https://developers.home-assistant.io/docs/api/websocket"""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from src.domain.patterns import Json
from src.domain.secrets import masked
from src.errors import HomeAssistantFailed, HomeAssistantRefused, HomeAssistantUnreachable
from src.home_assistant.access import Access
from src.home_assistant.unreachable import NO_HOME_ASSISTANT, causes, why_closed, why_status, why_unreachable

# A day's logbook of a busy home, or the states of thousands of entities, is one message.
_LARGEST = 256 * 2**20  # bytes
_WAITING = 4096  # messages; as many as Home Assistant itself holds for a client that is slow
_PING = 20.0  # s
_GOODBYE = 2.0  # s, that the other side has to agree to an end

# The library's log would show what is sent, the token among it; what goes wrong is told by our errors.
_silent = logging.getLogger(f"{__name__}.wire")
_silent.setLevel(logging.CRITICAL + 1)


class Session:
    """A connection that is authenticated, for one thread at a time; :meth:`close` may come from another.

    >>> with ha.session() as session:
    ...     states = session.command("get_states")
    ...     changes = session.subscribe("subscribe_events", event_type="state_changed")
    ...     for message in session.events(timeout=1.0):
    ...         if message is not None and message[0] == changes:
    ...             print(message[1]["data"]["entity_id"])

    Attributes:
        version: Home Assistant's, such as ``2024.3.3``.
    """

    def __init__(self, access: Access, connection: ClientConnection, timeout: float) -> None:
        self._access = access
        self._connection = connection
        self._timeout = timeout
        self._last_id = 0
        self._events: deque[tuple[int, Json]] = deque()
        self._closed = threading.Event()
        self.version = self._authenticate()

    def command(self, kind: str, /, **fields: object) -> Any:
        """The result of one command; events that come before it are kept for :meth:`events`.

        Raises:
            HomeAssistantUnreachable: no answer, or none of Home Assistant's.
            HomeAssistantRefused: the token may not do this.
            HomeAssistantFailed: it was understood, and cannot be done.
        """
        return self._result(kind, self._send(kind, fields))

    def subscribe(self, kind: str, /, **fields: object) -> int:
        """Starts a subscription, such as ``subscribe_events``; its events bear this number. Raises as a command."""
        number = self._send(kind, fields)
        self._result(kind, number)
        return number

    def events(self, timeout: float) -> Iterator[tuple[int, Json] | None]:
        """What subscriptions bring, as it comes: the subscription's number and the event. Ends after :meth:`close`.

        Args:
            timeout: s; each time that nothing came for so long, None is yielded.

        Raises:
            HomeAssistantUnreachable: the connection was lost, or the other side stopped answering pings.
        """
        while not self._closed.is_set():
            if self._events:
                yield self._events.popleft()
                continue
            try:
                message = self._receive(timeout)
            except TimeoutError:
                yield None
            except ConnectionClosed as error:
                if self._closed.is_set():
                    return
                raise self._unreachable(why_closed(error)) from error
            else:
                self._keep(message)

    def close(self) -> None:
        """Ends it, from any thread: who waits for events sees their end, who waits for a result an error."""
        self._closed.set()
        self._connection.close()

    def __repr__(self) -> str:
        return f"Session({self._access.url})"

    def _authenticate(self) -> str:
        # What stands before Home Assistant may open a WebSocket too, so nothing is sent until it says who it is.
        greeting = self._awaited(self._timeout)
        if greeting.get("type") != "auth_required":
            raise self._unreachable(NO_HOME_ASSISTANT)
        self._write({"type": "auth", "access_token": self._access.token})
        answer = self._awaited(self._timeout)
        if answer.get("type") == "auth_invalid":
            raise HomeAssistantRefused(self._access.url)
        if answer.get("type") != "auth_ok":
            raise self._unreachable(NO_HOME_ASSISTANT)
        return str(answer.get("ha_version", ""))

    def _send(self, kind: str, fields: Json) -> int:
        self._last_id += 1
        self._write({**fields, "id": self._last_id, "type": kind})
        return self._last_id

    def _result(self, kind: str, number: int) -> Any:
        until = time.monotonic() + self._timeout
        while True:
            message = self._awaited(until - time.monotonic())
            if message.get("type") != "result" or message.get("id") != number:
                self._keep(message)
                continue
            if message.get("success") is True:
                return message.get("result")
            error = message.get("error")
            given: Json = error if isinstance(error, dict) else {}
            reason = masked(str(given.get("code") or "unknown_error"), [self._access.token])
            if reason == "unauthorized":
                raise HomeAssistantRefused(self._access.url, f"{kind} to this token, as it is no administrator's")
            why = " ".join(str(given.get("message") or "it does not say why").split())
            raise HomeAssistantFailed(kind, reason, masked(why, [self._access.token]))

    def _keep(self, message: Json) -> None:
        number, event = message.get("id"), message.get("event")
        if message.get("type") == "event" and isinstance(number, int) and isinstance(event, dict):
            self._events.append((number, event))

    def _write(self, message: Json) -> None:
        try:
            self._connection.send(json.dumps(message))
        except ConnectionClosed as error:
            raise self._unreachable(why_closed(error)) from error

    def _awaited(self, timeout: float) -> Json:
        try:
            return self._receive(timeout)
        except TimeoutError:
            raise self._unreachable(f"it did not answer within {self._timeout:g} s") from None
        except ConnectionClosed as error:
            raise self._unreachable(why_closed(error)) from error

    def _receive(self, timeout: float) -> Json:
        received = self._connection.recv(timeout)
        try:
            message = json.loads(received)
        except (ValueError, RecursionError) as error:
            raise self._unreachable(NO_HOME_ASSISTANT) from error
        if not isinstance(message, dict):
            raise self._unreachable(NO_HOME_ASSISTANT)
        return message

    def _unreachable(self, why: str) -> HomeAssistantUnreachable:
        return HomeAssistantUnreachable(
            self._access.url, "the connection was closed here" if self._closed.is_set() else why
        )


@contextmanager
def opened(access: Access, tls: ssl.SSLContext, timeout: float) -> Iterator[Session]:
    """A session, closed at the end.

    Args:
        tls: whom to trust, where the address is one of HTTPS.
        timeout: s, for each answer.

    Raises:
        HomeAssistantUnreachable: nothing there, or no Home Assistant.
        HomeAssistantRefused: the token is not taken, or this machine is banned.
    """
    with _connected(access, tls, timeout) as connection:
        session = Session(access, connection, timeout)
        try:
            yield session
        finally:
            session.close()


def _connected(access: Access, tls: ssl.SSLContext, timeout: float) -> ClientConnection:
    parts = urlsplit(access.websocket)
    secure = parts.scheme == "wss"
    try:
        # On a socket of our own the library follows no redirect.
        opened = socket.create_connection((parts.hostname or "", parts.port or (443 if secure else 80)), timeout)
        return connect(
            access.websocket,
            sock=opened,
            ssl=tls if secure else None,
            proxy=None,
            compression=None,  # the home's own network has more room than its hub has time
            open_timeout=timeout,
            ping_interval=min(_PING, timeout),
            ping_timeout=timeout,
            close_timeout=min(_GOODBYE, timeout),
            max_size=_LARGEST,
            max_queue=_WAITING,
            logger=_silent,
        )
    except (OSError, ValueError, WebSocketException) as error:
        raise _not_opened(access, error, timeout) from error


def _not_opened(access: Access, error: Exception, timeout: float) -> Exception:
    # A redirect that the library would not follow is an error of its own, which comes from this one.
    refused = next((cause for cause in causes(error) if isinstance(cause, InvalidStatus)), None)
    if refused is None:
        return HomeAssistantUnreachable(access.url, why_unreachable(error, timeout))
    status = refused.response.status_code
    if status == 403:
        return HomeAssistantRefused(access.url, "calls from this machine (its ip_bans.yaml lists it)")
    if status == 401:
        return HomeAssistantRefused(access.url)
    why = why_status(status, access.url, refused.response.headers.get("Location"))
    why = masked(why or f"{NO_HOME_ASSISTANT} (it answers {status})", [access.token])
    return HomeAssistantUnreachable(access.url, why)
