"""What the service knows of a models' hub: whether it answers, and where downloads are kept.

Downloads themselves are made by :mod:`src.models.download.fetch` in the preparing child process, which can be killed
at its deadline.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

logger = logging.getLogger(__name__)

_REMEMBERED = 60.0  # seconds for which a hub that did not answer is not asked again


class SourceFailed(Exception):
    """Why one source does not have the model; its message completes "<source>: ..."."""


class HubProbe:
    """Whether the hub answers, asked at most once a minute when it does not, whatever the model.

    Any answer will do: a hub that is overloaded just now is for the download's own retries.

    Args:
        timeout: seconds it has, name look-up included.
        clock: seconds, monotonic.
    """

    def __init__(self, endpoint: str, timeout: float, clock: Callable[[], float]) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._shown = without_secrets(self.endpoint)
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: tuple[float, str] | None = None

    def failure(self) -> str | None:
        """None when the hub answers, otherwise why it cannot be used."""
        with self._lock:
            if self._failed and self._clock() - self._failed[0] < _REMEMBERED:
                return self._failed[1]
            why = self._ask()
            self._failed = (self._clock(), why) if why else None
            if why:
                logger.warning("hub_unreachable endpoint=%s why=%r", self._shown, why)
            return why

    def _ask(self) -> str | None:
        if not self.endpoint.startswith(("http://", "https://")):
            return f"HF_ENDPOINT {self._shown} is no http address"
        answers: list[str | None] = []
        # A thread, because no timeout of the socket covers the look-up of the name.
        asking = threading.Thread(target=lambda: answers.append(self._answer()), name="hub-probe", daemon=True)
        asking.start()
        asking.join(self._timeout)
        return answers[0] if answers else self._late()

    def _answer(self) -> str | None:
        request = Request(f"{self._shown}/api/models", method="HEAD")  # noqa: S310  # the scheme was checked
        try:
            with urlopen(request, timeout=self._timeout):  # noqa: S310
                return None
        except HTTPError as error:
            error.close()
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            return self._late() if isinstance(reason, TimeoutError) else f"{self._shown} cannot be reached ({reason})"

    def _late(self) -> str:
        return f"{self._shown} did not answer within {self._timeout:g} s"


def without_secrets(url: str) -> str:
    """An address without what may be secret in it: a name and password, or the signature of a link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def downloads_folder(models_dir: Path) -> Path:
    """Where downloads are kept, in the hub's layout: ``HF_HUB_CACHE``, ``HF_HOME/hub``, or ``models_dir/hub``."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache).expanduser().absolute()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser().absolute() / "hub"
    return models_dir.absolute() / "hub"
