"""``backup`` and ``restore`` as a person meets them."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from src import cli
from src.settings import load_settings
from src.store import Store
from src.store.owners import new_owner, retire
from tests.unit.cli.backup.conftest import TOKEN, files
from tests.unit.store.whole_home import everything, whole_home
from tests.unit.store.worlds import busy_home

NAMES = ["manifest.json", "settings.env", "store.db"]
FAR = 10**17  # µs, long after now


def test_a_backup_is_one_file_that_only_its_owner_reads(
    store: Store, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_home(store)
    backup = data.parent / "home.zip"
    backup.write_bytes(b"PK\3\4 an older one")

    assert cli.main(["backup", "home.zip"]) == 0

    told = capsys.readouterr()
    assert "3 events, 5 patterns, 2 runs and the settings are in home.zip." in told.out
    assert "passwords and tokens are not in it" in told.err
    assert backup.stat().st_mode & 0o777 == 0o600
    assert files(backup.parent) == ["data", "home.zip"]
    assert not [name for name in files(data) if name.endswith(".part")]
    with zipfile.ZipFile(backup) as packed:
        assert sorted(packed.namelist()) == NAMES
        manifest = json.loads(packed.read("manifest.json"))
        assert TOKEN.encode() not in b"".join(packed.read(name) for name in NAMES)
    assert manifest["format"] == 1
    assert manifest["source"] == "sqlite"
    assert manifest["rows"]["event"] == 3


def test_a_restore_brings_everything_back_and_keeps_what_was_there(
    backup: Path, store: Store, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    assert cli.main(["restore", "home.zip", "--format", "json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["before"]["event"], told["after"]["event"]) == (303, 3)
    assert told["done"] is True
    assert store.events.count() == 3, "who has it open sees it at once"
    kept = Path(told["kept"])
    assert kept.parent == data
    assert kept.stat().st_mode & 0o777 == 0o600
    assert cli.main(["restore", str(kept)]) == 0
    assert store.events.count() == 303


def test_it_comes_back_into_a_new_home_as_it_was(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Store.open("sqlite://")
    whole_home(before)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))

    assert cli.main(["restore", "home.zip"]) == 0

    after = Store.open(load_settings().store_url)
    assert everything(after) == everything(before)
    assert files(tmp_path / "new")[0] == "ai-automation.db"
    assert not list((tmp_path / "new").glob("before-restore-*")), "there was nothing to keep"
    before.close()
    after.close()


def test_through_pipes(
    backup: Path, store: Store, data: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    capsysbinary.readouterr()
    assert cli.main(["backup", "-"]) == 0
    piped = capsysbinary.readouterr().out
    store.events.add(busy_home(600, seed=2), source="later")

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(piped)))
    assert cli.main(["restore", "-"]) == 0

    assert store.events.count() == 303
    assert not [name for name in files(data) if name.endswith(".part")]


def test_json_and_a_backup_do_not_share_stdout(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backup", "-", "--format", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "invalid_setting"


def test_a_dry_run_changes_nothing(backup: Path, store: Store, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(data)
    assert cli.main(["restore", "home.zip", "--dry-run", "--settings", "s.env"]) == 0
    assert "nothing was changed" in capsys.readouterr().err
    assert store.events.count() == 303
    assert files(data) == before
    assert not Path("s.env").exists()


def test_only_the_newest_three_are_kept(backup: Path, data: Path) -> None:
    for _ in range(5):
        assert cli.main(["restore", "home.zip"]) == 0
    kept = [name for name in files(data) if name.startswith("before-restore-")]
    assert len(kept) == 3
    oldest = data / kept[0]
    assert cli.main(["restore", str(oldest)]) == 0
    assert oldest.exists(), "what was just restored is not thrown away"


def test_a_run_at_work_keeps_a_restore_out(
    backup: Path, store: Store, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = new_owner()
    store.leases.acquire("run", owner, now=0, ttl=FAR)
    before = files(data)

    assert cli.main(["restore", "home.zip"]) == 1

    assert "A run is at work on this home right now, so nothing was restored." in capsys.readouterr().err
    assert store.events.count() == 303
    assert files(data) == before
    retire(owner)  # as if its process had died
    assert cli.main(["restore", "home.zip", "--wait", "0.5"]) == 0
    assert store.leases.holder("run", now=0) is None


def test_an_automation_that_is_being_changed_keeps_a_restore_out(
    backup: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = new_owner()
    store.leases.acquire("automations", owner, now=0, ttl=FAR)
    assert cli.main(["restore", "home.zip"]) == 1
    assert "An automation is being changed" in capsys.readouterr().err
    assert store.events.count() == 303
    assert store.leases.holder("run", now=0) is None
    retire(owner)


def test_settings_are_told_and_written_where_asked(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    monkeypatch.setenv("TZ", "Europe/Lisbon")
    monkeypatch.delenv("HA_TOKEN")

    assert cli.main(["restore", "home.zip", "--settings", "s.env"]) == 0

    told = capsys.readouterr().err
    assert "TZ: Europe/Berlin in the backup, Europe/Lisbon here" in told
    assert "HA_TOKEN: set again" in told
    assert Path("s.env").stat().st_mode & 0o777 == 0o600
    assert "TZ=Europe/Berlin" in Path("s.env").read_text()
    assert "# set again: HA_TOKEN=" in Path("s.env").read_text()
    assert cli.main(["restore", "home.zip", "--settings", "s.env"]) == 2
    assert cli.main(["restore", "home.zip", "--settings", "s.env", "--force"]) == 0
    assert cli.main(["restore", "home.zip", "--settings", "data/ai-automation.db", "--force"]) == 2
    assert Path("data/ai-automation.db").read_bytes().startswith(b"SQLite format 3")


def test_secrets_only_on_demand(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backup", "home.zip", "--with-secrets"]) == 0
    told = capsys.readouterr()
    assert "passwords and tokens are in it" in told.err
    assert TOKEN not in told.out + told.err
    assert Path("home.zip").stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile("home.zip") as packed:
        assert f"HA_TOKEN={TOKEN}" in packed.read("settings.env").decode()
    assert cli.main(["restore", "home.zip"]) == 0
    told = capsys.readouterr()
    assert "HA_TOKEN" not in told.err, "it is the same here"


def test_a_missing_file_and_a_folder(backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["restore", "nothing.zip"]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert cli.main(["backup", str(tmp_path / "data")]) == 4
    assert "there is a folder of that name" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["data/ai-automation.db", "notes.txt", "pipe"])
def test_a_backup_takes_the_place_of_backups_alone(name: str, backup: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.txt").write_text("mine")
    os.mkfifo("pipe")
    before = Path(name).lstat()
    assert cli.main(["backup", name]) == 4
    assert "is no backup" in capsys.readouterr().err
    assert Path(name).lstat().st_ino == before.st_ino
    Path("empty.zip").touch()
    assert cli.main(["backup", "empty.zip"]) == 0
    assert cli.main(["backup", "empty.zip"]) == 0


def test_a_disk_that_somebody_else_fills_meanwhile(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = backup.read_bytes()
    monkeypatch.setattr("src.commands.backup.write_archive", full)
    assert cli.main(["backup", "home.zip"]) == 4
    told = capsys.readouterr().err
    assert "No space left on device" in told
    assert "What was there before is still there." in told
    assert backup.read_bytes() == before
