"""An image that was built with its models inside, by ``PRELOAD_MODELS=1``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.engine import Engine
from tests.docker.home import a_lamp
from tests.docker.image import BASE, NAME, build
from tests.docker.models import ROLES, write_catalog, write_hub
from tests.docker.stack import SERVICE, stack_of
from tests.unit.models.loopback_hub import LoopbackHub

pytestmark = pytest.mark.heavy


@pytest.fixture
def preloaded(docker_engine: Engine, service_image: str, tmp_path: Path) -> Iterator[str]:
    """Built from a base that brings the catalog of the tests' tiny models, with a hub at hand while it is built."""
    hub = write_hub(tmp_path / "hub")
    context = tmp_path / "base"
    context.mkdir()
    write_catalog(context / "catalog.toml", hub)
    (context / "Dockerfile").write_text(f"FROM {BASE}\nCOPY --chmod=644 catalog.toml /app/models/\n", "utf-8")
    tag = service_image.rpartition(":")[2]
    base = f"{NAME}:{tag}-base"
    docker_engine("build", "-t", base, str(context), seconds=600)
    options = ["--network", "host", "--build-arg", f"PYTHON_IMAGE={base}", "--build-arg", "PRELOAD_MODELS=1"]
    with LoopbackHub(hub).running() as running:
        endpoint = f"HF_ENDPOINT={running.endpoint}"
        image = build(docker_engine, f"{tag}-preloaded", *options, "--build-arg", endpoint)
    yield image
    docker_engine("image", "rm", "--force", image, base)


def test_a_fresh_volume_has_the_models_and_nothing_is_asked(
    docker_engine: Engine, preloaded: str, tmp_path: Path
) -> None:
    (tmp_path / "stack").mkdir()
    changes = {SERVICE: {"environment": {"MODEL_CATALOG": ""}}}
    with stack_of(docker_engine, preloaded, tmp_path / "stack", changes=changes) as stack:
        a_lamp(stack.folder / "history/home.csv")
        stack.up()
        listed = stack.execute("python", "-m", "src.cli", "models", "list", "--format", "json").out
        assert {name: model["state"] for name, model in json.loads(listed).items()} == dict.fromkeys(ROLES, "present")
        stack.execute("python", "-m", "src.cli", "import", "/history/home.csv")
        run = stack.ended(stack.detect()["id"])
        assert run["state"] == "succeeded"
        assert stack.patterns()
        assert stack.asked_of_hub() == []
