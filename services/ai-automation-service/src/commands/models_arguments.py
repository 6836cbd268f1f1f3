"""The arguments of ``models``, apart from the rest of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable

DEPLOYMENTS = ("minimal", "balanced", "full", "complete")
PRECISIONS = ("int8", "int8_weights", "fp16", "fp32")

AddCommand = Callable[[str, str], argparse.ArgumentParser]


def add_models(add: AddCommand) -> None:
    """Add each action to the parsers of ``models``.

    Args:
        add: makes the parser of an action from its name and a line of help.
    """
    _add_choice(add("list", "Say which models are here."))
    _add_choice(add("download", "Fetch and prepare models; what is here already is only checked."))
    _add_choice(add("verify", "Check every file of the models against its hash."))

    remove = add("remove", "Remove a model's prepared files, of every precision.")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--downloads", action="store_true", help="what was fetched from the hub for it as well")
    remove.add_argument("--yes", action="store_true", help="do not ask")

    info = add("info", "Tell all that is known of a model.")
    info.add_argument("name", metavar="NAME")

    convert = add("convert", "Prepare a model anew from what was fetched before.")
    convert.add_argument("name", metavar="NAME")
    convert.add_argument("--precision", choices=PRECISIONS, help="(default: QUANTIZATION)")

    bench = add("bench", "Measure a model on this machine: load time, memory, texts per second.")
    bench.add_argument("name", metavar="NAME", nargs="?", default="embedding", help="(default: embedding)")


def _add_choice(action: argparse.ArgumentParser) -> None:
    which = action.add_mutually_exclusive_group()
    which.add_argument("names", metavar="NAME", nargs="*", default=[], help="(default: what the settings use)")
    which.add_argument("--all", action="store_true", help="the whole catalog")
    which.add_argument("--deployment", choices=DEPLOYMENTS, help="what a deployment profile would use")
