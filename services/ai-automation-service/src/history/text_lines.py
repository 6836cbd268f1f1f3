"""Lines of a text file in bounded batches, gzip or not, whatever happens to be in it."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from src.domain.progress import Progress
from src.history.formats import GZIP
from src.history.table import EventTable

_BLOCK = 1 << 18  # bytes
_LONGEST_LINE = 1 << 20  # characters; no event needs a thousandth of it


class TextLines:
    """The lines of a UTF-8 file, with or without byte order mark, each with its line end.

    A byte that is not UTF-8 becomes a lone surrogate, which the table refuses. A line that is too long to hold
    is counted as ``state_too_long``. Of a compressed file that was cut off, the whole lines before the cut are
    given and the rest is counted as ``truncated``.

    Attributes:
        compressed: whether it is gzip.
        warnings: what a person should know, after the last batch.
        batch_size: lines in the batch that was given last.
    """

    def __init__(self, path: Path, table: EventTable, progress: Progress) -> None:
        self.warnings: list[str] = []
        self.batch_size = 1
        self._path = path
        self._table = table
        self._progress = progress
        with path.open("rb") as file:
            self.compressed = file.read(2) == GZIP

    def batches(self) -> Iterator[list[str]]:
        """Lists of lines, each about a quarter of a megabyte (more if the file compresses well)."""
        decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        total = self._path.stat().st_size
        rest = ""
        in_long_line = False
        with self._path.open("rb") as file:
            blocks = self._blocks(cast(BinaryIO, gzip.GzipFile(fileobj=file)) if self.compressed else file)
            for block in blocks:
                self._progress("read", min(file.tell(), total), total, "bytes")
                lines = io.StringIO(rest + decoder.decode(block), newline="").readlines()
                # A carriage return may be the first half of a line end.
                rest = "" if not lines or lines[-1].endswith("\n") else lines.pop()
                if in_long_line and lines:
                    lines.pop(0)
                    in_long_line = False
                if in_long_line:
                    rest = ""
                elif len(rest) > _LONGEST_LINE:
                    self._table.skipped["state_too_long"] += 1
                    rest, in_long_line = "", True
                if lines:
                    self.batch_size = len(lines)
                    yield lines
        rest += decoder.decode(b"", final=True)
        if rest and not in_long_line and not self.warnings:  # half a line before a cut is no line
            self.batch_size = 1
            yield [rest]
        self._progress("read", total, total, "bytes")

    def _blocks(self, file: BinaryIO) -> Iterator[bytes]:
        try:
            while block := file.read1(_BLOCK):  # type: ignore[attr-defined]  # of buffered files and GzipFile
                yield block
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self._table.skipped["truncated"] += 1
            self.warnings.append(
                f"The compressed file is cut off or damaged ({error}); what stands before that place was used."
            )
