"""A MariaDB server of the tests' own: no network, no password, in a folder that is deleted afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.unit.store.postgresql import groups_of, unprivileged_account

SECONDS_TO_START = 60
DATABASE = "homeassistant"


@dataclass
class MariadbServer:
    """A server that can be stopped and started again; it keeps its data meanwhile."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    def url(self, user: str = "root", password: str = "", database: str = DATABASE) -> str:
        who = f"{user}:{password}" if password else user
        return f"mysql://{who}@localhost/{database}?unix_socket={self.socket}&charset=utf8mb4"

    def execute(self, *statements: str, database: str | None = None) -> None:
        """As the server's root."""
        connection = pymysql.connect(unix_socket=str(self.socket), user="root", database=database, autocommit=True)
        with closing(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def emptied(self) -> str:
        """URL of the one database, without the tables that the test before may have left."""
        self.execute(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        return self.url()

    def start(self) -> None:
        options = (
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'pid'}",
            f"--log-error={self.folder / 'log'}",
            "--skip-networking",
            "--innodb-buffer-pool-size=64M",
            "--innodb-flush-log-at-trx-commit=2",
        )
        # Asked for its readiness by its own client's ping, which waits; no clock of ours is involved.
        self.process = subprocess.Popen([_program("mariadbd"), *options], cwd=self.folder, **_as_somebody())
        for _ in range(SECONDS_TO_START * 2):
            asked = [_program("mariadb-admin"), "--no-defaults", f"--socket={self.socket}", "--user=root"]
            if subprocess.run([*asked, "--wait=1", "ping"], capture_output=True, check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
        raise AssertionError(f"MariaDB did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def private_mariadb() -> Iterator[MariadbServer]:
    """A server for as long as the context lasts; the test is skipped where MariaDB is not installed."""
    if not all(_found(name) for name in ("mariadbd", "mariadb-install-db", "mariadb-admin")):
        pytest.skip("MariaDB's mariadbd, mariadb-install-db and mariadb-admin are not installed")
    with tempfile.TemporaryDirectory(prefix="my-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        account = unprivileged_account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [
                _program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=120,
            **_as_somebody(),
        )
        server = MariadbServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _found(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _program(name: str) -> str:
    found = _found(name)
    assert found
    return found


def _as_somebody() -> dict[str, Any]:
    """The server refuses root, so it runs as somebody else then."""
    account = unprivileged_account()
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups_of(account)}
