"""The arguments of ``doctor``, apart from the rest of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable

AddCommand = Callable[[str, str], argparse.ArgumentParser]

HELP = "Check everything that a support thread would ask for; changes nothing and shows no secret."


def add_doctor(add: AddCommand) -> None:
    """Add the command.

    Args:
        add: makes its parser from its name and a line of help.
    """
    doctor = add("doctor", HELP)
    doctor.description = f"{HELP} Exits with 1 when a check failed; notes and warnings do not count."
    doctor.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds for each check (default: 10)")
    doctor.add_argument("--offline", action="store_true", help="make no connection at all, not even to this machine")
    doctor.add_argument("--deep", action="store_true", help="read every file of the models, and the whole database")
