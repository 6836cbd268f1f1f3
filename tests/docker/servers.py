"""The servers of the compose file's profiles: their images, or the same servers of Debian where no registry answers."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.docker.engine import Engine

STAND_INS = Path(__file__).with_name("stand_ins")
IMAGES = {"postgres": "postgres:17", "mosquitto": "eclipse-mosquitto:2.0"}


def ensure_server(engine: Engine, name: str) -> str:
    """See that the engine has the image of a service; says where it came from."""
    image = IMAGES[name]
    if not engine.has("image", image) and not _pulled(engine, image):
        engine("build", "-t", image, "-f", str(STAND_INS / f"Dockerfile.{name}"), str(STAND_INS), seconds=900)
    labels = engine.inspect("image", image)["Config"]["Labels"] or {}
    return f"{image} made of Debian's packages" if "local.stand-in" in labels else image


def _pulled(engine: Engine, image: str) -> bool:
    try:
        return engine("pull", "--quiet", image, check=False, seconds=120).code == 0
    except subprocess.TimeoutExpired:
        return False
