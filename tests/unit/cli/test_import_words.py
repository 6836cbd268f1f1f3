"""``import`` takes the word of a source that the settings know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.cli import main
from src.history.home_assistant_history import source_key
from tests.fake_home_assistant import FakeHomeAssistant


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HA_URL", "HA_TOKEN", "HISTORY", "DATABASE_URL", "TZ"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_home_assistants_own_history(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeHomeAssistant() as fake:
        monkeypatch.setenv("HA_URL", fake.url)
        monkeypatch.setenv("HA_TOKEN", fake.token)
        assert main(["import", "home_assistant", "--format", "json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["source"] == source_key(fake.access())
    assert fake.token not in told.out + told.err


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [("home_assistant", 6, "HA_URL"), ("recorder", 2, "RECORDER_URL"), ("influxdb", 2, "INFLUXDB_URL")],
)
def test_what_is_not_set_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], word: str, code: int, says: str
) -> None:
    assert main(["import", word]) == code
    assert says in capsys.readouterr().err
