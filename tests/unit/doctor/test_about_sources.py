"""What is said of a history that is not where it was looked for."""

from __future__ import annotations

from pathlib import Path

from src.doctor.about_sources import look_at_history
from src.doctor.finding import Level
from tests.unit.doctor.conftest import Situated

MADE = "Docker makes a folder that is not there, empty."


def test_a_mounted_folder_that_is_empty_was_named_wrongly(situated: Situated, tmp_path: Path) -> None:
    history = tmp_path / "history"
    history.mkdir()
    (told,) = look_at_history(situated(container=True, history=str(history / "home-assistant_v2.db")))
    assert told.level is Level.FAILED
    assert told.fact.endswith(f"home-assistant_v2.db: {history} is empty")
    assert "HISTORY_FOLDER" in told.remedy
    assert told.remedy.endswith(MADE)


def test_a_file_that_is_missing_among_others_has_another_name(situated: Situated, tmp_path: Path) -> None:
    history = tmp_path / "history"
    history.mkdir()
    (history / "README.md").touch()
    (told,) = look_at_history(situated(container=True, history=str(history / "home-assistant_v2.db")))
    assert told.fact.endswith(f"{history} is there, the rest is not")
    assert MADE not in told.remedy
