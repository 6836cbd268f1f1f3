"""The one file of a backup: a zip of a manifest, the store as SQLite, and the settings."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from src import __version__
from src.domain.events import MICROSECONDS
from src.domain.patterns import Json
from src.errors import BackupTooNew, BackupUnreadable, NoRoom
from src.store.snapshot import Snapshot
from src.store.spool import check_room

FORMAT = 1
MANIFEST, STORE, SETTINGS = "manifest.json", "store.db", "settings.env"
_SMALL = 1 << 20  # bytes that the manifest and the settings may have
_PART = 1 << 20  # bytes in memory
_MOST_READ = _SMALL + 1  # bytes of the file at once, its list of members included
_SOURCES = ("sqlite", "postgresql")
_VERSION = re.compile(r"[0-9A-Za-z.+_-]{1,40}")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        service: version that wrote it. schema: revision of its tables.
        created: µs UTC.
        source: ``sqlite`` or ``postgresql``.
        rows: by table.
        size: bytes of the store. sha256: of each other member.
    """

    service: str
    schema: str
    created: int
    source: str
    rows: Mapping[str, int]
    size: int
    sha256: Mapping[str, str]

    def to_json(self) -> Json:
        return {
            "format": FORMAT,
            "service": self.service,
            "schema": self.schema,
            "created": datetime.fromtimestamp(self.created / MICROSECONDS, UTC).isoformat(),
            "source": self.source,
            "rows": dict(self.rows),
            "size": self.size,
            "sha256": dict(self.sha256),
        }


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup that was read and is what its manifest says.

    Attributes:
        store: the file its store was unpacked to.
    """

    manifest: Manifest
    store: Path
    settings: str


def write_archive(out: IO[bytes], snapshot: Snapshot, settings: str, created: int) -> Manifest:
    """Write a backup to a file or a pipe.

    Args:
        created: µs UTC.

    Raises:
        OSError
    """
    told = settings.encode()
    with snapshot.path.open("rb") as file:
        hashes = {STORE: hashlib.file_digest(file, "sha256").hexdigest(), SETTINGS: hashlib.sha256(told).hexdigest()}
    size = snapshot.path.stat().st_size
    manifest = Manifest(__version__, snapshot.revision, created, snapshot.source, snapshot.rows, size, hashes)
    with zipfile.ZipFile(out, "w") as packed:
        said = json.dumps(manifest.to_json(), indent=2) + "\n"
        packed.writestr(_member(MANIFEST, created), said)
        packed.writestr(_member(SETTINGS, created), told)
        with snapshot.path.open("rb") as file, packed.open(_member(STORE, created), "w", force_zip64=True) as member:
            while part := file.read(_PART):
                member.write(part)
    return manifest


def _member(name: str, created: int) -> zipfile.ZipInfo:
    moment = datetime.fromtimestamp(created / MICROSECONDS, UTC)
    member = zipfile.ZipInfo(name, (max(moment.year, 1980), *moment.timetuple()[1:6]))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    # Fast: a writer may be waiting, and the slower levels save less than a tenth.
    member._compresslevel = 1  # type: ignore[attr-defined]  # public from Python 3.13 on
    return member


class _Sparing(io.FileIO):
    """A file of which nobody reads much at once.

    The list of a zip's members is as long as the zip says, and is read in one piece, before anything can be checked.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises BadZipFile: more than 1 MB is asked for."""
        wanted = os.fstat(self.fileno()).st_size - self.tell() if size is None or size < 0 else size
        if wanted > _MOST_READ:
            raise zipfile.BadZipFile("its list of members is too long")
        return super().read(wanted) if wanted > 0 else b""


def read_archive(file: Path, folder: Path, name: str) -> Archive:
    """Unpack a backup's store into a folder, and check every byte of it all against the manifest.

    Args:
        name: of the backup, for errors.

    Raises:
        BackupUnreadable: no backup of this service, or a damaged one.
        BackupTooNew: made in a way that this version does not know.
        NoRoom
    """
    try:
        with _Sparing(file) as opened, zipfile.ZipFile(opened) as packed:
            members = _members(packed, name)
            manifest = _manifest(_small(packed, members[MANIFEST], name), name)
            settings = _small(packed, members[SETTINGS], name)
            if hashlib.sha256(settings).hexdigest() != manifest.sha256[SETTINGS]:
                raise BackupUnreadable(name, f"{SETTINGS} is not what the manifest says")
            if members[STORE].file_size != manifest.size:
                raise BackupUnreadable(name, f"{STORE} is not as long as the manifest says")
            check_room(folder, manifest.size, "what the backup holds")
            store = folder / STORE
            _unpack(packed, members[STORE], store, manifest, name)
            return Archive(manifest, store, settings.decode())
    except _UNREADABLE as error:
        raise BackupUnreadable(name, f"it is damaged, or no backup of this service ({error})") from error


def _members(packed: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The three that there must be, and no others. What they are called on the disk is for us to say."""
    found = packed.infolist()
    if sorted(member.filename for member in found) != sorted((MANIFEST, STORE, SETTINGS)):
        raise BackupUnreadable(name, "it is no backup of this service")
    # Of others the library unpacks as much at once as there is: a thousand bytes of bzip2 into a gigabyte of memory.
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in found):
        raise BackupUnreadable(name, "it is packed in another way than this service does")
    return {member.filename: member for member in found}


def _small(packed: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    with packed.open(member) as opened:
        data = opened.read(_SMALL + 1)
    if len(data) > _SMALL:
        raise BackupUnreadable(name, f"{member.filename} is too long")
    return data


def _manifest(data: bytes, name: str) -> Manifest:
    """Raises BackupTooNew, BackupUnreadable; ValueError for what is no JSON."""
    value: Any = json.loads(data)
    try:
        version = value["service"]
        if not _VERSION.fullmatch(version):
            raise BackupUnreadable(name, "its manifest names no version")
        if int(value["format"]) > FORMAT:
            raise BackupTooNew(name, version, f"format {int(value['format'])}", str(FORMAT))
        manifest = Manifest(
            service=version,
            schema=str(value["schema"]),
            created=round(datetime.fromisoformat(value["created"]).timestamp() * MICROSECONDS),
            source=str(value["source"]),
            rows={str(table): int(count) for table, count in value["rows"].items()},
            size=int(value["size"]),
            sha256={STORE: str(value["sha256"][STORE]), SETTINGS: str(value["sha256"][SETTINGS])},
        )
        manifest.to_json()  # or the moment is one that no calendar has
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BackupUnreadable(name, f"its manifest is not whole ({error})") from error
    if not _VERSION.fullmatch(manifest.schema):
        raise BackupUnreadable(name, "its manifest names no schema")
    if manifest.source not in _SOURCES:
        raise BackupUnreadable(name, "its manifest does not say what it was taken from")
    return manifest


def _unpack(packed: zipfile.ZipFile, member: zipfile.ZipInfo, store: Path, manifest: Manifest, name: str) -> None:
    """Never more bytes than were stated, whatever is packed in there."""
    digest = hashlib.sha256()
    left = manifest.size
    with packed.open(member) as opened, store.open("xb") as out:
        while part := opened.read(min(_PART, left + 1)):
            left -= len(part)
            if left < 0:
                break
            digest.update(part)
            try:
                out.write(part)
            except OSError as error:  # somebody else filled the disk since it was looked at
                free = shutil.disk_usage(store.parent).free
                raise NoRoom("what the backup holds", store.parent, left + len(part), free) from error
    if left or digest.hexdigest() != manifest.sha256[STORE]:
        raise BackupUnreadable(name, f"{STORE} is not what the manifest says")
