"""How much memory mining takes, and the room for it before the events are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from src.box.budget import Budget, TooLittleMemory
from src.box.memory import give_back
from src.errors import RunError

# Bytes at the peak, by themselves and of each event (a million: 210 MB, ten million: 1220; docs/evaluation.md).
_ITSELF, _EVENT = 100_000_000, 130
_PATIENCE = 300.0  # seconds that a run waits for a conversion to end


@contextmanager
def room_for_runs(budget: Budget, between: Callable[[], object]) -> Iterator[Callable[[int], object]]:
    """A function that takes the room for so many events, until the block ends.

    It waits for memory when there is too little, and raises RunError when there never is enough.

    Args:
        between: called now and then while it waits; what it raises ends the wait.
    """
    with ExitStack() as held:

        def room(events: int) -> None:
            size = _ITSELF + _EVENT * events
            hold = budget.hold("The run", [size], patience=_PATIENCE, waiting=lambda for_what: between())
            try:
                held.enter_context(hold)
            except TooLittleMemory as error:
                raise RunError(f"{error}.", "A smaller RETENTION_DAYS takes less.") from error

        yield room
    give_back()
