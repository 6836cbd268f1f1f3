"""The broker of the profile `mqtt`, as compose starts it: our configuration and our script, with a real Mosquitto."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server
from threading import Event

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "infra" / "mosquitto"
PATHS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin"
_WAIT = 20.0  # s


def _has(name: str) -> None:
    if shutil.which(name, path=PATHS) is None:
        pytest.skip(f"{name} (Debian's packages mosquitto and mosquitto-clients) is not installed")


def _environment(run: Path, conf: Path, username: str, password: str) -> dict[str, str]:
    return {
        "PATH": PATHS,
        "MOSQUITTO_CONF": str(conf),
        "MOSQUITTO_RUN": str(run),
        "MQTT_USERNAME": username,
        "MQTT_PASSWORD": password,
    }


@contextmanager
def broker(folder: Path, username: str, password: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """start.sh with our configuration, its port, folders and user made a test's own."""
    for program in ("mosquitto", "mosquitto_passwd", "mosquitto_sub"):
        _has(program)
    with create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    text = (FOLDER / "mosquitto.conf").read_text()
    here = {
        "listener 1883\n": f"listener {port} 127.0.0.1\n",
        "password_file /tmp/homeiq/passwords": f"password_file {folder}/run/passwords",
        "persistence_location /mosquitto/data/": f"persistence_location {folder}/data/",
    }
    for theirs, ours in here.items():
        assert text.count(theirs) == 1, theirs
        text = text.replace(theirs, ours)
    # In the container it has a user of its own; here it would leave root for one that cannot read these folders.
    conf = folder / "mosquitto.conf"
    conf.write_text(f"{text}user root\n" if os.geteuid() == 0 else text)
    (folder / "data").mkdir()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/sh", FOLDER / "start.sh"],
            env=_environment(folder / "run", conf, username, password),
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(400):
            try:
                create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                Event().wait(0.05)
            else:
                break
        yield port, process
    finally:
        process.kill()
        process.wait(_WAIT)


def _listens(port: int, *arguments: str, config: Path | None = None) -> int:
    """0: the broker took the subscription; 5: it refused the name or the password."""
    done = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-E", "-t", "healthcheck", "-W", "10", *arguments],
        env={"PATH": PATHS, "HOME": "/nonexistent"} | ({"XDG_CONFIG_HOME": str(config)} if config else {}),
        capture_output=True,
        timeout=_WAIT,
    )
    return done.returncode


@pytest.mark.heavy
@pytest.mark.parametrize(
    "password", ["plain", "sp ace", "-b", "$7$x", "q'\"\\%s$HOME`id`", "#hash", "ünïcode", "x" * 200]
)
def test_only_the_one_user_is_let_in(tmp_path: Path, password: str) -> None:
    with broker(tmp_path, "anna lena", password) as (port, _):
        assert _listens(port) == 5, "nobody"
        assert _listens(port, "-u", "anna lena", "-P", "wrong") == 5
        assert _listens(port, "-u", "anna lena", "-P", password) == 0
        assert _listens(port, config=tmp_path / "run") == 0, "the health check"


@pytest.mark.heavy
def test_the_password_is_neither_shown_nor_kept_readable(tmp_path: Path) -> None:
    with broker(tmp_path, "anna", "Stall&Tor=42") as (_, process):
        own = Path(f"/proc/{process.pid}")
        if own.exists():
            assert b"Stall" not in (own / "cmdline").read_bytes()
            assert b"Stall" not in (own / "environ").read_bytes()
        assert "Stall" not in (tmp_path / "run" / "passwords").read_text()
        assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "run").iterdir()} == {0o600}
    assert "Stall" not in (tmp_path / "log").read_text()


@pytest.mark.heavy
def test_what_is_retained_outlives_the_broker(tmp_path: Path) -> None:
    _has("mosquitto_pub")
    with broker(tmp_path, "anna", "secret") as (port, process):
        login = ["-h", "127.0.0.1", "-p", str(port), "-u", "anna", "-P", "secret"]
        subprocess.run(
            ["mosquitto_pub", *login, "-t", "kept", "-m", "yes", "-r", "-q", "1"],
            env={"PATH": PATHS},
            check=True,
            timeout=_WAIT,
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(_WAIT) == 0
    assert b"kept" in (tmp_path / "data" / "mosquitto.db").read_bytes()


@pytest.mark.parametrize(
    ("username", "password", "names"),
    [
        ("", "secret", "MQTT_USERNAME"),
        ("anna", "", "MQTT_PASSWORD"),
        ("an:na", "secret", "MQTT_USERNAME"),
        ("#anna", "secret", "MQTT_USERNAME"),
        ("anna", "se:cret", "MQTT_PASSWORD"),
        ("anna", " secret", "MQTT_PASSWORD"),
        ("anna", "secret\t", "MQTT_PASSWORD"),
        ("anna", "secret\nother:word", "MQTT_PASSWORD"),
        ("anna", "x" * 201, "MQTT_PASSWORD"),
    ],
)
def test_it_refuses_what_would_not_work(tmp_path: Path, username: str, password: str, names: str) -> None:
    done = subprocess.run(
        ["/bin/sh", FOLDER / "start.sh"],
        env=_environment(tmp_path / "run", FOLDER / "mosquitto.conf", username, password),
        capture_output=True,
        text=True,
        timeout=_WAIT,
    )
    assert done.returncode == 78
    assert names in done.stderr
    assert "secret" not in done.stderr
    assert not (tmp_path / "run").exists()
