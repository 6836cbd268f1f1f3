"""How often, and how patiently, a download is tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter, and when a connection counts as dead.

    Attributes:
        retries: tries after the first that may fail one after another. A try that brought ``forgiven`` bytes starts
            the count anew: a line that drops every minute still gets there, and the deadline bounds it.
        first_wait: seconds before the first retry, doubled for each further one up to ``longest_wait``.
        connect: seconds to open a connection.
        patience: seconds a request may go without ``least_rate``; also for its headers. Less than that is a server that
            hangs or trickles, and a new connection is better than waiting for the deadline.
        least_rate: bytes a second, over ``patience``. A line of 20 KB/s is twenty times as fast.
        forgiven: bytes.
    """

    retries: int = 3
    first_wait: float = 0.5
    longest_wait: float = 20.0
    connect: float = 10.0
    patience: float = 20.0
    least_rate: float = 1024.0
    forgiven: int = 65536

    @classmethod
    def within(cls, seconds: float, retries: int) -> RetryPolicy:
        """A policy whose tries fit into a deadline: a twentieth of it, at most 20 s, for a silent server."""
        usual = cls()
        return replace(
            usual,
            retries=retries,
            first_wait=min(usual.first_wait, seconds / 100),
            connect=min(usual.connect, seconds / 10),
            patience=min(usual.patience, seconds / 20),
        )

    def wait(self, failures: int, chance: float, asked: float | None = None) -> float:
        """Seconds to wait after the ``failures``-th failure in a row.

        Half of the backoff is fixed and half is left to ``chance``, so that many homes that lost the same server do not
        all come back at once ("equal jitter": M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
        2015).

        Args:
            chance: uniform in [0, 1).
            asked: what the server asked for; never less than that.
        """
        backoff = min(self.longest_wait, self.first_wait * 2.0 ** (failures - 1))
        return max(backoff / 2 * (1 + chance), asked or 0.0)
