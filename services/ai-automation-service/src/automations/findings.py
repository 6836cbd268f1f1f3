"""What a check has to say about an automation before it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from src.domain.patterns import Json


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against an automation, or is worth knowing of it.

    Attributes:
        code: stable, in snake case.
        message: what, and why that matters, in sentences.
        remedy: what to do about it, in a sentence; empty where nothing needs to be done.
        about: the entity, service or automation it is about; None when it is about the whole.
        confirm: what a person has to name to allow it, an entity and what is done to it, as
            ``lock.front_door:unlock``; None for what cannot be allowed.
        blocks: the automation is not written because of it; False for a remark.
    """

    code: str
    message: str
    remedy: str
    about: str | None = None
    confirm: str | None = None
    blocks: bool = True

    def to_json(self) -> Json:
        """All of it; ``about`` and ``confirm`` only where there is one."""
        value: Json = {"code": self.code, "message": self.message, "remedy": self.remedy, "blocks": self.blocks}
        if self.about is not None:
            value["about"] = self.about
        if self.confirm is not None:
            value["confirm"] = self.confirm
        return value


def remark(code: str, message: str, remedy: str = "", *, about: str | None = None) -> Finding:
    """A finding that blocks nothing."""
    return Finding(code, message, remedy, about, blocks=False)


def standing(findings: Iterable[Finding], confirmed: Collection[str] = ()) -> tuple[Finding, ...]:
    """What still blocks after a person confirmed some of it. A confirmation allows what it names and nothing else."""
    return tuple(each for each in findings if each.blocks and (each.confirm is None or each.confirm not in confirmed))
