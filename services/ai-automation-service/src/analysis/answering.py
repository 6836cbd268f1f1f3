"""Taking a person's answer to a pattern: kept with its history, and felt at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from src.analysis.muting import muted_by
from src.analysis.sentences import worded
from src.domain.answers import Answer, Reason, Verdict
from src.domain.corrections import Correction, checked
from src.domain.local_time import DAY
from src.domain.patterns import Pattern, Status
from src.errors import InvalidSetting
from src.store.store import Store

SNOOZE_DAYS = 30
LONGEST_NOTE = 500
_LONGEST_SNOOZE_DAYS = 366


class Answers:
    """What people say of patterns, and what follows from it.

    Args:
        clock: µs UTC.
    """

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def give(
        self,
        pattern_id: str,
        verdict: Verdict,
        *,
        reasons: Sequence[Reason] = (),
        note: str = "",
        days: int | None = None,
        correction: Correction | None = None,
    ) -> Pattern:
        """Keep an answer; returns the pattern as it is then.

        What a rejection rules out besides is hidden at once and stays away in later runs. ``reopened`` takes back
        every answer to the pattern, corrections too; what only its rejection kept away is there again after the next
        run.

        Args:
            days: how long a snoozed pattern stays away, 1 to 366; None: 30.
            correction: of a correction, what was set right; it adds to what was set right before.

        Raises:
            NotFound: no such pattern.
            InvalidSetting: a field that does not go with the verdict, or does not fit the pattern.
        """
        self._check(verdict, reasons, note, days, correction)
        form = self._store.patterns.get(pattern_id)
        before = self._store.patterns.corrections().get(pattern_id)
        now = self._clock()
        if verdict is Verdict.REOPENED:
            standing = None
        elif correction is not None:
            correction = checked(form, correction)
            self._check_entities(correction)
            standing = self._described(pattern_id, correction if before is None else before.plus(correction))
        else:
            standing = before
        until = now + (days or SNOOZE_DAYS) * DAY if verdict is Verdict.SNOOZED else None
        answer = Answer(
            pattern_id,
            verdict,
            now,
            form,
            reasons=tuple(dict.fromkeys(reasons)),
            note=note.strip(),
            until=until,
            correction=correction,
        )
        self._store.answers.add(answer, correction=standing)
        if verdict is Verdict.REJECTED:
            self._hide(answer)
        return self._store.patterns.get(pattern_id)

    def history(self, pattern_id: str) -> list[Answer]:
        """Everything that was said of a pattern, oldest first. Raises NotFound."""
        self._store.patterns.get(pattern_id)
        return self._store.answers.of(pattern_id)

    def _described(self, pattern_id: str, correction: Correction) -> Correction:
        """With the sentence of the corrected routine."""
        mined = next(each for each in self._store.patterns.mined() if each.id == pattern_id)
        return worded(correction, mined, self._store.entities.info())

    def _check_entities(self, correction: Correction) -> None:
        known = self._store.entities.info()
        for meant in correction.entities.values():
            if meant not in known:
                near = difflib.get_close_matches(meant, known, n=1)
                hint = f", such as {near[0]}" if near else ""
                raise InvalidSetting("entities", meant, f"an entity that this home's history knows{hint}")

    def _hide(self, answer: Answer) -> None:
        others = [each for each in self._store.patterns.mined() if each.status is Status.NEW]
        hidden = [each.id for each in others if muted_by(each, [answer]) is not None]
        if hidden:
            self._store.answers.hide(hidden)

    @staticmethod
    def _check(
        verdict: Verdict, reasons: Sequence[Reason], note: str, days: int | None, correction: Correction | None
    ) -> None:
        if reasons and verdict is not Verdict.REJECTED:
            raise InvalidSetting("reasons", [str(each) for each in reasons], "nothing unless the pattern is rejected")
        if days is not None and (verdict is not Verdict.SNOOZED or not 1 <= days <= _LONGEST_SNOOZE_DAYS):
            raise InvalidSetting("days", days, f"1 to {_LONGEST_SNOOZE_DAYS}, and only when the pattern is snoozed")
        if (correction is not None) != (verdict is Verdict.CORRECTED):
            raise InvalidSetting("correction", None, "what is to be set right, if and only if the verdict is corrected")
        if correction is not None and not correction.to_json():
            raise InvalidSetting("correction", {}, "at least one field that is to be set right")
        if len(note) > LONGEST_NOTE:
            raise InvalidSetting("note", f"{len(note)} letters", f"at most {LONGEST_NOTE} letters")
