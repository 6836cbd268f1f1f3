"""What is shown at present, so that it does not come and go from night to night."""

from __future__ import annotations

from collections.abc import Sequence

from src.domain.identity import same_routine
from src.domain.patterns import Pattern, Status
from src.mining.kind import Finding, Home
from src.mining.presentation import present


class Standing:
    """The patterns that are shown at present.

    Args:
        known: patterns of earlier runs; those that have gone stale do not count.
    """

    def __init__(self, known: Sequence[Pattern]) -> None:
        self._shown = [pattern for pattern in known if pattern.status is not Status.STALE]

    def holds(self, home: Home, finding: Finding) -> bool:
        """Whether a finding is a routine that is shown already."""
        return bool(self._of(present(home, finding))) if self._shown else False

    def replaced(self, home: Home, patterns: Sequence[Pattern], explained: Sequence[Finding]) -> frozenset[str]:
        """Ids of shown patterns that were found again, but that one of tonight's patterns explains better."""
        if not self._shown:
            return frozenset()
        staying = {identifier for pattern in patterns for identifier in self._of(pattern)}
        return frozenset(
            identifier for finding in explained for identifier in self._of(present(home, finding))
        ) - frozenset(staying)

    def _of(self, pattern: Pattern) -> list[str]:
        return [shown.id for shown in self._shown if same_routine(shown, pattern)]
