"""What tests of every folder may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.real_home_assistant.server import HomeAssistantServer


@pytest.fixture(scope="session")
def home_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistantServer]:
    """A real Home Assistant of the test home, without a past; one for all tests, so each leaves it as it was.

    Skips where none is installed. Tests that ask for it are heavy.
    """
    from tests.real_home_assistant.folder import write_folder
    from tests.real_home_assistant.installed import home_assistant_python
    from tests.real_home_assistant.server import free_port, running

    python = home_assistant_python()
    folder = write_folder(tmp_path_factory.mktemp("home_assistant") / "config", free_port())
    with running(folder, python) as server:
        yield server
