"""A Docker engine for the proofs of the containers, where the machine has none.

    python3 scripts/docker_engine.py start
    . .docker-engine/env.sh; docker compose version
    python3 scripts/docker_engine.py stop [--purge]

``start`` does nothing where ``docker info`` and ``docker compose`` answer already. Else, on Debian and as root, it
unpacks engine, BuildKit and compose v2 from Debian's archive into ``.docker-engine`` (nothing of it is installed),
starts a daemon of its own there, and sees that there is a ``python:3.11-slim``. ``stop`` ends that daemon and undoes
what it changed in the network, also after it was killed; ``--purge`` takes the folder away as well.

Needs nothing but Python, so that it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.base_image import ensure_base_image
from scripts.debian_archive import Trouble, install, say, unpack
from scripts.engine_network import SYSTEM_PATH, SavedNetwork, default_mtu

ROOT = Path(__file__).resolve().parents[1] / ".docker-engine"
SUITE = "trixie"  # Debian's first with compose v2; its engine runs on the libc of bookworm, its runc does not
PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "docker-compose", "containerd")
COMMANDS = {"iptables": "iptables", "runc": "runc", "tini-static": "tini"}
DAEMONS = ("dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy")
LONGEST = 60  # characters of the folder: sockets below it may have 107


class Engine:
    """A private engine below one folder.

    Attributes:
        programs: the unpacked packages.
        data: images, containers and volumes; stays when the engine stops.
        run: what is there only while the engine runs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.data = folder / "data"
        self.run = folder / "run"
        self.socket = self.run / "docker.sock"
        self.log = folder / "dockerd.log"
        self._network = SavedNetwork(folder / "network")

    @property
    def environment(self) -> dict[str, str]:
        """What makes ``docker`` talk to this engine."""
        return {
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.folder / "config"),
            "PATH": f"{self.programs / 'usr/bin'}:{os.environ['PATH']}",
        }

    def start(self) -> None:
        """Unpack what is missing, clear up after a killed daemon, start another and wait until it answers.

        Raises:
            Trouble: no root, no apt, a folder with too long a name, or a daemon that ends at once.
        """
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise Trouble("No Docker engine answers, and to start one takes root and apt.")
        if len(str(self.folder)) > LONGEST:
            raise Trouble(f"{self.folder} is too long a name for sockets below it; work in a shorter folder.")
        self._unpack()
        if not answers({**os.environ, **self.environment}):
            self.stop()
            if strangers := list(running("dockerd")):
                raise Trouble(
                    f"Another Docker engine runs (process {strangers[0]}), and two would change each other's network."
                    " Set DOCKER_HOST to use that one."
                )
            self._start_daemon()
        say(f"engine: {version({**os.environ, **self.environment})}, in {self.folder}")

    def stop(self) -> None:
        """End the daemon and all that belongs to it, and undo its changes to the machine; also what a kill left."""
        self._end("dockerd", signal.SIGTERM, seconds=60)
        for name in DAEMONS:
            for pid in self._processes(name):
                if name.startswith("containerd-shim"):
                    for child in children(pid):  # a container's first process; the kernel ends the others with it
                        kill(child, signal.SIGKILL)
            self._end(name, signal.SIGKILL, seconds=10)
        if not running("dockerd"):
            self._network.restore()
        for mount in reversed(self._mounts()):
            subprocess.run(["umount", "--lazy", mount], check=False)
        shutil.rmtree(self.run, ignore_errors=True)

    def purge(self) -> None:
        """Remove the folder of a stopped engine."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unpack(self) -> None:
        install([package for command, package in COMMANDS.items() if shutil.which(command, path=SYSTEM_PATH) is None])
        if not (self.programs / ".whole").exists():
            shutil.rmtree(self.programs, ignore_errors=True)
            say(f"engine: unpacking {', '.join(PACKAGES)} of Debian {SUITE}")
            unpack(SUITE, PACKAGES, self.programs)
            # The daemon looks for the first process of `init: true` under this name.
            (self.programs / "usr/bin/docker-init").unlink(missing_ok=True)
            (self.programs / "usr/bin/docker-init").symlink_to(str(shutil.which("tini-static", path=SYSTEM_PATH)))
            (self.programs / ".whole").touch()
        plugins = self.folder / "config/cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        for plugin in (self.programs / "usr/libexec/docker/cli-plugins").iterdir():
            (plugins / plugin.name).unlink(missing_ok=True)
            (plugins / plugin.name).symlink_to(plugin)
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items() if name != "PATH"]
        lines.append(f'export PATH={shlex.quote(str(self.programs / "usr/bin"))}:"$PATH"')
        (self.folder / "env.sh").write_text("\n".join(lines) + "\n", "utf-8")

    def _start_daemon(self) -> None:
        self.run.mkdir(parents=True)
        self._network.save()
        mtu = str(default_mtu())
        command: list[str | Path] = [
            *(self.programs / "usr/sbin/dockerd", "--host", f"unix://{self.socket}"),
            *("--data-root", self.data, "--exec-root", self.run / "exec", "--pidfile", self.run / "dockerd.pid"),
            # A bridge has 1500 whatever lies behind it, and larger packets vanish: downloads in builds would hang.
            *("--mtu", mtu, "--default-network-opt", f"bridge=com.docker.network.driver.mtu={mtu}"),
        ]
        path = f"{self.programs / 'usr/bin'}:{self.programs / 'usr/sbin'}:{SYSTEM_PATH}"
        with self.log.open("wb") as log:
            daemon = subprocess.Popen(
                command,
                env={**os.environ, "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not answers({**os.environ, **self.environment}):
            if daemon.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-15:])
                self.stop()
                raise Trouble(f"The Docker engine did not start. The end of {self.log}:\n{last}")
            time.sleep(0.2)

    def _processes(self, name: str) -> list[int]:
        """Running programs of that name that were unpacked here; another engine's are not."""
        return [pid for pid, program in running(name).items() if program.is_relative_to(self.programs)]

    def _end(self, name: str, how: signal.Signals, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for pid in self._processes(name):
            kill(pid, how)
        while self._processes(name) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _mounts(self) -> list[str]:
        table = Path("/proc/self/mounts").read_text("utf-8").splitlines()
        points = [line.split()[1].encode().decode("unicode_escape") for line in table]
        return [point for point in points if Path(point).is_relative_to(self.folder)]


def answers(environment: Mapping[str, str]) -> bool:
    """Whether an engine with compose v2 can be used."""
    try:
        return all(
            subprocess.run(
                ["docker", *arguments], env=dict(environment), capture_output=True, timeout=30, check=False
            ).returncode
            == 0
            for arguments in (["info"], ["compose", "version"], ["buildx", "version"])
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


def version(environment: Mapping[str, str]) -> str:
    """``engine 26.1.5, compose 2.26.1``."""

    def tell(*arguments: str) -> str:
        done = subprocess.run(["docker", *arguments], env=dict(environment), capture_output=True, check=True)
        return done.stdout.decode().strip()

    return f"engine {tell('version', '-f', '{{.Server.Version}}')}, compose {tell('compose', 'version', '--short')}"


def running(name: str) -> dict[int, Path]:
    """Processes of that name, whoever's, and the programs they run."""
    found = {int(process.name): executable(process) for process in Path("/proc").glob("[0-9]*")}
    return {pid: program for pid, program in found.items() if program is not None and program.name == name}


def executable(process: Path) -> Path | None:
    """The program that a process of ``/proc`` runs; None for the kernel's and those that have just ended."""
    try:
        return Path(str((process / "exe").readlink()).removesuffix(" (deleted)"))
    except OSError:
        return None


def children(pid: int) -> list[int]:
    """Processes that a process has started, or taken over from those it started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # After the program's name, which may hold any character: state and parent (proc_pid_stat(5)).
            parent = int(status.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(status.parent.name))
    return found


def kill(pid: int, how: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else starts or stops the engine of this folder meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Start or stop; the exit code."""
    parser = argparse.ArgumentParser(description="A Docker engine for the proofs of the containers.")
    parser.add_argument("action", choices=("start", "stop"))
    parser.add_argument("--purge", action="store_true", help="with stop: remove all that was unpacked and built, too")
    chosen = parser.parse_args(arguments)
    engine = Engine(ROOT)
    try:
        if chosen.action == "stop":
            if ROOT.exists():
                with alone(ROOT):
                    engine.stop()
                    if chosen.purge:
                        engine.purge()
        elif answers(os.environ):
            say(f"engine: {version(os.environ)}, as it was found")
            ensure_base_image(dict(os.environ), ROOT)
        else:
            with alone(ROOT):
                engine.start()
                ensure_base_image({**os.environ, **engine.environment}, ROOT)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
