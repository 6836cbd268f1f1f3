"""The same work from a terminal: ``python -m src.cli COMMAND``.

stdout carries results only (tables, or one JSON document with ``--format json``); progress, notes and errors go to
stderr. Each command imports what it needs when it runs, so that ``mine`` needs neither models nor a database.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from src import __version__
from src.commands.automations_arguments import add_automations
from src.commands.backup_arguments import add_backup
from src.commands.doctor_arguments import add_doctor
from src.commands.models_arguments import add_models
from src.domain.secrets import masked
from src.errors import (
    HistoryEmpty,
    HomeAssistantError,
    InputError,
    InvalidSetting,
    ModelError,
    NoHistory,
    NotFound,
    ServiceError,
    StoreError,
)
from src.terminal import Terminal

EXIT_CODES = """\
exit codes:
  0    done
  1    the work failed, or something unexpected happened
  2    a mistake in the command, its arguments or its input
  3    a model is not available
  4    the database cannot be used
  5    nothing usable in the history
  6    Home Assistant cannot be used
  130  interrupted
"""
INTERRUPTED = 130
logger = logging.getLogger(__name__)
_CODES = {
    HistoryEmpty: 5,
    NoHistory: 5,
    InputError: 2,
    NotFound: 2,
    ModelError: 3,
    StoreError: 4,
    HomeAssistantError: 6,
}  # the first that fits
AUTOMATION_HELP = "Look at, deploy, take back or list patterns as automations of Home Assistant."
MODELS_HELP = "List, fetch, verify, remove, describe, convert or measure the models."


class Usage(InputError):
    """The command line itself is wrong."""

    code = "usage"


class Interrupted(ServiceError):
    """A person pressed Ctrl-C, or the system asked the process to end."""

    code = "interrupted"

    def __init__(self) -> None:
        super().__init__("Interrupted.", "Start the command again: finished work is kept, the rest is done anew.")


class _Lines(logging.Formatter):
    """Lines of the log without the passwords and tokens of the settings."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s")
        self._secrets: frozenset[str] | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._secrets is None:  # not before there is something to say: `--help` needs no settings
            self._secrets = _secrets()
        return masked(super().format(record), self._secrets)


class _Parser(argparse.ArgumentParser):
    """Raises instead of exiting, so that usage errors take the same way out as all others."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            **options,
        )

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message[:1].upper()}{message[1:]}.", f"See `{self.prog} --help`.")


def exit_code(error: ServiceError) -> int:
    """The documented exit code of an error; by its ``code``, which a failed run's error has from its cause."""
    kind = next((each for each in _tree(ServiceError) if each.code == error.code), ServiceError)
    if issubclass(kind, Interrupted):
        return INTERRUPTED
    return next((code for base, code in _CODES.items() if issubclass(kind, base)), 1)


def _tree(root: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _tree(kind)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="python -m src.cli", description="Learns a home's routines from its history, wholly on this machine."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, among: Any = commands) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = among.add_parser(name, help=text, description=text)
        if name not in ("serve", "up"):
            added.add_argument("--format", choices=("table", "json"), default="table", help="how stdout reads")
        return added

    for name, text in (
        ("mine", "Find the routines in a history file; needs no model and no database."),
        ("detect", "Find, rank and classify the routines in a history file; keeps nothing."),
    ):
        reading = command(name, text)
        _add_source(reading)
        reading.add_argument("--kinds", metavar="K,..", help="kinds of routine to look for (default: all)")
        reading.add_argument("--start", metavar="ISO", help="only events from then on, on the home's clock")
        reading.add_argument("--end", metavar="ISO", help="only events before this")
        reading.add_argument(
            "--position",
            metavar="LAT,LON",
            help="where the home is, as --position=52.52,13.40 (default: the history's own)",
        )
        if name == "mine":
            reading.add_argument(
                "--explain", action="store_true", help="also say, for every entity without a routine, why it has none"
            )
        if name == "detect":
            reading.add_argument("--interest", help="a standing interest or a question (default: every interest)")
            reading.add_argument(
                "--top-k", type=_whole_number, default=10, help="length of a shortlist, 1 to 100 (default: 10)"
            )

    known = "home_assistant, recorder or influxdb as the settings say"
    _add_source(command("import", f"Add a history to the service's store: a file, or {known}."))

    serve = command("serve", "Serve the API until stopped.")
    serve.add_argument("--host", help="address to listen on (default: HOST)")
    serve.add_argument("--port", type=_whole_number, help="port to listen on (default: PORT)")

    models = commands.add_parser("models", help=MODELS_HELP, description=MODELS_HELP)
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_models(lambda name, text: command(name, text, actions))

    automation = commands.add_parser("automation", help=AUTOMATION_HELP, description=AUTOMATION_HELP)
    steps = automation.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_automations(lambda name, text: command(name, text, steps))

    add_backup(command)
    add_doctor(command)

    command("home", "Say what Home Assistant tells of the home; a check of HA_URL and HA_TOKEN.")

    demo = command("demo", "Write the demo home's history, and its entities beside it.")
    demo.add_argument("file", metavar="FILE.csv", type=Path)
    demo.add_argument("--seed", type=_whole_number, default=None, help="another home of the same sort")

    up = command("up", "Import HISTORY (or the demo home), show its routines, and serve.")
    up.add_argument("--once", action="store_true", help="end after the tables instead of serving")
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV, JSON Lines, Parquet or Home Assistant's database")
    parser.add_argument("--time-zone", metavar="TZ", help="the home's IANA zone (default: the history's own, else UTC)")
    parser.add_argument("--entities", metavar="FILE", type=Path, help="CSV of entity_id,name,area,device_class,unit")


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def run_command(options: argparse.Namespace, terminal: Terminal) -> None:
    """Dispatch. Raises ServiceError."""
    name = options.command
    if name in ("mine", "detect"):
        from src.commands.reading import Reading, kinds_from

        reading = Reading(
            file=options.file,
            time_zone=options.time_zone,
            entities=options.entities,
            kinds=kinds_from(options.kinds) if options.kinds is not None else None,
            start=options.start,
            end=options.end,
            position=options.position,
        )
        if name == "mine":
            from src.commands.mine import mine_file

            mine_file(reading, terminal, explain=options.explain)
            return
        from src.commands.detect import detect_file

        if not 1 <= options.top_k <= 100:
            raise InvalidSetting("--top-k", options.top_k, "a whole number from 1 to 100")
        detect_file(reading, terminal, interest=options.interest, top_k=options.top_k)
    elif name == "import":
        from src.commands.keep import import_file

        import_file(options.file, terminal, time_zone=options.time_zone, entities=options.entities)
    elif name == "serve":
        from src.commands.serve import serve

        serve(terminal, host=options.host, port=options.port)
    elif name == "models":
        from src.commands.models import run_models

        run_models(options, terminal)
    elif name == "automation":
        from src.commands.automations import run_automations

        run_automations(options, terminal)
    elif name == "backup":
        from src.commands.backup import back_up

        back_up(options.file, terminal, secrets=options.with_secrets)
    elif name == "restore":
        from src.commands.restore import RestoreOptions, restore

        asked = RestoreOptions(options.file, options.dry_run, options.wait, options.settings, options.force)
        restore(asked, terminal)
    elif name == "home":
        from src.commands.home import show_home

        show_home(terminal)
    elif name == "demo":
        from src.commands.demo import write_demo_file

        write_demo_file(options.file, terminal, seed=options.seed)
    else:
        from src.commands.up import up

        up(terminal, once=options.once)


def _raise_interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _own_the_process() -> None:
    """What is for the whole process and so not for a caller of :func:`main`: signals and logs."""
    # The system's request to end unwinds like Ctrl-C, so that temporary folders go and runs are marked.
    signal.signal(signal.SIGTERM, _raise_interrupt)
    level = os.environ.get("LOG_LEVEL", "").upper()
    known = level in logging.getLevelNamesMapping()
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    logging.basicConfig(level=level if known else "ERROR", handlers=[handler])


def _secrets() -> frozenset[str]:
    """Of the settings, as far as they can be read."""
    from src.settings import load_settings

    try:
        return load_settings().secrets
    except ServiceError:
        return frozenset()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Looked for before parsing as well, because a usage error has to be told in the asked-for form too.
    as_json = "--format=json" in arguments or ("--format", "json") in pairwise(arguments)
    terminal = Terminal(as_json=as_json)
    try:
        options = build_parser().parse_args(arguments)
        terminal.as_json = getattr(options, "format", "table") == "json"
        if options.command == "doctor":
            from src.commands.doctor import see_doctor

            well = see_doctor(terminal, timeout=options.timeout, offline=options.offline, deep=options.deep)
            return 0 if well else 1
        run_command(options, terminal)
    except ServiceError as error:
        terminal.error(error)
        return exit_code(error)
    except KeyboardInterrupt:
        terminal.error(Interrupted())
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has left; nobody is there to be told, and the interpreter must not try again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        logger.exception("command_failed")
        what = masked(f"Something unexpected happened: {type(error).__name__}: {error}.", _secrets())
        terminal.error(ServiceError(what, "Please report it, with the lines above."))
        return 1
    return 0


if __name__ == "__main__":
    _own_the_process()
    sys.exit(main())
