"""What people say of a pattern, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from src.domain.corrections import Correction
from src.domain.patterns import Json, Pattern, Status


class Verdict(StrEnum):
    """What a person did with a pattern."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SNOOZED = "snoozed"
    CORRECTED = "corrected"
    REOPENED = "reopened"

    @property
    def status(self) -> Status | None:
        """Where it leaves the pattern; None: where it was."""
        return _STATUSES.get(self)


_STATUSES = {
    Verdict.ACCEPTED: Status.ACCEPTED,
    Verdict.REJECTED: Status.REJECTED,
    Verdict.SNOOZED: Status.SNOOZED,
    Verdict.REOPENED: Status.NEW,
}


class Reason(StrEnum):
    """Why a pattern was rejected. The first three are about more than the one pattern."""

    NOT_THIS_DEVICE = "not_this_device"  # nothing that sets any of its devices
    NOT_AT_NIGHT = "not_at_night"  # nothing that happens at night
    NOT_THIS_KIND = "not_this_kind"  # no routine of this kind
    NOT_TRUE = "not_true"
    NOT_USEFUL = "not_useful"
    ALREADY_DONE = "already_done"
    UNSAFE = "unsafe"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing a person said, once.

    Attributes:
        given: µs UTC.
        until: µs UTC, when a snoozed pattern is to be shown again; None otherwise.
        note: in the person's own words.
        form: the pattern as it was then.
    """

    pattern_id: str
    verdict: Verdict
    given: int
    form: Pattern
    reasons: tuple[Reason, ...] = ()
    note: str = ""
    until: int | None = None
    correction: Correction | None = None

    def to_json(self) -> Json:
        """As the API shows it; instants stay µs."""
        return {
            "pattern_id": self.pattern_id,
            "verdict": str(self.verdict),
            "given": self.given,
            "until": self.until,
            "reasons": [str(reason) for reason in self.reasons],
            "note": self.note,
            "correction": None if self.correction is None else self.correction.to_json(),
            "sentence": self.form.sentence,
        }
