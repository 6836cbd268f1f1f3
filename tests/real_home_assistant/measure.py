"""How many of the planted habits are found in several test homes: the numbers of ``docs/real-home.md``.

``.venv/bin/python -m tests.real_home_assistant.measure --seeds 1 2 3 --until 2026-11-16``
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from tests.real_home_assistant.habits import HABITS
from tests.real_home_assistant.installed import ROOT, home_assistant_python
from tests.real_home_assistant.making import make_past, monday_before
from tests.real_home_assistant.server import free_port
from tests.real_home_assistant.verdict import Verdict, judge


def main() -> None:
    """Make them one after the other, and print a line for each."""
    options = argparse.ArgumentParser(description="How many of the planted habits are found.")
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument(
        "--until", type=date.fromisoformat, nargs="+", default=[monday_before(datetime.now(UTC).date())]
    )
    asked = options.parse_args()
    for until in asked.until or [monday_before(datetime.now(UTC).date())]:
        for seed in asked.seeds:
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                verdict = _measured(Path(folder) / "config", until, seed)
            print(
                f"until {until}, seed {seed}: {len(verdict.found)} of {len(HABITS)} found, {len(verdict.wrong)} wrong, "
                f"{time.monotonic() - began:.0f} s; missed {verdict.missed}; besides {verdict.besides}"
            )


def _measured(path: Path, until: date, seed: int) -> Verdict:
    past = make_past(path, free_port(), home_assistant_python(), until=until, seed=seed)
    mined = subprocess.run(
        [sys.executable, "-m", "src.cli", "mine", past.folder.database, "--format", "json"],
        cwd=ROOT / "services" / "ai-automation-service",
        capture_output=True,
        check=True,
    )
    return judge(json.loads(mined.stdout)["patterns"])


if __name__ == "__main__":
    main()
