"""The arguments of ``backup`` and ``restore``, apart from the rest of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

AddCommand = Callable[[str, str], argparse.ArgumentParser]


def add_backup(add: AddCommand) -> None:
    """Add both to the commands.

    Args:
        add: makes the parser of a command from its name and a line of help.
    """
    backup = add("backup", "Write the database and the settings into one file; the service may go on.")
    backup.add_argument("file", metavar="FILE", help="what is there is replaced once the new one is whole; - is stdout")
    backup.add_argument("--with-secrets", action="store_true", help="passwords and tokens of the settings, too")

    restore = add("restore", "Put what a backup holds in the place of everything in the database.")
    restore.add_argument("file", metavar="FILE", help="of `backup`; - is stdin")
    restore.add_argument("--dry-run", action="store_true", help="only check it and say what would be done")
    restore.add_argument(
        "--wait", metavar="SECONDS", type=_seconds, default=0.0, help="for the end of a run under way (default: 0)"
    )
    restore.add_argument("--settings", metavar="FILE", type=Path, help="write the backup's settings there")
    restore.add_argument("--force", action="store_true", help="over a file of settings that is there")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
