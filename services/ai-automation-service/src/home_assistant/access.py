"""Where Home Assistant is and how it knows us. The only place that makes an address to call from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from src.domain.addresses import server_address
from src.errors import InvalidSetting
from src.settings import Settings

_SUPERVISOR = "http://supervisor/core"


@dataclass(frozen=True, slots=True)
class Access:
    """One Home Assistant.

    Attributes:
        url: of its web server, without a slash at the end; REST is under ``/api`` of it.
        websocket: of its WebSocket.
        token: never to be logged, stored or shown.
        timeout: s, for one answer.
    """

    url: str
    websocket: str
    token: str = field(repr=False)
    timeout: float = 30.0


def access_of(settings: Settings) -> Access | None:
    """The Home Assistant of the settings; inside an add-on the one that runs it; None when there is none.

    Raises:
        InvalidSetting: HA_URL is no address, or there is no token for it.
    """
    if not settings.ha_url:
        if not settings.supervisor_token:
            return None
        websocket = f"ws{_SUPERVISOR.removeprefix('http')}/websocket"
        return Access(_SUPERVISOR, websocket, settings.supervisor_token, settings.ha_timeout)
    parts = urlsplit(server_address("HA_URL", settings.ha_url, "http://homeassistant.local:8123"))
    url = parts._replace(path=parts.path.removesuffix("/api")).geturl()
    token = _token(settings, parts.hostname)
    return Access(url, f"ws{url.removeprefix('http')}/api/websocket", token, settings.ha_timeout)


def _token(settings: Settings, host: str | None) -> str:
    token = settings.ha_token.strip()
    if not token and settings.ha_token_file:
        try:
            token = Path(settings.ha_token_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            wanted = f"a file that can be read ({type(error).__name__})"
            raise InvalidSetting("HA_TOKEN_FILE", settings.ha_token_file, wanted) from error
    if not token and host == "supervisor":  # another host is not to see it, and could do nothing with it
        token = settings.supervisor_token
    if not token or not token.isascii() or any(letter.isspace() or not letter.isprintable() for letter in token):
        raise InvalidSetting("HA_TOKEN", "what is set", "a long-lived access token of an administrator")
    return token
