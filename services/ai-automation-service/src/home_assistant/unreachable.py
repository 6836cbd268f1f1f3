"""Why a call did not reach Home Assistant, in words that its owner can act on."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake

NO_HOME_ASSISTANT = "what answers there is no Home Assistant"
CUT_OFF = "the connection broke off before the whole answer was there"

_REDIRECTS = range(300, 400)
_BEFORE_IT = (502, 503, 504)  # what a proxy says when the server behind it does not answer


def why_unreachable(error: BaseException, timeout: float) -> str:
    """What went wrong with a connection.

    Args:
        timeout: s, that was waited for an answer.
    """
    chain = list(causes(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak HTTPS there"
        if isinstance(cause, socket.gaierror):
            return "its name is not known here"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there"
        if isinstance(cause, TimeoutError | httpx.TimeoutException):
            return f"it did not answer within {timeout:g} s"
    for cause in chain:
        if isinstance(cause, ConnectionClosed):
            return why_closed(cause)
        if isinstance(cause, ConnectionResetError | BrokenPipeError | EOFError):
            return CUT_OFF
        if isinstance(cause, httpx.RemoteProtocolError):
            # "disconnected without sending a response", "closed connection without sending complete message body"
            return CUT_OFF if "without" in str(cause) else NO_HOME_ASSISTANT
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror[:1].lower() + cause.strerror[1:]
    return NO_HOME_ASSISTANT if isinstance(error, InvalidHandshake) else "the connection failed"


def why_closed(error: ConnectionClosed) -> str:
    """Why a WebSocket ended while something was awaited from it."""
    if error.sent is not None and not error.rcvd_then_sent:
        if "keepalive" in error.sent.reason:
            return "it stopped answering"
        if error.sent.code == 1009:
            return "its answer is too large"
    if error.rcvd is not None:
        return "it closed the connection"
    return CUT_OFF


def why_status(status: int, asked: str, location: str | None) -> str | None:
    """Why an answer of HTTP is not Home Assistant's; None where the status alone does not say so.

    Args:
        asked: the address that was called.
        location: where a redirect leads.
    """
    if status in _REDIRECTS:
        return f"it sends callers on to {_origin(asked, location)}, which is not followed"
    if status in _BEFORE_IT:
        return f"it is not up: what stands before it answers {status}"
    return None


def _origin(asked: str, location: str | None) -> str:
    """The host a redirect leads to. The rest of it may hold what should not be shown."""
    try:
        parts = urlsplit(urljoin(asked, location or ""))
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "another address"
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else "another address"


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those it came from; libraries wrap them."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
