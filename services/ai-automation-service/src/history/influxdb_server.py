"""An InfluxDB over HTTP: where it is, and its answers line by line. What goes wrong is told with a remedy."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from src.domain.addresses import server_address
from src.domain.secrets import masked
from src.errors import HistoryUnreadable, InvalidSetting
from src.settings import Settings

_CONNECT = 10.0  # s
_LONGEST_ANSWER = 30 * 60.0  # s; a window that takes longer is one that does not end
_LONGEST_LINE = 64 * 2**20  # bytes
_LONGEST_REFUSAL = 64 * 2**10  # bytes

_COME_BACK = "the next run goes on where this one stopped"


@dataclass(frozen=True, slots=True)
class InfluxAccess:
    """One database of an InfluxDB.

    Attributes:
        url: of the server, without a slash at the end.
        database: of version 1, or a bucket of version 2.
        org: organisation of version 2; empty for version 1.
        token: of version 2. Like the password never to be logged, stored or shown.
        timeout: s that the server may be silent.
    """

    url: str
    database: str
    org: str = ""
    token: str = field(default="", repr=False)
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    timeout: float = 60.0

    @property
    def key(self) -> str:
        """Identity of the source, without secrets: under it the store keeps how far it was read."""
        return f"influxdb:{urlsplit(self.url).netloc}/{self.database}"


def influx_access_of(settings: Settings) -> InfluxAccess | None:
    """The InfluxDB of the settings, None when there is none.

    Raises:
        InvalidSetting: INFLUXDB_URL is no address, or something that goes with it is missing.
    """
    if not settings.influxdb_url:
        return None
    if not settings.influxdb_database:
        raise InvalidSetting("INFLUXDB_DATABASE", "", "the name of a database, or of a bucket")
    if bool(settings.influxdb_org) != bool(settings.influxdb_token):
        # The token itself is not repeated.
        missing = "INFLUXDB_TOKEN" if settings.influxdb_org else "INFLUXDB_ORG"
        raise InvalidSetting(missing, "", "what InfluxDB 2 needs: INFLUXDB_ORG and INFLUXDB_TOKEN together")
    return InfluxAccess(
        server_address("INFLUXDB_URL", settings.influxdb_url, "http://influxdb.local:8086"),
        settings.influxdb_database,
        settings.influxdb_org,
        settings.influxdb_token,
        settings.influxdb_username,
        settings.influxdb_password,
    )


class InfluxServer:
    """Requests to one server, and to no other: a redirect is not followed.

    Args:
        who: what to check when it does not let us in.
        headers: sent with every request; a secret belongs here, never in an address.
    """

    def __init__(
        self,
        access: InfluxAccess,
        *,
        who: str,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
    ) -> None:
        self._access = access
        self._secrets = (access.token, access.password, f"{access.username}:{access.password}")
        self._who = who
        self._client = httpx.Client(
            headers={"User-Agent": "ai-automation-service", **(headers or {})},
            auth=auth,
            timeout=httpx.Timeout(access.timeout, connect=min(_CONNECT, access.timeout)),
            trust_env=False,  # a proxy of the environment would be told the password
            follow_redirects=False,
            # The system's own certificates, so that a home's own authority can be among them.
            verify=ssl.create_default_context() if access.url.startswith("https:") else True,
        )

    def close(self) -> None:
        """Close its connections; an answer that is being read breaks off."""
        self._client.close()

    def lines(
        self, method: str, path: str, params: Mapping[str, str], body: Mapping[str, object] | None = None
    ) -> Iterator[str]:
        """The lines of an answer as they arrive, each with its end; the last one may be without.

        Raises:
            HistoryUnreadable: it cannot be had, or breaks off.
        """
        with (
            self._explained(),
            self._client.stream(method, f"{self._access.url}{path}", params=params, json=body) as answer,
        ):
            self._check(answer)
            yield from self._split(answer)

    def refused(self, why: str, remedy: str) -> HistoryUnreadable:
        """The error for what the server said in an answer that began well."""
        return HistoryUnreadable(self._access.key, masked(why, self._secrets), remedy)

    def broken(self) -> HistoryUnreadable:
        """The error for an answer without its end."""
        return self.refused("the answer broke off in the middle", f"Check the network and try again; {_COME_BACK}.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what ``httpx`` raises into a sentence. Its own words may hold an address, so they are not repeated."""
        silent = f"Check its log and how busy it is, then try again; {_COME_BACK}."
        try:
            yield
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise self.refused(
                    "it shows a certificate that is not trusted here",
                    "If it is your own, name the file of its authority in SSL_CERT_FILE.",
                ) from error
            raise self._unreachable() from error
        except httpx.ConnectTimeout as error:
            raise self._unreachable() from error
        except httpx.TimeoutException as error:
            raise self.refused(f"it was silent for {self._access.timeout:g} s", silent) from error
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise self.broken() from error

    def _unreachable(self) -> HistoryUnreadable:
        return self.refused(
            "it does not answer",
            f"Check that InfluxDB runs and that INFLUXDB_URL is right as seen from this service; {_COME_BACK}.",
        )

    def _check(self, answer: httpx.Response) -> None:
        code = answer.status_code
        if code == 200:
            return
        if 300 <= code < 400:
            raise self.refused(
                "it sends to another address, where the password is not taken",
                "Set INFLUXDB_URL to the address that InfluxDB itself has.",
            )
        said = masked(_refusal(answer), self._secrets)
        if code in (401, 403):
            raise self.refused(f"it does not let us in ({said})", self._who)
        if code == 404 and not said.startswith("404"):
            raise self.refused(said, "Check INFLUXDB_DATABASE and INFLUXDB_ORG.")
        version = "; for InfluxDB 2 set INFLUXDB_ORG and INFLUXDB_TOKEN, for InfluxDB 1 neither"
        raise self.refused(f"it answers {said}", f"Check INFLUXDB_URL and the server's log{version}.")

    def _split(self, answer: httpx.Response) -> Iterator[str]:
        ends = time.monotonic() + _LONGEST_ANSWER
        begun: list[bytes] = []
        size = 0
        for piece in answer.iter_bytes():
            *whole, rest = piece.split(b"\n")
            for line in whole:
                yield (b"".join(begun) + line + b"\n").decode("utf-8", "replace")
                begun, size = [], 0
            if rest:
                begun.append(rest)
                size += len(rest)
            if size > _LONGEST_LINE or time.monotonic() > ends:
                raise self.refused("its answer does not end", "Check that INFLUXDB_URL is an InfluxDB's.")
        if begun:
            yield b"".join(begun).decode("utf-8", "replace")


def _refusal(answer: httpx.Response) -> str:
    """What a server says of a request that failed, in a line; its status if it says nothing."""
    text = b""
    for piece in answer.iter_bytes():
        text += piece
        if len(text) > _LONGEST_REFUSAL:
            break
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    words = (said.get("message") or said.get("error")) if isinstance(said, dict) else None
    return shortened(words) if isinstance(words, str) else f"{answer.status_code} {answer.reason_phrase}".strip()


def shortened(words: str) -> str:
    """A server's words as part of a sentence."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())[:200].rstrip(".")
