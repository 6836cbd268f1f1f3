"""A volume of the version before, in a container of this one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.docker.stack import SERVICE, Stack
from tests.e2e.test_upgrade_and_backup import ACCEPTED, NEVER_SOON, OLD_RUN, REJECTED
from tests.unit.store.test_upgrading import EARLIER, database_of, dump_of

pytestmark = pytest.mark.heavy

NewStack = Callable[..., AbstractContextManager[Stack]]


def test_a_volume_of_the_previous_schema_comes_up_with_everything_in_it(new_stack: NewStack, tmp_path: Path) -> None:
    previous = EARLIER[-1]
    old = database_of(previous, tmp_path / "old.db")
    before = dump_of(old)
    with new_stack(settings=NEVER_SOON) as stack:
        shutil.copyfile(old, stack.folder / "history/old.db")
        stack.compose("run", "--rm", "--no-deps", SERVICE, "cp", "/history/old.db", "/data/ai-automation.db")
        stack.up(SERVICE)
        assert stack.get(f"/patterns/{ACCEPTED}")["status"] == "accepted"
        assert stack.get(f"/patterns/{REJECTED}")["status"] == "rejected"
        assert stack.get(f"/runs/{OLD_RUN}")["state"] == "succeeded"
        kept = f"/data/ai-automation.db.{previous}.backup"
        read = f"import sqlite3; print(*sqlite3.connect('file:{kept}?mode=ro', uri=True).iterdump(), sep='\\n')"
        assert stack.execute("python", "-c", read).out.splitlines() == "\n".join(before).splitlines()
