"""Addresses of servers, as settings give them."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from src.errors import InvalidSetting


def server_address(setting: str, given: str, example: str) -> str:
    """The address of a web server in its plain form, without a slash at the end.

    Raises:
        InvalidSetting: it is none, or has more in it. It may hold a password, so it is not repeated.
    """
    refused = InvalidSetting(setting, "what is set", f"an address such as {example}, without a user or password in it")
    try:
        parts = urlsplit(given.strip())
        port = parts.port
    except ValueError:
        raise refused from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise refused
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", parts.path.rstrip("/"), "", ""))
