"""One account of memory for the process and its children, so that they fit into their container together.

What is about to take much memory (a conversion, the load of a model, a run) says before how much that will be at its
peak. When it does not fit, idle models are given up; then it waits for others to end; then it takes the smaller way, if
it has one; and only then it is refused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from src.box.memory import BoxMemory, box_memory

# The part of the limit that stays free: for pages of libraries, and for what is too small to be asked for.
_RESERVE = 16
_LOOK = 1.0  # seconds between two looks: limits change, and models become idle

# What became of asking for memory; ``in_use``: nothing yet, and something when it is not used for a while.
Relief = Literal["given_up", "in_use", "nothing"]
Wait = Callable[[threading.Condition, float], object]


class TooLittleMemory(Exception):
    """Something does not fit; its message is a sentence that says what, and what to do."""


@dataclass(eq=False)
class Claim:
    """What has been granted and not ended.

    Attributes:
        work: for people, as "the conversion of the reranker".
        way: which of the ways that were asked for.
        size: bytes at its peak.
        alone: see :meth:`Budget.hold`.
        thread: that asked for it.
        stays: of it, what stays in use when it ends; told by whoever holds it.
    """

    work: str
    way: int
    size: int
    alone: bool
    thread: int
    stays: int = 0


class Budget:
    """Threads may ask at once.

    Args:
        memory: of the container, see :func:`~src.box.memory.box_memory`; None: unknown, everything fits.
        clock: seconds, monotonic.
        wait: for a change, so many seconds at most.
    """

    def __init__(
        self,
        memory: Callable[[], BoxMemory | None] = box_memory,
        clock: Callable[[], float] = time.monotonic,
        wait: Wait = threading.Condition.wait,
    ) -> None:
        self._memory = memory
        self._clock = clock
        self._wait = wait
        self._changed = threading.Condition(threading.RLock())
        self._claims: list[Claim] = []
        self._before = 0  # bytes held besides the claims
        self._give_up: Callable[[], Relief] = _nothing

    def relieved_by(self, give_up: Callable[[], Relief]) -> None:
        """Ask that for memory when there is too little: it gives up one thing that nobody uses."""
        self._give_up = give_up

    @contextmanager
    def hold(
        self,
        work: str,
        ways: Sequence[int],
        *,
        patience: float,
        longest: float | None = None,
        alone: bool = False,
        waiting: Callable[[str], object] = lambda for_what: None,
    ) -> Iterator[Claim]:
        """Room for a piece of work until the block ends.

        Args:
            work: for people.
            ways: bytes that it takes at its peak, the best way first, each smaller than the one before.
            patience: seconds to wait for others before a smaller way is taken.
            longest: seconds to wait for room for any way; None: the same.
            alone: at first, wait for the end of other such work as well.
            waiting: told now and then what is waited for; what it raises ends the wait.

        Raises:
            TooLittleMemory: not even the smallest way fits.
        """
        now = self._clock()
        with self._changed:
            claim = self._granted(work, ways, now + patience, now + (longest or patience), alone, waiting)
        try:
            yield claim
        finally:
            with self._changed:
                self._claims.remove(claim)
                self._before += claim.stays
                self._changed.notify_all()

    def _granted(
        self,
        work: str,
        ways: Sequence[int],
        patient_until: float,
        until: float,
        alone: bool,
        waiting: Callable[[str], object],
    ) -> Claim:
        """Entered and left with the lock held, which is free while it waits."""
        me = threading.get_ident()
        while True:
            in_the_way = [claim for claim in self._claims if alone and claim.alone]
            relief: Relief = "nothing"
            if not in_the_way:
                if self._fits(ways[0]):
                    return self._claim(Claim(work, 0, ways[0], alone, me))
                if (relief := self._relieved()) == "given_up":
                    continue
            # Its own thread's work would not end before this does.
            others = in_the_way or [claim for claim in self._claims if claim.thread != me]
            hopeless, now = not others and relief == "nothing", self._clock()
            if hopeless or now >= patient_until:
                for way, size in enumerate(ways):
                    if self._fits(size):
                        return self._claim(Claim(work, way, size, alone, me))
            if hopeless or now >= until:
                raise TooLittleMemory(self._refusal(work, ways[-1], others))
            waiting(others[0].work if others else "models that are in use")
            self._wait(self._changed, min(_LOOK, max(patient_until, until) - now))

    def _claim(self, claim: Claim) -> Claim:
        if not self._claims:
            memory = self._memory()
            self._before = memory.held if memory else 0
        self._claims.append(claim)
        return claim

    def _fits(self, size: int) -> bool:
        free = self._free()
        return free is None or size <= free

    def _free(self) -> int | None:
        """Bytes that nobody has or will have. None: unknown."""
        memory = self._memory()
        if memory is None:
            return None
        granted = sum(claim.size for claim in self._claims)
        # What was granted is not all taken yet; and there may be more than was ever asked for.
        held = max(memory.held, self._before + granted) if self._claims else memory.held
        return memory.limit - memory.limit // _RESERVE - held

    def _relieved(self) -> Relief:
        before = self._memory()
        relief = self._give_up()
        after = self._memory()
        if relief == "given_up" and before and after:
            self._before = max(0, self._before - max(0, before.held - after.held))
        return relief

    def _refusal(self, work: str, size: int, others: Sequence[Claim]) -> str:
        free, memory = self._free(), self._memory()
        limit = memory.limit if memory else 0
        because = f" beside {others[0].work}" if others else ""
        return (
            f"{work} takes {_megabytes(size)} and {_megabytes(max(0, free or 0))} of {_megabytes(limit)} are free"
            f"{because}: give the container more memory"
        )


def _nothing() -> Relief:
    return "nothing"


def _megabytes(size: int) -> str:
    return f"{size // 1_000_000} MB"
