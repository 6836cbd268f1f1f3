"""What tests of every folder may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tests.docker.engine import Engine
    from tests.docker.stack import Stack
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


@pytest.fixture(scope="session")
def docker_engine() -> Engine:
    """A Docker engine with compose v2. Skips where there is none. Tests that ask for it are heavy."""
    from tests.docker.engine import MISSING, find_engine

    engine = find_engine()
    if engine is None:
        pytest.skip(MISSING)
    return engine


@pytest.fixture(scope="session")
def service_image(docker_engine: Engine, request: pytest.FixtureRequest) -> str:
    """The service's image, built for what the repository holds now; the report says on what it was built."""
    from tests.docker.image import base_of, build, tag_of_inputs

    image = build(docker_engine, tag_of_inputs())
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\n{image} is built on {base_of(docker_engine, image)}")
    return image


@pytest.fixture(scope="session")
def new_stack(
    docker_engine: Engine, service_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[Stack]]:
    """Makes a compose project that is not up yet; what it takes besides is told by ``stack_of``."""
    from tests.docker.stack import stack_of

    return lambda **options: stack_of(docker_engine, service_image, tmp_path_factory.mktemp("stack"), **options)
