"""Whether there is room for what a model needs: on the disk, asked before and not after, and in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from src.box.disk import existing, free_bytes
from src.models.download.hub import SourceFailed

RESERVE = 64 << 20  # bytes that stay free: the database and the logs are often on the same disk


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that will be written somewhere.

    Attributes:
        folder: it, or one above it, exists.
        what: completes "90 MB for ...".
        setting: what moves it to another disk.
    """

    folder: Path
    bytes: int
    what: str
    setting: str


def require_room(needs: list[Need]) -> None:
    """Check that each disk has room for all that goes to it.

    Raises:
        SourceFailed: says how much is missing where, and what to do.
    """
    by_disk: dict[int, list[Need]] = {}
    for need in needs:
        by_disk.setdefault(existing(need.folder).stat().st_dev, []).append(need)
    for together in by_disk.values():
        wanted = sum(need.bytes for need in together) + RESERVE
        free = free_bytes(together[0].folder)
        if any(need.bytes for need in together) and free < wanted:
            parts = " and ".join(f"{megabytes(need.bytes)} for {need.what}" for need in together if need.bytes)
            raise SourceFailed(
                f"the disk of {together[0].folder} has {megabytes(free)} free and this needs {megabytes(wanted)}"
                f" ({parts}; {megabytes(RESERVE)} are kept free): free {megabytes(wanted - free)}, or set"
                f" {' or '.join(sorted({need.setting for need in together}))} to a folder on another disk"
            )


def out_of_memory(allowed: int) -> str:
    """What to say when a conversion met its limit of ``allowed`` bytes."""
    return (
        f"converting it takes more memory than MODEL_CONVERT_MEMORY allows ({allowed // 1_000_000} MB): raise it,"
        " or convert on a larger machine and copy MODELS_DIR"
    )


def megabytes(size: int) -> str:
    """For people, rounded up."""
    return f"{-(-size // 1_000_000)} MB"
