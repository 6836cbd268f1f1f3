"""How patiently a lost Home Assistant is called again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """Exponential backoff with full jitter ("Exponential Backoff And Jitter", M. Brooker, AWS Architecture Blog, 2015).

    Attributes:
        first: s, the longest wait after the first failure, doubled for each further one up to ``longest``.
        refused: s, the least wait after the token was refused, which only a person can mend. Home Assistant may ban an
            address that knocks often.
        steady: s, that a connection must have lasted for its end to count as a first failure.
    """

    first: float = 2.0
    longest: float = 120.0
    refused: float = 900.0
    steady: float = 60.0

    def wait(self, failures: int, chance: float, *, refused: bool = False) -> float:
        """Seconds to wait after the ``failures``-th failure in a row; ``chance`` is uniform in [0, 1)."""
        if refused:
            return self.refused * (1.0 + chance)
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 30)) * chance
