"""``python:3.11-slim``: pulled where a registry answers, else made here with the same layout.

    python3 scripts/base_image.py [--tag python:3.11-slim] [--local]

What is made here has the machine's own CPython 3.11 in ``/usr/local`` on a minimal Debian of the machine's release, or
Debian's Python 3.11 where there is no other. It carries the label ``local.stand-in``, and trusts the certificates that
this machine's administrator added, so that a build reaches what the machine reaches. It is for proofs on this machine
and is not to be published.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.debian_archive import Trouble, codename, debian_here, install, say

TAG = "python:3.11-slim"
LABEL = "local.stand-in"
CERTIFICATES = Path("usr/local/share/ca-certificates")
PULL_SECONDS = 120
_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_LEFT_OUT = ("*/site-packages", "*/test", "*/tests", "*/__pycache__", "*/config-3.11-*", "*/tkinter", "*/_tkinter.*")
_LOADS = "import bz2, ctypes, curses, lzma, pip, readline, sqlite3, ssl, uuid, zlib"


def ensure_base_image(environment: Mapping[str, str], folder: Path, tag: str = TAG, *, local: bool = False) -> None:
    """See that the engine has the image.

    Args:
        environment: what makes ``docker`` talk to the engine.
        folder: on a disk with a gigabyte to spare, for a moment.
        local: make it even where it could be pulled.

    Raises:
        Trouble: it can be neither pulled nor made.
    """
    if not local and (_docker(environment, "image", "inspect", tag) or _pulled(environment, tag)):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Trouble(f"{tag} cannot be pulled, and to make one takes root and Debian's apt.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="base-") as name:
        root = Path(name, "root")
        prefix = relocatable_python()
        say(f"base image: no registry has it; making {tag} of Debian {codename()} with {prefix or 'its own Python'}")
        _fill(root, prefix)
        _import(root, environment, tag)
    if not _docker(environment, "run", "--rm", "--network", "none", tag, "python", "-c", _LOADS):
        raise Trouble(f"The Python of the image {tag} made here does not run.")


def relocatable_python() -> Path | None:
    """Prefix of a CPython 3.11 with a library of its own, which runs from any folder; not the one of Debian."""
    program = shutil.which("python3.11")
    if program is None:
        return None
    code = "import sys, sysconfig; print(sys.base_prefix, sysconfig.get_config_var('Py_ENABLE_SHARED'))"
    told = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False).stdout.split()
    if told[1:] != ["1"] or Path(told[0]) in (Path("/usr"), Path("/")):
        return None
    return Path(told[0])


def _fill(root: Path, prefix: Path | None) -> None:
    """A root file system as the public image has it."""
    install([] if shutil.which("mmdebstrap") else ["mmdebstrap"])
    packages = [
        "ca-certificates",
        "netbase",
        "tzdata",
        "usr-is-merged",
    ]  # the last instead of a converter written in Perl
    packages += _libraries(prefix) if prefix else ["python3", "python3-pip", "python3-venv"]
    done = subprocess.run(
        [
            *("mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}"),
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "locale", "info")),
            *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright"),
            *(codename(), str(root), "-"),
        ],
        input="".join(f"{archive.line}\n" for archive in debian_here()),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Trouble(f"mmdebstrap failed:\n{done.stderr[-2000:]}")
    for certificate in Path("/", CERTIFICATES).glob("*.crt"):
        shutil.copy(certificate, root / CERTIFICATES)
    _inside(root, "update-ca-certificates")
    (root / "etc/pip.conf").write_text("[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n", "utf-8")
    if prefix:
        _copy_python(prefix, root / "usr/local")
        _inside(root, "ldconfig")
        _inside(root, "/usr/local/bin/python3.11", "-m", "ensurepip", "--default-pip")
    else:
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        (root / "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink(missing_ok=True)
    for cache in sorted((root / "usr").rglob("__pycache__")):
        shutil.rmtree(cache)


def _libraries(prefix: Path) -> list[str]:
    """The Debian packages of this machine whose libraries a Python was linked with; those of Tk are left out."""
    modules = [path for path in (prefix / "lib/python3.11/lib-dynload").glob("*.so") if "tkinter" not in path.name]
    linked = subprocess.run(
        ["ldd", prefix / "bin/python3.11", *modules], capture_output=True, text=True, check=True
    ).stdout
    found = set()
    for library in set(re.findall(r"=> (/\S+)", linked)):
        for spelling in (library, str(Path(library).resolve())):  # packages know some by a link's name
            owner = subprocess.run(["dpkg", "--search", spelling], capture_output=True, text=True, check=False).stdout
            found |= set(re.findall(r"(?m)^([^:,\s]+)(?::\w+)?: ", owner))
    return sorted(found)


def _copy_python(prefix: Path, into: Path) -> None:
    programs = ("bin/python3.11", "bin/python3", "bin/python", "include/python3.11", "lib/python3.11")
    shared = [str(path.relative_to(prefix)) for path in (prefix / "lib").glob("libpython3*.so*")]
    left_out = [f"--exclude={pattern}" for pattern in _LEFT_OUT]
    with subprocess.Popen(
        ["tar", "-C", prefix, *left_out, "-cf", "-", *programs, *shared], stdout=subprocess.PIPE
    ) as packing:
        subprocess.run(["tar", "-C", into, "--no-same-owner", "-xf", "-"], stdin=packing.stdout, check=True)
    for recorded in (into / "lib/python3.11").glob("_sysconfigdata_*.py"):
        recorded.write_text(recorded.read_text("utf-8").replace(str(prefix), "/usr/local"), "utf-8")
    (into / "lib/python3.11/site-packages").mkdir(exist_ok=True)


def _import(root: Path, environment: Mapping[str, str], tag: str) -> None:
    changes = (f"ENV PATH={_PATH}", "ENV LANG=C.UTF-8", 'CMD ["python3"]', f"LABEL {LABEL}=debian-{codename()}")
    options = [part for change in changes for part in ("--change", change)]
    with subprocess.Popen(["tar", "-C", root, "--numeric-owner", "-cf", "-", "."], stdout=subprocess.PIPE) as packing:
        subprocess.run(
            ["docker", "import", *options, "-", tag],
            env=dict(environment),
            stdin=packing.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def _inside(root: Path, *command: str) -> None:
    done = subprocess.run(["chroot", root, *command], env={"PATH": _PATH}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{command[0]} failed in the image's file system:\n{done.stderr[-2000:]}")


def _pulled(environment: Mapping[str, str], tag: str) -> bool:
    try:
        return _docker(environment, "pull", "--quiet", tag, seconds=PULL_SECONDS)
    except subprocess.TimeoutExpired:
        return False


def _docker(environment: Mapping[str, str], *arguments: str, seconds: float | None = None) -> bool:
    done = subprocess.run(
        ["docker", *arguments], env=dict(environment), capture_output=True, timeout=seconds, check=False
    )
    return done.returncode == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the image on the engine that the environment names; the exit code."""
    parser = argparse.ArgumentParser(description="See that the engine has the base image.")
    parser.add_argument("--tag", default=TAG)
    parser.add_argument("--local", action="store_true", help="make it here even where it could be pulled")
    chosen = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            ensure_base_image(os.environ, Path(folder), chosen.tag, local=chosen.local)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
