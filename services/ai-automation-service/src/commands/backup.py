"""``backup``: the database and the settings in one file, while the service runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from src.commands.stored import open_store
from src.domain.instants import instant_now
from src.domain.patterns import Json
from src.errors import BackupNotWritten, InvalidSetting
from src.settings import Settings, load_settings
from src.store import Store
from src.store.archive import Manifest, write_archive
from src.store.backed_settings import settings_text
from src.store.spool import check_room, put_in_place, spool
from src.terminal import Terminal

STREAM = "-"  # instead of a file: stdout, and stdin where one is read
_MADE = "backup.zip"


def back_up(file: str, terminal: Terminal, *, secrets: bool) -> None:
    """Write a backup and say what is in it.

    Args:
        file: a path; ``-`` is stdout.
        secrets: with passwords and tokens.

    Raises:
        InvalidSetting: stdout cannot carry both a backup and a JSON document, and a terminal no backup at all.
        BackupNotWritten, NoRoom, StoreError.
    """
    settings = load_settings()
    if file == STREAM and (terminal.as_json or terminal.stdout.isatty()):
        raise InvalidSetting("FILE", file, "a path; a backup goes to stdout only into a pipe or a file, as a table")
    store = open_store(settings)
    try:
        if file == STREAM:
            manifest = _stream_backup(store, settings, terminal, secrets=secrets)
        else:
            manifest = write_backup(store, settings, Path(file), now=instant_now(), secrets=secrets)
    finally:
        store.close()
    _tell(terminal, manifest, file, settings, secrets=secrets)


def write_backup(
    store: Store, settings: Settings, target: Path, *, now: int, secrets: bool = False, series: str = ""
) -> Manifest:
    """Write a backup that only this user can read. Until it is whole, what was at the path stays there.

    Args:
        now: µs UTC.
        series: common name of backups that are each called otherwise; what a killed one left goes with the next.

    Raises:
        BackupNotWritten, NoRoom, StoreError.
    """
    target = target.absolute()
    if target.is_dir():
        raise BackupNotWritten(target, "there is a folder of that name")
    try:
        if target.exists() and not _may_be_replaced(target):
            raise BackupNotWritten(target, "what is there is no backup, and is not replaced by one")
        with spool(target.parent, series or target.name) as folder:
            made = folder / _MADE
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                manifest = _pack(store, settings, folder, out, now=now, secrets=secrets)
            put_in_place(made, target)
    except OSError as error:
        raise _not_written(target, error) from error
    return manifest


def _may_be_replaced(there: Path) -> bool:
    """Whether it is a zip or empty: a slip of the pen must not cost the database, or a device. Raises OSError."""
    if not there.is_file():
        return False
    with there.open("rb") as file:
        return file.read(4) in (b"", b"PK\3\4")


def _stream_backup(store: Store, settings: Settings, terminal: Terminal, *, secrets: bool) -> Manifest:
    """Into stdout. The copy of the database lies beside the data meanwhile: there is room where databases are."""
    out: IO[bytes] = terminal.stdout.buffer
    try:
        with spool(settings.data_dir.absolute(), "backup") as folder:
            manifest = _pack(store, settings, folder, out, now=instant_now(), secrets=secrets)
            out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_written("to stdout", error) from error
    return manifest


def _pack(store: Store, settings: Settings, folder: Path, out: IO[bytes], *, now: int, secrets: bool) -> Manifest:
    snapshot = store.snapshot(folder / "store.db")
    if (folder / _MADE).exists():
        check_room(folder, snapshot.path.stat().st_size, "the backup beside the copy of the database")
    return write_archive(out, snapshot, settings_text(settings, secrets=secrets), now)


def _not_written(target: Path | str, error: OSError) -> BackupNotWritten:
    return BackupNotWritten(target, error.strerror or type(error).__name__)


def _tell(terminal: Terminal, manifest: Manifest, file: str, settings: Settings, *, secrets: bool) -> None:
    if not any(manifest.rows.values()):
        terminal.warn("the database is empty, and so is the backup.")
    held = f"{manifest.rows['event']:,} events, {manifest.rows['pattern']:,} patterns, {manifest.rows['run']:,} runs"
    line = f"{held} and the settings are in {'the backup' if file == STREAM else file}."
    if secrets:
        terminal.warn("passwords and tokens are in it, too. Keep it where nobody else can read it.")
    elif settings.secrets:
        terminal.warn("passwords and tokens are not in it; they are named there, to be set again.")
    if file == STREAM:
        terminal.say(line)
        return
    value: Json = {"file": str(Path(file).absolute()), "secrets": secrets, **manifest.to_json()}
    terminal.result(value, line)
