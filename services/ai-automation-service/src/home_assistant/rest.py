"""One call of Home Assistant's REST interface. See https://developers.home-assistant.io/docs/api/rest"""

from __future__ import annotations

import json
import ssl
import time
from typing import Any

import httpx

from src.domain.patterns import Json
from src.domain.secrets import masked
from src.errors import HomeAssistantError, HomeAssistantFailed, HomeAssistantRefused, HomeAssistantUnreachable
from src.home_assistant.access import Access
from src.home_assistant.unreachable import NO_HOME_ASSISTANT, why_status, why_unreachable

_LARGEST = 256 * 2**20  # bytes


def called(access: Access, tls: ssl.SSLContext, method: str, path: str, body: Json | None) -> Any:
    """The answer, parsed; None where a GET is about something that is not there.

    Args:
        path: under ``/api/``, such as ``config/automation/config/123``.

    Raises:
        ValueError: a path that leads elsewhere.
        HomeAssistantUnreachable: no answer, or none of Home Assistant's.
        HomeAssistantRefused: the token is not taken, or may not do this.
        HomeAssistantFailed: it was understood, and cannot be done.
    """
    if any(part in (".", "..") for part in path.partition("?")[0].split("/")):
        raise ValueError(f"{path!r} leads out of the API")
    address = f"{access.url}/api/{path.lstrip('/')}"
    try:
        status, location, content = _answer(access, tls, method, address, body)
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise HomeAssistantUnreachable(access.url, why_unreachable(error, access.timeout)) from error
    asked = f"{method} {path}"
    if 200 <= status < 300:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise HomeAssistantUnreachable(access.url, NO_HOME_ASSISTANT) from error
    message = _message(content, access)
    # Without a message it is the web server that knows no such address, as while Home Assistant starts: who asks for
    # a thing must not take that for "it is gone".
    if status == 404 and method == "GET" and message is not None:
        return None
    raise _error(access, asked, status, location, message)


def _answer(
    access: Access, tls: ssl.SSLContext, method: str, address: str, body: Json | None
) -> tuple[int, str | None, bytes]:
    """Status, ``Location`` and content. Nothing of the environment is trusted: no proxy, no ``.netrc``."""
    until = time.monotonic() + access.timeout
    with (
        httpx.Client(verify=tls, trust_env=False, follow_redirects=False, timeout=access.timeout) as client,
        client.stream(method, address, json=body, headers={"Authorization": f"Bearer {access.token}"}) as response,
    ):
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if time.monotonic() > until:
                raise TimeoutError
            if len(content) > _LARGEST:
                raise OSError(0, "Its answer is too large")
        return response.status_code, response.headers.get("Location"), bytes(content)


def _message(content: bytes, access: Access) -> str | None:
    """What Home Assistant says of an error; None where the answer is not of its making."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    message = answer.get("message") if isinstance(answer, dict) else None
    return masked(message, [access.token]) if isinstance(message, str) and message else None


def _error(access: Access, asked: str, status: int, location: str | None, message: str | None) -> HomeAssistantError:
    if status == 401:
        # It answers so, too, when the token is good and its user may not do this.
        return HomeAssistantRefused(access.url, f"{asked} with this token")
    if status == 403:
        return HomeAssistantRefused(access.url, "calls from this machine (its ip_bans.yaml lists it)")
    why = why_status(status, access.url, location)
    if why is not None:
        return HomeAssistantUnreachable(access.url, masked(why, [access.token]))
    if status == 404:
        return HomeAssistantFailed(asked, "not_found", message or "it knows no such address, or is still starting")
    if status == 405:
        # https://github.com/home-assistant/supervisor/issues/6509
        why = "what stands before it does not pass that on; update the Supervisor, or set HA_URL and HA_TOKEN"
        return HomeAssistantFailed(asked, "http_405", why)
    return HomeAssistantFailed(asked, f"http_{status}", message or "it answers with an error")
