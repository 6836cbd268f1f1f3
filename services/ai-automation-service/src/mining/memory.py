"""What was found on the days that are searched, kept until those days change.

The days a kind may search move once a week (:mod:`src.mining.preparation`), the held-out ones grow every night. So on
six nights of seven the costly part of a search has the same answer as the night before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

Found = TypeVar("Found")


class Memory:
    """Answers of searches over one and the same past.

    Not for several threads: whoever mines owns it. An answer is never changed by those who recall it.
    """

    def __init__(self) -> None:
        self._past = b""
        self._answers: dict[str, object] = {}

    def recall(self, past: bytes, name: str, compute: Callable[[], Found]) -> Found:
        """The answer called ``name`` for that past; computed if this is another past, or the first time.

        Args:
            past: digest of everything that the answer follows from.
        """
        if past != self._past:
            self._past = past
            self._answers.clear()
        if name not in self._answers:
            self._answers[name] = compute()
        return cast(Found, self._answers[name])
