"""Where the real Home Assistant for these tests is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def home_assistant_python() -> Path:
    """The Python that has it: HOME_ASSISTANT_PYTHON, or what ``make home-assistant`` installed; else the test skips."""
    python = Path(os.environ.get("HOME_ASSISTANT_PYTHON") or ROOT / ".home-assistant" / "bin" / "python")
    installed = python.parent.parent / ".installed"
    if not python.exists() or not ("HOME_ASSISTANT_PYTHON" in os.environ or installed.exists()):
        pytest.skip("no Home Assistant here: `make home-assistant` installs one (Python 3.11 or 3.12)")
    return python


def environment() -> dict[str, str]:
    """What its processes see: nothing of ours but the tests' own modules, which they read the home from."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
