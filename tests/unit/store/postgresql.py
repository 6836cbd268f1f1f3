"""A PostgreSQL server of the tests' own: no network, no password, in a folder that is deleted afterwards."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        socket: folder of its Unix socket, which is the only way in.
    """

    socket: Path

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.socket}"

    def emptied(self) -> str:
        """URL of the one database, without the tables that the test before may have left."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '10s'")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url()


@contextmanager
def private_server() -> Iterator[Server]:
    """A server for as long as the context lasts; the test is skipped where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        account = unprivileged_account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)

        def call(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, *arguments],
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else groups_of(account),
                stdout=subprocess.DEVNULL,
                check=True,
                timeout=120,
            )

        call("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=32MB"
        call("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            call("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")


def _programs() -> Path | None:
    """The folder of the newest server programs."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists() and (folder / "initdb").exists()), None)


def unprivileged_account() -> pwd.struct_passwd | None:
    """Whom to run the server as: it refuses root, so somebody else then; None for ourselves."""
    if os.getuid() != 0:
        return None
    names = {account.pw_name: account for account in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def groups_of(account: pwd.struct_passwd) -> list[int]:
    return [group.gr_gid for group in grp.getgrall() if account.pw_name in group.gr_mem]
