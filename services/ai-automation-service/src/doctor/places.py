"""Where an address leads: to this machine, into the home, or out of it. Told without what names a home in public."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["this machine", "private", "public"]

_OF_HOMES = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain", ".fritz.box", ".box")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.%:-]*[A-Za-z0-9_.])?|::[A-Za-z0-9:.]*")
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306}


@dataclass(frozen=True, slots=True)
class Place:
    """One host of the settings.

    Attributes:
        scheme: without the driver of a database; empty for a bare host.
        port: None where nothing says it.
    """

    scheme: str
    host: str
    port: int | None

    @property
    def kind(self) -> Kind:
        """As far as its name tells: nobody is asked."""
        name = self.host.lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            return "this machine"
        try:
            address = ip_address(name.partition("%")[0])
        except ValueError:
            return "private" if "." not in name or name.endswith(_OF_HOMES) else "public"
        if address.is_loopback or address.is_unspecified:
            return "this machine"
        return "private" if address.is_private or address.is_link_local else "public"

    @property
    def shown(self) -> str:
        """``http://192.168.1.4:8123``, or ``https://…(public name):443``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if not _HOST.fullmatch(self.host):
            host = "…(no host name)"  # a password in the wrong place, perhaps
        elif self.kind == "public":
            host = "…(public name)"
        scheme = f"{self.scheme}://" if self.scheme else ""
        return f"{scheme}{host}{'' if self.port is None else f':{self.port}'}"


def place_of(address: str) -> Place | None:
    """The place of an address; None where it names no host, such as a database in a file, or cannot be read."""
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.partition("+")[0]
    if not host or not scheme or "@" in host:
        return None
    return Place(scheme, host, port or _PORTS.get(scheme))


def seen_from_here(place: Place, *, container: bool) -> str:
    """What is wrong with how a host is named, for somebody whom it does not answer; empty if nothing is."""
    if not container:
        return ""
    if place.kind == "this machine":
        return (
            f"Inside a container {place.host} is the container itself: write host.docker.internal, or the machine's"
            " address (as 192.168.1.4)."
        )
    if place.host.lower().rstrip(".").endswith(".local"):
        return "Names that end in .local are not known inside a container: write the IP address."
    return ""
