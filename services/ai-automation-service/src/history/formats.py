"""Which format a file is in, by what it holds and never by its name."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from src.errors import HistoryEmpty, HistoryUnreadable

GZIP = b"\x1f\x8b"
SQLITE = b"SQLite format 3\0"
PARQUET = b"PAR1"

_HEAD = 65_536
_UNPACK = "Unpack it first; only gzip is read as it is."
_AS_UTF8 = "Save it as UTF-8 text."
_OTHERS = (
    (b"PK\x03\x04", "it is a zip archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd", _UNPACK),
    (b"BZh", "it is compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "it is compressed with xz", _UNPACK),
    (b"\xff\xfe", "it is UTF-16 text", _AS_UTF8),
    (b"\xfe\xff", "it is UTF-16 text", _AS_UTF8),
    (b"PARE", "it is an encrypted Parquet file", "Write it without encryption."),
)
_TEXT_ONLY = "Give a CSV, JSON Lines or Parquet file, or Home Assistant's recorder database."


def unreadable_file(path: Path, error: OSError) -> HistoryUnreadable:
    """What the operating system said, as ours."""
    why = (error.strerror or str(error) or type(error).__name__).lower()
    remedy = "Let the service's user read it." if isinstance(error, PermissionError) else "Check the disk it is on."
    return HistoryUnreadable(path, why, remedy)


def recognised(path: Path) -> str:
    """``csv``, ``jsonl``, ``parquet`` or ``recorder``.

    Raises:
        HistoryEmpty: a file of no bytes, or of white space.
        HistoryUnreadable: it may not be read, or is clearly something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if head.startswith(SQLITE):
            return "recorder"
        if head.startswith(PARQUET):
            return "parquet"
        if head.startswith(GZIP):
            head = _unpacked_head(path)
            if head.startswith((SQLITE, PARQUET)):
                raise HistoryUnreadable(
                    path, "it is a compressed database or Parquet file", "Unpack it first (gunzip)."
                )
    except OSError as error:
        raise unreadable_file(path, error) from error
    for magic, why, remedy in _OTHERS:
        if head.startswith(magic):
            raise HistoryUnreadable(path, why, remedy)
    return _text_format(path, head)


def _unpacked_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read1(_HEAD)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise HistoryUnreadable(
            path, f"its gzip compression is damaged ({error})", "Write or copy it again."
        ) from error


def _text_format(path: Path, head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise HistoryEmpty(path, {})
    first_line = text.splitlines()[0]
    if b"\0" in first_line or not _mostly_text(first_line):
        raise HistoryUnreadable(path, "it is not text", _TEXT_ONLY)
    if first_line.startswith(b"{"):
        return "jsonl"
    if b"entity_id" in first_line.lower() and not first_line.startswith(b"["):
        return "csv"
    # JSON Lines may begin with a line that is damaged.
    if first_line.strip() != b"[" and any(line.startswith(b"{") for line in text.splitlines()):
        return "jsonl"
    if first_line.startswith(b"["):
        raise HistoryUnreadable(
            path, "it is one JSON array", "Write one object a line (JSON Lines), for example with jq -c '.[]'."
        )
    return "csv"


def _mostly_text(line: bytes) -> bool:
    letters = line.decode("utf-8", "replace")
    odd = sum(letter == "\ufffd" or (letter < " " and not letter.isspace()) for letter in letters)
    return odd * 10 <= len(letters)
