"""An engine's process that cannot do what it was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.bench.engines import EngineCard
from scripts.bench.process import EngineFailed, EngineProcess


def test_an_engine_whose_process_ends_fails_with_its_last_words(tmp_path: Path) -> None:
    unknown = EngineCard("nobody", "", "ours", "", ())
    with (
        EngineProcess(unknown, 1, tmp_path / "log") as process,
        pytest.raises(EngineFailed, match="KeyError: 'nobody'"),
    ):
        process.ask(do="memory")


def test_an_engine_without_an_environment_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = EngineCard("torch", "", "torch", "", ())
    monkeypatch.setenv("BENCH_VENV_TORCH", str(tmp_path))
    assert not card.installed()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    assert not card.installed()  # cut off in the middle
    (tmp_path / ".installed").touch()
    assert card.installed()
