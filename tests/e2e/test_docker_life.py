"""The compose file on a real engine, as a person meets it: up, models, patterns, restart, down and up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.docker.home import a_lamp
from tests.docker.models import ROLES
from tests.docker.stack import SERVICE, Stack

pytestmark = pytest.mark.heavy

NewStack = Callable[..., AbstractContextManager[Stack]]
FETCH = ("python", "scripts/download-models.py")


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    """Up with an empty volume; the tests of this file go on where the one before ended."""
    with new_stack() as stack:
        a_lamp(stack.folder / "history/home.csv")
        stack.up()
        yield stack


def states(stack: Stack) -> dict[str, str]:
    return {name: model["state"] for name, model in stack.get("/models").items() if name in ROLES}


def test_after_up_it_is_healthy_and_no_model_is_loaded(stack: Stack) -> None:
    assert states(stack) == dict.fromkeys(ROLES, "not_loaded")
    assert stack.asked_of_hub() == []


def test_nothing_outside_can_be_reached(stack: Stack) -> None:
    reach = (
        "import socket\n"
        "def tried(what, *arguments, **options):\n"
        "    try: what(*arguments, **options)\n"
        "    except OSError as error: return type(error).__name__\n"
        "    return 'reached'\n"
        "print(tried(socket.create_connection, ('9.9.9.9', 443), timeout=5))\n"
        "print(tried(socket.getaddrinfo, 'debian.org', 443))\n"
        "print(tried(socket.create_connection, ('hub', 8080), timeout=5))\n"
    )
    assert stack.execute("python", "-c", reach).out.split() == ["TimeoutError", "gaierror", "reached"]


def test_a_missing_model_is_named_with_its_reason(stack: Stack) -> None:
    away = stack.folder / "hub/tiny/classifier"
    away.rename(stack.folder / "hub/withheld")
    try:
        told = stack.execute(*FETCH, check=False)
    finally:
        (stack.folder / "hub/withheld").rename(away)
    assert told.code == 1
    assert "classifier  missing" in told.out
    assert "hub tiny/classifier@main" in told.out
    assert "Missing: classifier." in told.err
    assert told.out.count(" MB") == 2


def test_all_three_are_fetched_on_a_terminal_with_progress_sizes_and_times(stack: Stack) -> None:
    code, shown = stack.execute_on_terminal(*FETCH)
    assert code == 0, shown
    for role in ROLES:
        (line,) = (line for line in shown.splitlines() if line.startswith(role) and " MB " in line)
        assert " s " in line
    assert "━" in shown


def test_a_home_is_mined_over_the_published_port(stack: Stack) -> None:
    stack.execute("python", "-m", "src.cli", "import", "/history/home.csv")
    run = stack.ended(stack.detect()["id"])
    assert run["state"] == "succeeded", run["error"]
    assert any("kitchen light turns on" in sentence for sentence in stack.patterns().values())
    assert "loaded" in states(stack).values()


@pytest.mark.parametrize("how", ["restart", "down and up"])
def test_models_and_patterns_are_still_there_after(stack: Stack, how: str) -> None:
    patterns = stack.patterns()
    if how == "restart":
        stack.compose("restart", SERVICE)
        stack.wait_for_health("healthy")
    else:
        stack.down()
        stack.up()
    asked = len(stack.asked_of_hub())
    assert stack.patterns() == patterns
    told = stack.execute(*FETCH)
    assert told.out.count(" MB") == len(ROLES)
    assert stack.ended(stack.detect()["id"])["state"] == "succeeded"
    assert len(stack.asked_of_hub()) == asked


def test_without_its_volumes_it_starts_over(stack: Stack) -> None:
    stack.down(volumes=True)
    stack.up()
    assert stack.patterns() == {}
    assert stack.get("/models")["embedding"]["size_bytes"] is None
    assert stack.execute(*FETCH).code == 0
    assert stack.asked_of_hub() != []
