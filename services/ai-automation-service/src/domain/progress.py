"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then from the working thread. Must be quick; the one thing it may raise is RunInterrupted, which
    ends the work."""

    def __call__(self, stage: str, done: float, total: float, unit: str = "") -> None:
        """``done`` of ``total`` ``unit`` of ``stage`` are ready; ``total`` 0 means it is not known."""


def silent(stage: str, done: float, total: float, unit: str = "") -> None:
    """Nobody listens."""
