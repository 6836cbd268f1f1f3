"""What a generating classifier is asked about a text. Standard library alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, the text in its middle.

    Attributes:
        answer_tokens: of an answer as flan-t5 writes it, its end included. Each label is one token.
    """

    before: str
    after: str
    answer_tokens: int

    def about(self, text: str) -> str:
        """The whole prompt."""
        return self.before + text + self.after


_CATEGORY = Question("Is this home routine about energy, comfort, security or convenience? ", "", 2)
_PRIORITY = Question("Is this home routine of high, medium or low importance? ", "", 2)
_BOTH = Question(  # as the service's own classifier asks
    "",
    " Is this routine about energy, comfort, security or convenience, and is its importance high, medium or low?",
    4,  # "energy", ",", "high" and the end
)

# By the number of prompts that a text takes.
QUESTIONS = {1: (_BOTH,), 2: (_CATEGORY, _PRIORITY)}
