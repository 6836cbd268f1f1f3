"""kill -9 of the service and its preparing child at random moments of download and conversion: the next start heals."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from src.domain.patterns import Json
from src.models.download.files import git_blob_hash, sha256
from src.models.prepare.cache import ModelCache
from tests.integration.models.conftest import KEY, Acquire
from tests.unit.models.loopback_hub import LoopbackHub

FILES = ("model.safetensors", "tokenizer.json", "config.json")

# Kills the process's whole group at the n-th time it changes or opens something in the models folder; the service and
# its child count for themselves. What each counted to is left in a file of its own.
KILLER = """
import atexit, os, signal, sys
root, last, seen = os.environ["KILL_IN"], int(os.environ["KILLED_AT"]), [0]
events = {"open", "os.rename", "os.remove", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate"}
def look(event, details):
    if event in events and any(isinstance(detail, (str, os.PathLike)) and root in str(detail) for detail in details):
        seen[0] += 1
        if seen[0] == last:
            os.killpg(0, signal.SIGKILL)
sys.addaudithook(look)
def tell():
    with open(os.environ["COUNTS"] + "/" + str(os.getpid()), "w") as file:
        file.write(str(seen[0]))
atexit.register(tell)
"""


class World:
    """A hub, a models folder, and processes that may be killed."""

    def __init__(self, acquire: Acquire, hub: LoopbackHub, folder: Path) -> None:
        self.acquire, self.hub, self.models = acquire, hub, folder / "models"
        self.killer, self.counts = folder / "killer", folder / "counts"
        self.killer.mkdir()
        (self.killer / "sitecustomize.py").write_text(KILLER)
        self.counts.mkdir()
        started = time.monotonic()
        self.start(10**9).communicate()
        self.seconds = time.monotonic() - started
        self.events = max(int(path.read_text()) for path in self.counts.iterdir())
        self.right = self.outputs()
        shutil.rmtree(self.models)

    def start(self, killed_at: int) -> subprocess.Popen[str]:
        return self.acquire(
            path=self.killer,
            endpoint=self.hub.endpoint,
            KILLED_AT=str(killed_at),
            KILL_IN=str(self.models),
            COUNTS=str(self.counts),
        )

    def outputs(self) -> Json:
        entry = ModelCache(self.models).find("embedding", KEY)
        assert entry is not None
        outputs: Json = entry.manifest["outputs"]
        return outputs

    def kill_at_byte(self, chance: random.Random) -> str:
        """The hub has sent so many bytes of a file."""
        file = chance.choice(FILES)
        byte = chance.randrange((self.hub.folder / "tiny/embedding" / file).stat().st_size)
        process = self.start(10**9)

        def kill(name: str, sent: int) -> None:
            if name == file and sent + self.hub.piece > byte:
                _kill(process)

        self.hub.on_body = kill
        process.communicate()
        self.hub.on_body = lambda name, sent: None
        assert process.returncode == -signal.SIGKILL
        return f"byte {byte} of {file}"

    def kill_at_event(self, chance: random.Random) -> str:
        """The n-th thing it does in the models folder."""
        event = chance.randint(1, self.events)
        process = self.start(event)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        return f"event {event} of {self.events}"

    def kill_at_time(self, chance: random.Random) -> str:
        """Whatever it is doing then; it may have finished, when the machine is faster than it was at first."""
        seconds = chance.uniform(0, self.seconds)
        process = self.start(10**9)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
        process.communicate()
        return f"{seconds:.3f} s of {self.seconds:.3f}"

    def check_what_was_left(self, moment: str) -> None:
        """What has its final name is whole."""
        ModelCache(self.models).find("embedding", KEY)
        for blob in self.models.glob("hub/models--*/blobs/*"):
            if not blob.name.endswith(".incomplete"):
                found = sha256(blob) if len(blob.name) == 64 else git_blob_hash(blob)
                assert found == blob.name, moment
        for link in self.models.glob("hub/models--*/snapshots/*/*"):
            assert link.exists(), moment

    def check_that_it_heals(self, moment: str) -> None:
        process = self.start(10**9)
        _, complaint = process.communicate()
        assert process.returncode == 0, f"{moment}: {complaint}"
        assert self.outputs() == self.right, moment
        assert not list(self.models.glob("embedding/.staging-*")), moment
        assert not list(self.models.glob("hub/models--*/blobs/*.incomplete")), moment
        assert {path.name for path in self.models.glob("hub/models--*/snapshots/*/*")} == {*FILES}, moment
        shutil.rmtree(self.models)


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def world(acquire: Acquire, hub: LoopbackHub, tmp_path: Path) -> World:
    return World(acquire, hub, tmp_path)


def heals(world: World, kills: Sequence[Callable[[random.Random], str]], seed: int) -> None:
    chance = random.Random(seed)
    for kill in kills:
        moment = kill(chance)
        world.check_what_was_left(moment)
        world.check_that_it_heals(moment)


def test_after_a_kill_at_any_moment_the_next_start_heals(world: World) -> None:
    heals(world, [world.kill_at_byte, world.kill_at_event] * 3, seed=6)


@pytest.mark.heavy
def test_after_a_kill_at_fifty_random_moments_the_next_start_heals(world: World) -> None:
    heals(world, [world.kill_at_byte, world.kill_at_event] * 18 + [world.kill_at_time] * 14, seed=50)
