"""``restore``: what a backup holds in the place of everything in the database, while the service runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from src.analysis.pipeline import failure
from src.commands.backup import STREAM, write_backup
from src.commands.stored import open_store
from src.domain.events import MICROSECONDS
from src.domain.instants import instant_now
from src.domain.patterns import Json
from src.errors import BackupNotWritten, BackupUnreadable, InvalidSetting, RunInterrupted
from src.jobs.standstill import standstill
from src.settings import Settings, load_settings
from src.store import Store
from src.store.archive import Archive, read_archive
from src.store.backed_settings import Difference, differences
from src.store.spool import check_room, spool
from src.store.stored_copy import StoredCopy, check_copy
from src.terminal import Terminal

KEPT = 3  # backups of what was there before a restore
_BEFORE = "before-restore-"
_PART = 1 << 20


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What a person asked for.

    Attributes:
        file: a path; ``-`` is stdin.
        dry_run: check everything and say what would be done, but do nothing.
        patience: s to wait for the end of a run.
        settings: where the backup's settings are to be written, if anywhere.
        force: over a file that is there.
    """

    file: str
    dry_run: bool = False
    patience: float = 0.0
    settings: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class _Restored:
    before: Mapping[str, int]
    kept: Path | None  # the backup of what was there before


def restore(options: RestoreOptions, terminal: Terminal) -> None:
    """Check a backup, save what is there, and put the backup in its place.

    Raises:
        BackupUnreadable, BackupTooNew: nothing was changed.
        RestoreBlocked: a run is at work; nothing was changed.
        InvalidSetting: ``settings`` names a file that is there.
        BackupNotWritten, NoRoom, StoreError.
    """
    settings = load_settings()
    told = options.settings
    if told is not None and told.exists() and not options.force:
        raise InvalidSetting("--settings", str(told), "a file that is not there yet, or --force as well")
    if told is not None and _holds_no_text(told):
        raise InvalidSetting("--settings", str(told), "a file of settings; what is there is none")
    try:
        with spool(settings.data_dir.absolute(), "restore") as folder:
            file = _received(folder) if options.file == STREAM else Path(options.file)
            name = "from stdin" if options.file == STREAM else options.file
            if not file.is_file():
                raise BackupUnreadable(name, "there is no such file")
            archive = read_archive(file, folder, name)
            manifest = archive.manifest
            copy = check_copy(archive.store, folder, name=name, version=manifest.service, revision=manifest.schema)
            store = open_store(settings)
            try:
                done = _carry_out(store, settings, copy, file, options)
            finally:
                store.close()
    except OSError as error:
        raise BackupNotWritten(settings.data_dir, error.strerror or type(error).__name__) from error
    if told is not None and not options.dry_run:
        _write_settings(told, archive.settings, force=options.force)
    _tell(terminal, archive, copy, done, differences(archive.settings, settings), options)


def _received(folder: Path) -> Path:
    """What comes in over stdin, as a file."""
    file = folder / "received.zip"
    with file.open("xb") as out:
        while part := sys.stdin.buffer.read(_PART):
            check_room(folder, len(part), "the backup that comes in")
            out.write(part)
    return file


def _carry_out(store: Store, settings: Settings, copy: StoredCopy, file: Path, options: RestoreOptions) -> _Restored:
    if options.dry_run:
        return _Restored(store.rows(), None)
    now = instant_now()
    done: list[_Restored] = []

    def save() -> None:
        before = store.rows()
        kept = _place_for(settings, now) if any(before.values()) else None
        if kept is not None:
            write_backup(store, settings, kept, now=now, series=_BEFORE.rstrip("-"))
        done.append(_Restored(before, kept))

    def interrupted(run_id: str) -> Json:
        return failure(run_id, RunInterrupted(run_id, "it was at work when the backup was made"))

    with standstill(store, instant_now, patience=options.patience):
        store.replace(copy.path, now=now, interrupted=interrupted, before=save)
    _prune(settings.data_dir, file)
    return done[-1]


def _place_for(settings: Settings, now: int) -> Path:
    moment = datetime.fromtimestamp(now / MICROSECONDS, UTC)
    return settings.data_dir.absolute() / f"{_BEFORE}{moment:%Y%m%dT%H%M%S.%fZ}.zip"


def _prune(folder: Path, used: Path) -> None:
    """Keep the newest few; the one that was just restored stays as well."""
    for old in sorted(folder.glob(f"{_BEFORE}*.zip"))[:-KEPT]:
        with suppress(FileNotFoundError):
            if not (used.exists() and old.samefile(used)):
                old.unlink()


def _holds_no_text(path: Path) -> bool:
    """Whether something is there that nobody would call settings, such as a database."""
    try:
        with path.open("rb") as there:
            return b"\0" in there.read(4096)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise BackupNotWritten(path, error.strerror or type(error).__name__) from error


def _write_settings(path: Path, text: str, *, force: bool) -> None:
    """Readable by this user only. Raises BackupNotWritten."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text)
    except OSError as error:
        raise BackupNotWritten(path, error.strerror or type(error).__name__) from error


def _tell(
    terminal: Terminal,
    archive: Archive,
    copy: StoredCopy,
    done: _Restored,
    different: list[Difference],
    options: RestoreOptions,
) -> None:
    from rich.table import Table

    manifest = archive.manifest
    value: Json = {
        "done": not options.dry_run,
        "backup": manifest.to_json(),
        "before": dict(done.before),
        "after": dict(copy.rows),
        "kept": None if done.kept is None else str(done.kept),
        "settings": [each.to_json() for each in different],
    }
    about = f"The backup is of {manifest.to_json()['created'][:19]} UTC, from {manifest.source}."
    table = Table()
    for heading in ("what", "before", "would be" if options.dry_run else "now"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name in sorted({*done.before, *copy.rows}):
        table.add_row(name, f"{done.before.get(name, 0):,}", f"{copy.rows.get(name, 0):,}")
    terminal.result(value, about, table)
    if options.dry_run:
        terminal.say("The backup can be restored; nothing was changed.")
    elif done.kept is not None:
        terminal.say(f"What was there before is in {done.kept}.")
    for each in different:
        terminal.warn(f"a setting is different: {each}.")
    if options.settings is not None and not options.dry_run:
        terminal.say(
            f"The settings of the backup are in {options.settings}; they hold once a process is started with them."
        )
