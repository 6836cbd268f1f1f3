"""Runs the service's own ``scripts/download-models.py`` from the repository's root."""

import runpy
from pathlib import Path

_SCRIPT = Path(__file__).resolve().parents[1] / "services/ai-automation-service/scripts/download-models.py"

runpy.run_path(str(_SCRIPT), run_name="__main__")
