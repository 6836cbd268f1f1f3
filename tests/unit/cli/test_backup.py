"""``backup`` and ``restore`` as a person meets them."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from src import cli
from src.commands.backed_settings import differences, settings_text
from src.settings import Settings, load_settings
from src.store import Store
from src.store.owners import new_owner, retire
from tests.unit.store.whole_home import everything, whole_home
from tests.unit.store.worlds import busy_home

NAMES = ["manifest.json", "settings.env", "store.db"]
TOKEN = "a-token-that-nobody-may-see"
FAR = 10**17  # µs, long after now


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The service's folder; the work is done in another one."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HA_TOKEN", TOKEN)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    opened = Store.open(load_settings().store_url)
    yield opened
    opened.close()


@pytest.fixture
def backup(store: Store, data: Path) -> Path:
    """Of a whole home; the store holds another one now."""
    whole_home(store)
    assert cli.main(["backup", "home.zip"]) == 0
    store.events.add(busy_home(300), source="later")
    return data.parent / "home.zip"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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


# Settings


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


def test_an_address_with_a_password_is_a_secret_wherever_it_stands() -> None:
    here, there = load_settings(ha_url="http://192.168.1.4:8123"), load_settings(history="mysql://anna:geheim@db/x")
    text = settings_text(there, secrets=False)
    assert "geheim" not in text
    assert "# set again: HISTORY=" in text
    told = [str(each) + json.dumps(each.to_json()) for each in differences(settings_text(there, secrets=True), here)]
    assert not any("geheim" in each for each in told)


@pytest.mark.parametrize("value", ["it's", 'a "b" c', "back\\slash", "#no comment", "a $b", " x ", "größer", "a=b"])
def test_a_setting_comes_back_as_it_was(value: str, tmp_path: Path) -> None:
    (tmp_path / "s.env").write_text(settings_text(load_settings(exclude_users=value), secrets=False), "utf-8")
    again = Settings(_env_file=tmp_path / "s.env")
    assert again.exclude_users == value
    assert differences((tmp_path / "s.env").read_text("utf-8"), again) == []


def test_a_value_that_such_a_file_cannot_carry_is_only_named() -> None:
    text = settings_text(load_settings(ha_token="a${TZ}b"), secrets=True)
    assert "${TZ}" not in text
    assert "# set again: HA_TOKEN=" in text


def test_of_other_secrets_nothing_is_told() -> None:
    here, there = load_settings(hf_token="first"), load_settings(hf_token="second")
    told = [str(each) + json.dumps(each.to_json()) for each in differences(settings_text(there, secrets=True), here)]
    assert len(told) == 1
    assert "HF_TOKEN" in told[0]
    assert not {"first", "second"} & set(told[0].replace('"', " ").split())


# Files that are none, or no more


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
