"""Packages from the Debian archive that this machine's apt uses: installed, or only unpacked into a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

APT = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ONE_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)")


class Trouble(Exception):
    """What went wrong and what to do, for the person who asked."""


@dataclass(frozen=True)
class Archive:
    """Where apt finds a suite."""

    uri: str
    suite: str
    components: str

    @property
    def line(self) -> str:
        """As it stands in a list of the one-line form."""
        return f"deb [signed-by={KEYRING}] {self.uri} {self.suite} {self.components}"


def say(text: str) -> None:
    """A line for the person who waits."""
    print(text, flush=True)


def archives(folder: Path = APT) -> Iterator[Archive]:
    """Every suite that apt is told of, in lists of both forms (sources.list(5)).

    Raises:
        OSError: a list cannot be read.
    """
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for file in files:
        if file.suffix == ".list" and file.exists():
            for line in file.read_text("utf-8").splitlines():
                if match := _ONE_LINE.match(line.strip()):
                    yield Archive(match["uri"], match["suite"], match["components"])
        elif file.suffix == ".sources":
            text = re.sub(r"(?m)^#.*\n?", "", file.read_text("utf-8"))
            for paragraph in re.split(r"\n\s*\n", text):
                fields = dict(re.findall(r"(?m)^([\w-]+):[ \t]*((?:.*)(?:\n[ \t]+.*)*)", paragraph))
                if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes").strip() != "no":
                    for uri in fields.get("URIs", "").split():
                        for suite in fields.get("Suites", "").split():
                            yield Archive(uri, suite, " ".join(fields.get("Components", "main").split()))


def codename() -> str:
    """``bookworm`` on Debian 12.

    Raises:
        Trouble: this is no Debian.
    """
    fields: dict[str, str] = dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text("utf-8")))
    if fields.get("ID") != "debian" or not fields.get("VERSION_CODENAME"):
        raise Trouble("A Docker engine is only unpacked on Debian; install one, or set DOCKER_HOST.")
    return fields["VERSION_CODENAME"]


def debian_here() -> list[Archive]:
    """This machine's own suite, its updates and its security updates.

    Raises:
        Trouble: apt is told of none.
    """
    name = codename()
    found = [each for each in archives() if each.suite in (name, f"{name}-updates", f"{name}-security")]
    if not any(each.suite == name for each in found):
        raise Trouble(f"apt has no source for Debian {name}.")
    return sorted(found, key=lambda each: each.suite)


def install(packages: Sequence[str]) -> None:
    """Install what is not there.

    Raises:
        Trouble: apt says why.
    """
    if packages:
        say(f"apt: installing {', '.join(packages)}")
        _apt(["update", "-qq"])
        _apt(["install", "-y", "-qq", "--no-install-recommends", *packages])


def unpack(suite: str, packages: Sequence[str], into: Path) -> None:
    """Unpack packages of any suite of Debian, without what they depend on; nothing is installed.

    Apt has lists and a cache of its own meanwhile, so the machine's are as they were.

    Raises:
        Trouble: the suite or a package cannot be had, or a program of it does not run with this machine's libraries.
    """
    (main, *_) = [each for each in debian_here() if each.suite == codename()]
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent) as name:
        folder = Path(name)
        for below in ("lists/partial", "cache/archives/partial", "packages"):
            (folder / below).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(Archive(main.uri, suite, "main").line + "\n", "utf-8")
        settings = {
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": "-",
            "Dir::State::Lists": folder / "lists",
            "Dir::State::Status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Acquire::Languages": "none",
            "APT::Sandbox::User": "root",  # apt's own user may not enter a folder of ours
        }
        options = [f"-o{key}={value}" for key, value in settings.items()]
        _apt([*options, "update", "-qq"])
        _apt([*options, "download", "-qq", *packages], folder / "packages")
        into.mkdir()
        for package in sorted((folder / "packages").glob("*.deb")):
            subprocess.run(["dpkg", "--extract", package, into], check=True)
    for program in [*into.glob("usr/*bin/*"), *into.glob("usr/libexec/**/*")]:
        if program.is_file() and not program.is_symlink():
            libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
            if "not found" in libraries.stdout + libraries.stderr:
                shutil.rmtree(into)
                raise Trouble(f"{program.name} of Debian {suite} needs newer libraries than this machine has.")


def _apt(arguments: Sequence[str], folder: Path | None = None) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise Trouble(f"apt-get {arguments[-1] if arguments[-1] != '-qq' else 'update'} failed:\n{last}")
