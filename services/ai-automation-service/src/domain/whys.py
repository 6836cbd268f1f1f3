"""Why nothing is suggested for an entity, or for a home: the answer to the question that silence raises."""

from __future__ import annotations

from dataclasses import dataclass, field

from src.domain.patterns import Json, Kind


@dataclass(frozen=True, slots=True)
class Why:
    """One reason.

    Attributes:
        entity_id: whom it is about; None for the home as a whole.
        reason: stable code.
        kind: the kind of routine that came closest, if one did.
        detail: numbers and names behind the reason, as ``reached`` and ``needed``, ``hits`` and ``opportunities``.
        sentence: the same in words; empty until it was described.
    """

    entity_id: str | None
    reason: str
    kind: Kind | None = None
    detail: Json = field(default_factory=dict)
    sentence: str = ""

    def to_json(self) -> Json:
        value: Json = {"entity_id": self.entity_id, "reason": self.reason}
        if self.kind is not None:
            value["kind"] = str(self.kind)
        if self.detail:
            value["detail"] = self.detail
        if self.sentence:
            value["sentence"] = self.sentence
        return value

    @classmethod
    def from_json(cls, value: Json) -> Why:
        """The inverse of :meth:`to_json`. Raises KeyError or ValueError on what is none."""
        kind = value.get("kind")
        return cls(
            value["entity_id"],
            value["reason"],
            None if kind is None else Kind(kind),
            value.get("detail", {}),
            value.get("sentence", ""),
        )
