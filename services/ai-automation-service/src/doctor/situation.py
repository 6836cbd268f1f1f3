"""What every check is told: the settings, how patient to be, and what may be touched."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from src.box.cgroups import group_at_top
from src.doctor.given import Given
from src.doctor.places import Place, place_of, seen_from_here
from src.doctor.redaction import Redaction, looks_secret
from src.errors import ServiceError
from src.settings import Settings
from src.store.inspection import Inspection, inspect_store

Clock = Callable[[], int]
ADDRESSES = ("ha_url", "database_url", "recorder_url", "influxdb_url", "hf_endpoint", "otel_exporter_otlp_endpoint")
_CONTAINERS = ("docker", "kubepods", "containerd", "libpod", "lxc")


class NotAsked(Exception):
    """What would have needed a connection was left out: ``--offline``."""


@dataclass
class Situation:
    """One call of the doctor.

    Attributes:
        problems: of the settings that are invalid; ``settings`` has their defaults.
        deep: whether files are read whole, to be compared with their hashes.
        timeout: s that each check has.
        clock: now, µs UTC.
        root: where ``proc``, ``sys`` and ``etc`` are found.
        contacted: names of settings whose hosts were called.
    """

    settings: Settings
    given: Given
    problems: tuple[ServiceError, ...] = ()
    offline: bool = False
    deep: bool = False
    timeout: float = 10.0
    clock: Clock = lambda: time.time_ns() // 1000
    root: Path = Path("/")
    contacted: set[str] = field(default_factory=set)
    _store: Inspection | ServiceError | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def answer_within(self) -> float:
        """s that a server has for one answer, so that what it lacks can be told before the check's time is up."""
        return max(0.05, self.timeout * 0.6)

    @property
    def container(self) -> bool:
        """Whether this runs inside one."""
        if any((self.root / name).exists() for name in (".dockerenv", "run/.containerenv")):
            return True
        # Of its place among the machine's groups a container sees "/" alone in cgroup version 2.
        if group_at_top(self.root):
            return True
        try:
            groups = (self.root / "proc/1/cgroup").read_text()
        except OSError:
            return False
        return any(word in groups for word in _CONTAINERS)

    @property
    def redaction(self) -> Redaction:
        """What clears the texts of this situation."""
        pasted = {value for value in self.given.values.values() if looks_secret(value)}
        ours = {value for name, value in self.given.values.items() if name.lower() in Settings.model_fields}
        secrets = self.settings.secrets | _parts(self.given.secrets) | _parts(pasted & ours) | self._token_of_file()
        return Redaction(secrets, self._public_names())

    def connects(self, setting: str) -> None:
        """To be called before a host is; raises NotAsked when nobody is to be."""
        if self.offline:
            raise NotAsked
        self.contacted.add(setting)

    def remedy(self, place: Place | None, otherwise: str) -> str:
        """What to do about a host that does not answer."""
        hint = seen_from_here(place, container=self.container) if place else ""
        return f"{hint} {otherwise}".strip()

    def store(self) -> Inspection:
        """What is in the database, looked at once for all checks.

        Raises:
            StoreError: it cannot be used. NotAsked: it is a server's.
        """
        with self._lock:
            if self._store is None:
                if not self.settings.store_url.startswith("sqlite"):
                    self.connects("DATABASE_URL")
                try:
                    self._store = inspect_store(self.settings.store_url, seconds=self.answer_within, deep=self.deep)
                except ServiceError as error:
                    self._store = error
        if isinstance(self._store, ServiceError):
            raise self._store
        return self._store

    def _public_names(self) -> set[str]:
        """Hosts that say in public whose home it is; the hub's own name does not."""
        addresses = [str(getattr(self.settings, name)) for name in ADDRESSES]
        addresses += [value for name, value in self.given.values.items() if name.lower() in ADDRESSES]
        places = {place_of(each) for each in addresses if each}
        places |= {Place("", self.settings.mqtt_host.strip(), None)} if self.settings.mqtt_host else set()
        default = place_of(str(Settings.model_fields["hf_endpoint"].default))
        names = {each.host for each in places if each is not None and each.kind == "public"}
        names |= {name.strip() for name in self.settings.allowed_hosts.split(",") if "." in name}
        return names - ({default.host} if default else set())

    def _token_of_file(self) -> set[str]:
        if not self.settings.ha_token_file:
            return set()
        try:
            return {Path(self.settings.ha_token_file).read_text("utf-8").strip()}
        except (OSError, UnicodeDecodeError):
            return set()  # what cannot be read cannot be told


def _parts(values: set[str] | frozenset[str]) -> set[str]:
    """The values, or of an address what may be secret in it: user, password and what follows the path."""
    found: set[str] = set()
    for value in values:
        if "://" not in value:
            found.add(value)
            continue
        try:
            parts = urlsplit(value)
            found |= {part for part in (parts.password, parts.query) if part}
            if looks_secret(parts.username or ""):
                found.add(parts.username or "")
        except ValueError:
            found.add(value)
        # An @ that was not quoted ends the user's part too early for whoever reads the address.
        rest = value.partition("://")[2].rpartition("@")[0]
        found |= {part for part in (rest.partition(":")[2], rest) if part and (":" in rest or looks_secret(rest))}
    return found
