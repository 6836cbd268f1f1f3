"""The arguments of ``automation``, apart from the rest of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable

AddCommand = Callable[[str, str], argparse.ArgumentParser]


def add_automations(add: AddCommand) -> None:
    """Add each action to the parsers of ``automation``.

    Args:
        add: makes the parser of an action from its name and a line of help.
    """
    _of_pattern(add("preview", "Show the automation of a pattern, and what speaks against it; writes nothing."))

    deploy = _of_pattern(add("deploy", "Write it to Home Assistant, switched off, and accept the pattern."))
    switch = deploy.add_mutually_exclusive_group()
    switch.add_argument("--on", dest="enabled", action="store_true", default=None, help="switched on")
    switch.add_argument("--off", dest="enabled", action="store_false", help="switched off, also one that is on")
    deploy.add_argument(
        "--confirm", metavar="WHAT", action="append", default=[], help="allow that very thing, by its name; repeatable"
    )

    rollback = _of_pattern(add("rollback", "Put back the form before it; if there is none, delete it."))
    rollback.add_argument("--outright", action="store_true", help="delete it at once")

    _of_pattern(add("status", "Say how it stands in Home Assistant."))
    add("list", "Say how every automation stands that was ever deployed.")


def _of_pattern(action: argparse.ArgumentParser) -> argparse.ArgumentParser:
    action.add_argument("pattern", metavar="PATTERN", help="id of a pattern, as p_5f0c9d27a1b3e846")
    return action
