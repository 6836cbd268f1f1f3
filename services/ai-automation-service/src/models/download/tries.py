"""The tries at one thing of a download, and the waits between them."""

from __future__ import annotations

from collections.abc import Callable

from src.models.download.hub import SourceFailed
from src.models.download.retry import RetryPolicy
from src.models.download.web import Transient, Web


class Tries:
    """Counts the tries at one thing, and waits between them.

    Attributes:
        count: the number of the try under way, from 1.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        web: Web,
        what: str,
        chance: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.count = 1
        self._policy = policy
        self._web = web
        self._what = what
        self._chance = chance
        self._sleep = sleep
        self._in_a_row = 0

    def failed(self, error: Transient, brought: int = 0) -> None:
        """Wait for the next try.

        Args:
            brought: bytes that this try added nevertheless.

        Raises:
            SourceFailed: there is none, or no time for it.
        """
        self._in_a_row = 1 if brought >= self._policy.forgiven else self._in_a_row + 1
        if self._in_a_row > self._policy.retries:
            raise SourceFailed(f"{self._what}: {error}, tried {self.count} times") from error
        wait = self._policy.wait(self._in_a_row, self._chance(), error.asked)
        if wait >= self._web.remaining:
            asked = f", and asked to come back in {error.asked:.0f} s" if error.asked else ""
            raise SourceFailed(
                f"{self._what}: {error}{asked}, tried {self.count} times; MODEL_DOWNLOAD_TIMEOUT leaves no time for"
                " more, but what came is kept and the next call goes on from there"
            ) from error
        self._sleep(wait)
        self.count += 1
