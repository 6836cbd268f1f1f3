"""Carries out the checks: side by side, each with its own deadline, and none the end of another."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

from src.doctor.finding import Finding, Level, failed, skipped
from src.doctor.situation import NotAsked, Situation
from src.domain.patterns import Json
from src.errors import InvalidSetting, ServiceError

_DEEP = 900.0  # s for what reads every byte of the models


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at.

    Attributes:
        look: yields its findings; what it raises is one more.
        thorough: whether ``--deep`` has it read large files, for which it has more time.
    """

    group: str
    name: str
    look: Callable[[Situation], Iterable[Finding]]
    thorough: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in the order of the checks, cleared of secrets.

    Attributes:
        contacted: names of the settings whose hosts were called; nobody else was.
    """

    findings: tuple[Finding, ...]
    contacted: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether nothing failed."""
        return all(each.level is not Level.FAILED for each in self.findings)

    def count(self, level: Level) -> int:
        return sum(each.level is level for each in self.findings)

    def to_json(self) -> Json:
        return {
            "well": self.well,
            "counts": {str(level): self.count(level) for level in Level},
            "contacted": list(self.contacted),
            "findings": [each.to_json() for each in self.findings],
        }


class _Looking:
    """One check in a thread of its own: what hangs in it is left behind when its time is up."""

    def __init__(self, check: Check, situation: Situation) -> None:
        self.check = check
        self._situation = situation
        self._found: list[Finding] = []
        self._ended = Event()
        Thread(target=self._look, name=f"doctor-{check.name}", daemon=True).start()

    def findings(self, until: float) -> list[Finding]:
        """What was found by ``until``, on the monotonic clock."""
        if self._ended.wait(max(0.0, until - time.monotonic())):
            return self._found
        slow = failed(
            self.check.name,
            "this check was not done in its time",
            "Whatever it asks hangs, or is slow: look at that first, or give it more time with --timeout.",
        )
        return [*self._found, slow]

    def _look(self) -> None:
        try:
            for found in self.check.look(self._situation):
                self._found.append(found)
        except NotAsked:
            self._found.append(skipped(self.check.name, "not asked: --offline"))
        except InvalidSetting as error:
            # What was given may be a password in the wrong place.
            takes = re.split(r"['\"]", error.remedy)[0]
            self._found.append(failed(self.check.name, f"{error.about} cannot be used as it is set", takes))
        except ServiceError as error:
            self._found.append(failed(self.check.name, error.message, error.remedy))
        except Exception as error:
            what = f"the check itself went wrong: {type(error).__name__}: {error}"
            self._found.append(failed(self.check.name, what, "Please report it, with all that is shown here."))
        finally:
            self._ended.set()


def examine(situation: Situation, checks: Sequence[Check]) -> Diagnosis:
    """Every check, side by side; takes as long as the longest may."""
    redaction = situation.redaction
    begun = time.monotonic()
    looking = [_Looking(check, situation) for check in checks]
    found = [
        redaction.finding(each)
        for one in looking
        for each in (finding.within(one.check.group) for finding in _of(one, situation, begun))
    ]
    return Diagnosis(tuple(found), tuple(sorted(situation.contacted)))


def _of(one: _Looking, situation: Situation, begun: float) -> list[Finding]:
    more = situation.deep and one.check.thorough
    return one.findings(begun + (max(_DEEP, situation.timeout) if more else situation.timeout))
