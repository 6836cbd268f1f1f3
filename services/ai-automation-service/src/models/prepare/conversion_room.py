"""Memory for one conversion, taken from the service's budget when the preparing process asks for it."""

from __future__ import annotations

import logging
import subprocess
from contextlib import ExitStack

from src.box.budget import Budget, TooLittleMemory
from src.domain.patterns import Json
from src.models.download.hub import SourceFailed
from src.models.download.progress import Progress, Report
from src.models.prepare.conversion_memory import Way

logger = logging.getLogger(__name__)

_PATIENCE = 120.0  # seconds at most that a conversion waits before it takes the smaller way


class ConversionRoom:
    """What is granted is held until ``held`` closes.

    Args:
        name: the model's.
        seconds: that are left for the preparation.
        most: bytes that the conversion may hold, however much there is.
        child: the preparing process; when it ends, nobody needs to wait.
    """

    def __init__(
        self,
        budget: Budget,
        name: str,
        *,
        seconds: float,
        most: int,
        report: Report,
        child: subprocess.Popen[str],
        held: ExitStack,
    ) -> None:
        self._budget = budget
        self._name = name
        self._seconds = seconds
        self._most = most
        self._report = report
        self._child = child
        self._held = held

    def take(self, ways: list[Way]) -> Json:
        """The place of the way that fits, or why none does, as the child is told.

        Args:
            ways: see :func:`~src.models.prepare.conversion_memory.ways`.

        Raises:
            SourceFailed: the child ended meanwhile.
        """
        # What the limit of its own does not allow need not be waited for; of the smallest, that limit will tell.
        first = next((place for place, (_, size) in enumerate(ways) if size <= self._most), len(ways) - 1)
        hold = self._budget.hold(
            f"the conversion of the model {self._name}",
            [min(size, self._most) for _, size in ways[first:]],
            patience=min(_PATIENCE, self._seconds / 4),
            longest=self._seconds,
            alone=True,
            waiting=self._waiting,
        )
        try:
            way = first + self._held.enter_context(hold).way
        except TooLittleMemory as error:
            return {"way": None, "refused": str(error)}
        if way:
            (wanted, size), (chosen, _) = ways[0], ways[way]
            logger.warning("model_converted_smaller name=%s wanted=%s bytes=%d to=%s", self._name, wanted, size, chosen)
        return {"way": way, "refused": None}

    def _waiting(self, for_what: str) -> None:
        if self._child.poll() is not None:
            raise SourceFailed(f"the process ended while it waited for memory ({for_what})")
        self._report(Progress("waiting", message=f"memory: {for_what}"))
