"""What a run is asked to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from src.domain.local_time import zone
from src.domain.patterns import Json, Kind
from src.errors import HistoryNotFound, InvalidSetting, UnknownKind
from src.settings import HISTORY_WORDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_QUESTION = 1000
# What makes a path of it leaves one slash of two. One letter before the colon is a drive.
_ADDRESS = re.compile(r"\s*[a-zA-Z][a-zA-Z0-9+.-]+:/")


@dataclass(frozen=True, slots=True)
class DetectRequest:
    """What a run is asked to do, in the terms of ``POST /patterns/detect``.

    Attributes:
        history: source to import first, a path or one of the words of HISTORY; None: mine what the store holds.
        entities: CSV of entity metadata that goes with ``history``.
        start, end: the span to mine, µs UTC, end exclusive; None: open.
        time_zone: overrides the history's zone.
        kinds: None for all.
        interest: the name of a standing interest or a free question; None: every standing interest.
        top_k: length of each shortlist, 1 to 100.
    """

    history: str | None = None
    entities: str | None = None
    start: int | None = None
    end: int | None = None
    time_zone: str | None = None
    kinds: tuple[Kind, ...] | None = None
    interest: str | None = None
    top_k: int = 10

    def to_json(self) -> Json:
        """As the run record keeps it."""
        return {
            "history": self.history,
            "entities": self.entities,
            "start": None if self.start is None else _iso(self.start),
            "end": None if self.end is None else _iso(self.end),
            "time_zone": self.time_zone,
            "kinds": None if self.kinds is None else [str(kind) for kind in self.kinds],
            "interest": None if self.interest is None else one_line(self.interest),
            "top_k": self.top_k,
        }

    @classmethod
    def from_json(cls, record: Json) -> DetectRequest:
        """A request as a run record keeps it.

        Raises:
            UnknownKind: of another version. InvalidSetting: no request, as in a backup that somebody made up.
        """
        start, end, kinds = _text(record, "start"), _text(record, "end"), record.get("kinds")
        try:
            return cls(
                history=_text(record, "history"),
                entities=_text(record, "entities"),
                start=None if start is None else _instant(start),
                end=None if end is None else _instant(end),
                time_zone=_text(record, "time_zone"),
                kinds=None if kinds is None else tuple(_kind(kind) for kind in kinds),
                interest=_text(record, "interest"),
                top_k=int(record.get("top_k", 10)),
            )
        except (TypeError, ValueError) as error:
            raise InvalidSetting("request", "what is recorded", "what POST /patterns/detect takes") from error

    def check(self) -> None:
        """Refuse what can be seen before anything is read.

        Raises:
            HistoryNotFound, UnknownTimeZone, UnknownKind, InvalidSetting.
        """
        check_top_k(self.top_k)
        if self.interest is not None:
            check_question("interest", self.interest)
        if self.time_zone is not None:
            zone(self.time_zone)
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidSetting("end", _iso(self.end), f"an instant after start, {_iso(self.start)}")
        known = [str(kind) for kind in Kind]
        for kind in self.kinds or ():
            if kind not in known:
                raise UnknownKind(str(kind), known)
        if self.kinds == ():
            raise InvalidSetting("kinds", [], f"at least one of {', '.join(known)}, or nothing for all of them")
        for name, path in (("history", self.history), ("entities", self.entities)):
            refuse_address(name, path)
            if path is not None and path not in HISTORY_WORDS and not _exists(path):
                raise HistoryNotFound(path)


def _text(record: Json, name: str) -> str | None:
    value = record.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InvalidSetting(name, value, "text or nothing")


def refuse_address(name: str, path: str | None) -> None:
    """Raises InvalidSetting for an address where a path belongs; it may hold a password, so it is not repeated."""
    if path is not None and _ADDRESS.match(path):
        wanted = f"the path of a file, or one of {', '.join(HISTORY_WORDS)} with its settings, which hold its address"
        raise InvalidSetting(name, "an address", wanted)


def check_top_k(top_k: int) -> None:
    """Raises InvalidSetting outside 1 to 100, the most that are retrieved."""
    if not 1 <= top_k <= 100:
        raise InvalidSetting("top_k", top_k, "a whole number from 1 to 100")


def check_question(name: str, question: str) -> str:
    """The question on one line. Raises InvalidSetting for none or an endless one."""
    asked = one_line(question)
    if not asked or len(asked) > _LONGEST_QUESTION:
        raise InvalidSetting(name, asked[:80], f"a question of 1 to {_LONGEST_QUESTION} characters")
    return asked


def one_line(text: str) -> str:
    """A text from outside without line breaks, control characters and halves of surrogate pairs."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        # Not a path on this system: too long, or with a null character in it.
        return False


def _kind(name: str) -> Kind:
    """Raises UnknownKind."""
    try:
        return Kind(name)
    except ValueError:
        raise UnknownKind(name, [str(kind) for kind in Kind]) from None


def _instant(iso: str) -> int:
    return (datetime.fromisoformat(iso) - _EPOCH) // timedelta(microseconds=1)


def _iso(instant: int) -> str:
    return (_EPOCH + timedelta(microseconds=instant)).isoformat()
