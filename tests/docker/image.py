"""The service's image, built once for what it is made of."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

from tests.docker.engine import REPO, Engine

DOCKERFILE = REPO / "services/ai-automation-service/Dockerfile"
NAME = "homeiq/ai-automation-service"
BASE = "python:3.11-slim"
STAND_IN = "local.stand-in"


def tag_of_inputs() -> str:
    """The same for the same Dockerfile and files that a build may see, whatever their dates."""
    listed = subprocess.run(
        [
            *("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"),
            *(".dockerignore", "services/ai-automation-service"),
        ],
        cwd=REPO,
        capture_output=True,
        check=True,
    ).stdout.decode()
    digest = hashlib.sha256()
    for name in sorted(filter(None, listed.split("\0"))):
        file = REPO / name
        if file.is_file():
            digest.update(f"{name}\0{int(file.stat().st_mode & 0o100 > 0)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"proof-{digest.hexdigest()[:12]}"


def build(engine: Engine, tag: str, *options: str) -> str:
    """Build the image under ``NAME:tag``, from what earlier builds left where that fits; the full name.

    A build that fails fails the test with its log.
    """
    name = f"{NAME}:{tag}"
    engine("build", "--progress", "plain", "-f", DOCKERFILE, "-t", name, *options, ".", seconds=1800)
    return name


def base_of(engine: Engine, image: str) -> str:
    """What an image was built on, in words. Only what a registry gave has a digest of one."""
    labels = engine.inspect("image", image)["Config"]["Labels"] or {}
    if engine.has("image", BASE) and engine.inspect("image", BASE)["RepoDigests"]:
        return f"{BASE} as a registry has it"
    return f"a local {BASE} ({labels.get(STAND_IN, 'of unknown make')}), not the published one"


def unpacked_size(engine: Engine, image: str) -> int:
    """Bytes of all files of an image, as ``du`` counts them from inside."""
    told = engine("run", "--rm", "--network", "none", "--user", "0", image, "du", "-sxk", "/").out
    return int(told.split()[0]) * 1024


def exported_files(engine: Engine, image: str, folder: Path) -> dict[str, list[str]]:
    """Names of the files of each layer of an image, what later layers hide included, by layer."""
    archive = folder / "image.tar"
    engine("image", "save", "-o", archive, image)
    with tarfile.open(archive) as packed:
        described = packed.extractfile("manifest.json")
        assert described is not None
        layers = json.load(described)[0]["Layers"]
        files = {}
        for layer in layers:
            content = packed.extractfile(layer)
            assert content is not None
            with tarfile.open(fileobj=content) as inner:
                files[layer] = inner.getnames()
    archive.unlink()
    return files
