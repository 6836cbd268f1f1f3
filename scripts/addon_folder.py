"""Put together a folder that a Home Assistant can build the add-on from, without a registry.

    python scripts/addon_folder.py [FOLDER]

The Supervisor builds an add-on with the add-on's own folder as the context, so the folder gets the sources and the
service's Dockerfile, which then ends in the stage of the add-on. See docs/home-assistant-addon.md.
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
ADD_ON = REPO / "infra" / "home-assistant-addon"
SERVICE = Path("services/ai-automation-service")
NEEDED = ("requirements", "scripts", "src")


def folder_of_add_on(target: Path) -> None:
    """Make the folder anew.

    Raises:
        FileExistsError: there is something that is no such folder.
    """
    if target.exists():
        if not (target / "config.yaml").is_file() or not (target / "Dockerfile").is_file():
            raise FileExistsError(f"{target} is there and no add-on's folder; name another")
        shutil.rmtree(target)
    shutil.copytree(ADD_ON, target)
    left_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in NEEDED:
        shutil.copytree(REPO / SERVICE / name, target / SERVICE / name, ignore=left_out)
    dockerfile = (REPO / SERVICE / "Dockerfile").read_text("utf-8")
    (target / "Dockerfile").write_text(f"{dockerfile}\n# The Supervisor builds the last stage.\nFROM addon\n", "utf-8")
    config = (ADD_ON / "config.yaml").read_text("utf-8")
    # With an image it would be pulled, not built.
    (target / "config.yaml").write_text(re.sub(r"(?m)^image:.*\n", "", config), "utf-8")


def main() -> None:
    """Make the folder and say what to do with it."""
    parser = argparse.ArgumentParser(description="Put together a folder that Home Assistant can build the add-on from.")
    parser.add_argument("folder", type=Path, nargs="?", default=REPO / "build" / "ai_automation")
    target: Path = parser.parse_args().folder
    folder_of_add_on(target)
    print(f"{target}: copy it into /addons of your Home Assistant, then look for new add-ons in its store.")


if __name__ == "__main__":
    main()
