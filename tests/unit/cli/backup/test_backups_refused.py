"""A backup that is damaged, cut off, crafted or of a later version is refused, and nothing changes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from src import cli
from src.store import Store
from tests.unit.cli.backup.conftest import files

NAMES = ["manifest.json", "settings.env", "store.db"]


def rewritten(path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in change(members).items():
            packed.writestr(name, content)


def flipped(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        content = bytearray(members[name])
        content[len(content) // 2] ^= 1
        return {**members, name: bytes(content)}

    return change


def said(**changes: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        manifest = {**json.loads(members["manifest.json"]), **changes}
        return {**members, "manifest.json": json.dumps(manifest).encode()}

    return change


@pytest.mark.parametrize(
    "change",
    [
        flipped("store.db"),
        flipped("settings.env"),
        lambda members: {**members, "manifest.json": members["manifest.json"][:-40]},
        lambda members: {**members, "manifest.json": b"[]"},
        lambda members: {**members, "manifest.json": b" " * (2 << 20)},
        lambda members: {name: members[name] for name in NAMES[:2]},
        lambda members: {**members, "../../evil": b"x"},
        lambda members: {("../store.db" if name == "store.db" else name): members[name] for name in NAMES},
        lambda members: {**members, "store.db": bytes(50_000_000)},
        said(size=1),
        said(size=-1),
        said(size="much"),
        said(schema="0001"),
        said(schema="../x"),
        said(service="\x1b[31m"),
        said(created="yesterday"),
        said(created="0001-01-01T00:00:00+14:00"),
        said(format=float("inf")),
        said(source="\x1b[31m"),
    ],
)
def test_a_backup_that_is_not_what_it_says_is_refused(
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
    backup: Path,
    store: Store,
    data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rewritten(backup, change)
    before = files(data)

    assert cli.main(["restore", "home.zip"]) == 2

    assert "Nothing was changed." in capsys.readouterr().err
    assert store.events.count() == 303
    assert files(data) == before
    assert files(data.parent) == ["data", "home.zip"]


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_without_bounds_is_not_unpacked(packing: int, backup: Path, store: Store) -> None:
    with zipfile.ZipFile(backup) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(backup, "w", packing) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    assert cli.main(["restore", "home.zip"]) == 2
    assert store.events.count() == 303


def test_a_flipped_bit_anywhere_in_the_file(backup: Path, store: Store) -> None:
    """In a name or a field that nothing depends on it does no harm; elsewhere it is noticed."""
    whole = backup.read_bytes()
    for place in range(0, len(whole), len(whole) // 60):
        content = bytearray(whole)
        content[place] ^= 0x10
        backup.write_bytes(content)
        assert cli.main(["restore", "home.zip", "--dry-run"]) in (0, 2)
    assert store.events.count() == 303


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_backup_that_was_cut_off(part: float, backup: Path, store: Store) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * part)])
    assert cli.main(["restore", "home.zip"]) == 2
    assert store.events.count() == 303


@pytest.mark.parametrize("changes", [{"format": 2}, {"schema": "0999"}])
def test_a_backup_of_a_later_version_says_which(
    changes: dict[str, Any], backup: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    rewritten(backup, said(service="7.1.0", **changes))
    assert cli.main(["restore", "home.zip"]) == 2
    assert "Restore it with version 7.1.0 or a later one." in capsys.readouterr().err
    assert store.events.count() == 303
