"""Requests to a hub, and to where it redirects: bounded in time, and with the token for the hub alone.

Runs in the preparing child process; ``httpx`` is not loaded in the serving one. Every failure is either
:class:`Transient`, which another try may mend, or :class:`~src.models.download.hub.SourceFailed`, which it will not.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import httpx

from src.models.download.hub import SourceFailed, without_secrets
from src.models.download.retry import RetryPolicy
from src.models.download.watch import Watch

_MOST_REDIRECTS = 8
_RATE_LIMIT = re.compile(r";\s*t=(\d+)")  # seconds until there is quota again, in the RateLimit header field's draft


class Transient(Exception):
    """This try failed; the next may not.

    Attributes:
        asked: seconds the server asked to be left alone for.
        restart: what was fetched before is of no use for the next try.
    """

    def __init__(self, why: str, asked: float | None = None, *, restart: bool = False) -> None:
        super().__init__(why)
        self.asked = asked
        self.restart = restart


@dataclass(frozen=True, slots=True)
class Statement:
    """What a hub says of a file.

    Attributes:
        commit: the full hash of the commit it was read at; None when it does not say.
        tag: the file's entity tag without quotes; that of the large file when it is one.
        size: bytes; None when it does not say.
    """

    commit: str | None
    tag: str | None
    size: int | None


class Web:
    """Requests of one download.

    Args:
        endpoint: the hub's address; ``token`` is sent there and nowhere else.
        deadline: of everything, by ``clock``.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        endpoint: str,
        token: str,
        policy: RetryPolicy,
        deadline: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hub = httpx.URL(endpoint)
        self._token = token
        self._policy = policy
        self._deadline = deadline
        self._clock = clock
        # No connection is kept for a second request: the watch knows a connection from its being opened.
        self._client = httpx.Client(
            limits=httpx.Limits(max_keepalive_connections=0), headers={"User-Agent": "ai-automation-service"}
        )

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def remaining(self) -> float:
        """Seconds to the deadline."""
        return self._deadline - self._clock()

    def state(self, url: str) -> Statement:
        """What the hub says of the file at ``url``, following its redirects as long as they stay on the hub.

        Raises:
            Transient, SourceFailed: as the module says.
        """
        with self._watched(url) as watch:
            commit = tag = size = None
            for response in self._hops("HEAD", url, {}, watch):
                headers = response.headers
                commit = headers.get("x-repo-commit", commit)
                tag = headers.get("x-linked-etag", tag)
                size = headers.get("x-linked-size", size)
                if response.has_redirect_location:
                    if not self._is_hub(_target(response)):
                        break
                    continue
                self._check(response)
                tag = tag or headers.get("etag")
                size = size or headers.get("content-length")
            return Statement(commit, _bare(tag), int(size) if size and size.isdecimal() else None)

    @contextmanager
    def body(self, url: str, offset: int, tag: str | None) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The content of the file at ``url`` from ``offset`` on.

        Args:
            tag: what the hub called it before.

        Yields:
            the offset that it really starts at, and its pieces as they arrive.

        Raises:
            Transient, SourceFailed: as the module says; also while the pieces are read.
        """
        asked = {"Range": f"bytes={offset}-"} if offset else {}
        with self._watched(url) as watch:
            linked = False
            for response in self._hops("GET", url, asked, watch):
                now = response.headers.get("x-linked-etag")
                linked = linked or now is not None
                if not response.has_redirect_location:
                    self._check(response)
                    now = now or (None if linked else response.headers.get("etag"))
                if now and self._is_hub(response.url) and _bare(now) != tag:
                    raise Transient("it changed on the hub while it was fetched", restart=True)
                if response.has_redirect_location:
                    continue
                yield _start(response, offset), _pieces(response, watch)

    def _hops(self, method: str, url: str, headers: dict[str, str], watch: Watch) -> Iterator[httpx.Response]:
        """Each response on the way, the last one being no redirect."""
        here = httpx.URL(url)
        for _ in range(_MOST_REDIRECTS):
            if here.scheme not in ("http", "https") or not here.host:
                raise SourceFailed(f"{without_secrets(str(here))} is no http address")
            sent = {"Accept-Encoding": "identity", **headers}
            if self._token and self._is_hub(here):
                sent["Authorization"] = f"Bearer {self._token}"
            # The watch is the one to end a silent request; this is for what it cannot see.
            silence = max(0.01, min(2 * self._policy.patience, self.remaining))
            request = self._client.build_request(
                method,
                here,
                headers=sent,
                timeout=httpx.Timeout(silence, connect=max(0.01, min(self._policy.connect, self.remaining))),
                extensions={"trace": watch.trace},
            )
            response = self._client.send(request, stream=True, follow_redirects=False)
            try:
                yield response
                if not response.has_redirect_location:
                    return
                here = _target(response)
            finally:
                response.close()
        raise SourceFailed(f"{without_secrets(url)} redirects more than {_MOST_REDIRECTS} times")

    @contextmanager
    def _watched(self, url: str) -> Iterator[Watch]:
        """Turns what ``httpx`` raises into our two kinds of failure."""
        if self.remaining <= 0:
            raise Transient("the time is up")
        watch = Watch(self._policy, self._deadline, self._clock)
        try:
            with watch:
                yield watch
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SourceFailed(
                    f"{self._hub.host} shows a certificate that is not trusted here ({error}); if it is your own"
                    " mirror's or proxy's, name its authority's file in SSL_CERT_FILE"
                ) from error
            raise Transient(watch.why or _cause(error)) from error
        except (httpx.InvalidURL, httpx.DecodingError) as error:
            raise SourceFailed(f"{without_secrets(url)}: {error}") from error

    def _is_hub(self, url: httpx.URL) -> bool:
        return (url.scheme, url.host, url.port) == (self._hub.scheme, self._hub.host, self._hub.port)

    def _check(self, response: httpx.Response) -> None:
        code = response.status_code
        if code < 300:
            return
        where = "" if self._is_hub(response.url) else f" from {response.url.host}"
        if code == 416:
            raise Transient("the server has less of it than was fetched before", restart=True)
        # Elsewhere than at the hub, a link that was signed for a while has expired; the next try gets a new one.
        if code in (408, 425, 429) or code >= 500 or where:
            raise Transient(f"{code} {response.reason_phrase}{where}", _retry_after(response.headers))
        reason = response.headers.get("x-error-code") or response.reason_phrase
        remedy = ": it is private, gated or not there; set HF_TOKEN if you may read it" if code in (401, 403) else ""
        raise SourceFailed(f"{code} {reason}{remedy}")


def _target(response: httpx.Response) -> httpx.URL:
    return response.url.join(response.headers["location"])


def _start(response: httpx.Response, offset: int) -> int:
    """Where the body really starts: a server may ignore the wish for a part."""
    if response.status_code != 206:
        return 0
    stated = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("content-range", "").strip())
    if not stated or int(stated[1]) != offset or response.headers.get("content-encoding", "identity") != "identity":
        raise Transient("the server sent another part of it than was asked for", restart=True)
    return offset


def _pieces(response: httpx.Response, watch: Watch) -> Iterator[bytes]:
    for piece in response.iter_bytes():
        watch.count(len(piece))
        yield piece


def _bare(tag: str | None) -> str | None:
    return tag.strip().removeprefix("W/").strip('"') if tag else None


def _cause(error: httpx.TransportError) -> str:
    text = str(error).strip() or type(error).__name__
    return f"the connection failed ({text})"


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds, from ``Retry-After`` (a number or a date, RFC 9110, 10.2.3) or the hub's ``RateLimit``."""
    stated = headers.get("retry-after", "").strip()
    if stated.isdecimal():
        return float(stated)
    if stated:
        with suppress(ValueError, TypeError):
            return max(0.0, email.utils.parsedate_to_datetime(stated).timestamp() - time.time())
    if limited := _RATE_LIMIT.search(headers.get("ratelimit", "")):
        return float(limited[1])
    return None
