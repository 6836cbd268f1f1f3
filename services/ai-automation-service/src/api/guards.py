"""What keeps other people's web pages away from a service in somebody's home.

A page the resident visits may send requests to this service from the resident's own browser: through a domain whose
address was changed to the service's (DNS rebinding), or blindly across sites. The first gives itself away by its Host
header, the second by its Origin or by a body that is not declared as JSON.

Inside a Home Assistant add-on nobody else's request is answered than the ingress's, which has seen who is signed in.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.problems import problem_response

MAX_BODY = 64 * 1024
INGRESS = "172.30.32.2"
"""Where every request of Home Assistant's ingress comes from, and the Supervisor's look at an add-on's health.

See https://developers.home-assistant.io/docs/add-ons/presentation#ingress
"""
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]/@\s]+)(?::[0-9]{1,5})?")
# Names that the public DNS never answers: RFC 6762, RFC 6761, RFC 8375, and ICANN's reservation for private use.
_PRIVATE_SUFFIXES = (".local", ".localhost", ".home.arpa", ".internal")


def host_name(value: str) -> str | None:
    """The name or address of a Host header in lower case, without its port; None when it is not one."""
    match = _HOST.fullmatch(value.strip())
    return match["name"].strip("[]").rstrip(".").lower() or None if match else None


def is_local_name(name: str) -> bool:
    """Whether no stranger can own a name: an address, a single label, or under a suffix kept for private use."""
    if "." not in name and ":" not in name:
        return True
    return name.endswith(_PRIVATE_SUFFIXES) or is_address(name)


def is_address(name: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Whether a request from there was made inside of this machine, or this container."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class HostGuard:
    """Answers only requests that were sent to a local name, or to one of ``allowed``.

    Args:
        ingress: inside an add-on, the address its ingress calls from; then only that and this container itself are
            answered. The ingress passes on the name that the browser knows Home Assistant by, which may be any: a
            stranger's name has no session there.
    """

    def __init__(self, app: ASGIApp, allowed: frozenset[str], ingress: str | None = None) -> None:
        self._app = app
        self._allowed = allowed
        self._ingress = ingress

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(scope)) is not None:
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        sent_to = headers.get("host", "")
        name = host_name(sent_to)
        sender = scope["client"][0] if scope.get("client") else ""
        by_ingress = self._ingress is not None and sender == self._ingress
        if self._ingress is not None and not by_ingress and not is_loopback(sender):
            return problem_response(
                "not_by_ingress",
                "This add-on answers to Home Assistant alone.",
                instance=scope["path"],
                remedy="Open its page from Home Assistant's sidebar.",
            )
        if name is None or not (by_ingress or is_local_name(name) or name in self._allowed):
            return problem_response(
                "host_not_allowed",
                f"This service does not answer to the name {sent_to!r}.",
                instance=scope["path"],
                remedy="Use its address or local name, or add the name to ALLOWED_HOSTS.",
                about=sent_to,
            )
        origin = headers.get("origin")
        if scope["method"] in _CHANGES and origin is not None and not self._same_site(headers, origin, sent_to):
            return problem_response(
                "cross_site",
                f"A page of {origin} may not change anything here.",
                instance=scope["path"],
                remedy="If that page is yours, add its host to ALLOWED_HOSTS.",
                about=origin,
            )
        return None

    def _same_site(self, headers: Headers, origin: str, sent_to: str) -> bool:
        # The browser's own word, which no page can forge. Behind a proxy Origin and Host differ without harm.
        if headers.get("sec-fetch-site") == "same-origin":
            return True
        netloc = urlsplit(origin).netloc.lower()
        return netloc == sent_to.strip().lower() or host_name(netloc) in self._allowed


class BodyGuard:
    """Reads a body whole before anything works on it: bounded in size, and declared as JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _CHANGES:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        try:
            body = None if declared.isdecimal() and int(declared) > MAX_BODY else await _read(receive)
        except ClientDisconnect:
            return  # half a request is none: an empty body would mean a run with every default
        if body is None:
            await problem_response(
                "body_too_large",
                f"The body is larger than {MAX_BODY} bytes.",
                instance=scope["path"],
                remedy="Name a file on the service's machine instead of sending its content.",
                headers={"Connection": "close"},
            )(scope, receive, send)
            return
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if body and media_type != "application/json":
            await problem_response(
                "not_json",
                f"The body is declared as {media_type or 'nothing'}.",
                instance=scope["path"],
                remedy="Send the header Content-Type: application/json.",
                about=media_type or None,
            )(scope, receive, send)
            return
        replayed = False

        async def replay() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None as soon as it is larger than it may be. Raises ClientDisconnect."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts)
