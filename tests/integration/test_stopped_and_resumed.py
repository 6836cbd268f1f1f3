"""A service that is stopped in the middle of its work ends in order, and goes on with it when it is back."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.domain.runs import RunState
from tests.fake_home_assistant import FakeHomeAssistant, Hang
from tests.integration.loopback import Loopback
from tests.integration.stopped_service import PATIENCE, Home, write_history

pytestmark = pytest.mark.heavy


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    write_history(made.history)
    return made


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield int(listening.getsockname()[1])


def uninterrupted(tmp_path: Path, history: Path) -> list[dict[str, object]]:
    """What the same request finds when nothing stops it."""
    (tmp_path / "other").mkdir()
    home = Home(tmp_path / "other")
    with home.serving() as service:
        run_id = service.detect(history=str(history))
        service.until(lambda: service.run(run_id)["state"] == "succeeded")
        assert service.end(signal.SIGTERM) == 0
    return home.patterns()


def lasting(patterns: list[dict[str, object]]) -> list[dict[str, object]]:
    """Without what names the run or its instant."""
    return [{name: value for name, value in each.items() if name not in ("created", "updated")} for each in patterns]


@pytest.mark.parametrize(
    ("stage", "signals"),
    [
        ("import", [signal.SIGTERM]),
        ("mine", [signal.SIGTERM, signal.SIGTERM]),
        ("embed", [signal.SIGINT]),
        ("rerank", [signal.SIGTERM]),
        ("publish", [signal.SIGTERM]),
    ],
)
def test_stopped_in_a_stage_and_resumed(home: Home, tmp_path: Path, stage: str, signals: list[signal.Signals]) -> None:
    with home.serving(hang_in=stage) as service:
        first = service.detect(history=str(home.history))
        service.until(lambda: service.run(first)["stage"] == stage)
        assert service.end(*signals) == 0
    left = home.left(first)
    assert (left.state, left.stage) == (RunState.FAILED, stage)
    assert left.error is not None
    assert left.error["code"] == "run_interrupted"

    with home.serving() as service:
        again = service.resumed(first)
        assert (again["state"], again["resumes"], again["trigger"]) == ("succeeded", first, "api")
        assert again["request"] == left.request
        assert service.end(signal.SIGTERM) == 0
    found = lasting(home.patterns())
    assert found
    assert found == lasting(uninterrupted(tmp_path, home.history))


def killed_again(home: Home, first: str, before: str | None) -> str:
    """Start, wait for the run that goes on after ``before`` to hang, and kill; the id of that run."""
    with home.serving(hang_in="mine") as service:
        service.until(lambda: service.run(first)["resumed_by"] not in (None, before))
        further = str(service.run(first)["resumed_by"])
        service.until(lambda: service.run(further)["stage"] == "mine")
        service.end(signal.SIGKILL)
    return further


def test_killed_and_resumed_but_not_for_ever(home: Home) -> None:
    with home.serving(hang_in="mine") as service:
        first = service.detect(history=str(home.history))
        service.until(lambda: service.run(first)["stage"] == "mine")
        service.end(signal.SIGKILL)
    second = killed_again(home, first, None)
    last = killed_again(home, first, second)
    with home.serving() as service:
        service.until(lambda: "memory" in ((service.run(last)["error"] or {}).get("remedy", "")))
        run = service.run(last)
        assert (run["state"], run["error"]["code"], run["resumes"]) == ("failed", "run_interrupted", first)
        assert service.run(first)["resumed_by"] == last
        asked = [run for run in service.client.get("/runs").json()["runs"] if run["trigger"] == "api"]
        assert len(asked) == 3
        # Nothing is in the way of whoever asks again.
        anew = service.detect(history=str(home.history))
        service.until(lambda: service.run(anew)["state"] == "succeeded")
        assert service.end(signal.SIGTERM) == 0


def test_a_history_that_is_gone_is_told(home: Home) -> None:
    with home.serving(hang_in="import") as service:
        first = service.detect(history=str(home.history))
        service.until(lambda: service.run(first)["stage"] == "import")
        assert service.end(signal.SIGTERM) == 0
    home.history.unlink()
    with home.serving() as service:
        again = service.resumed(first)
        assert (again["state"], again["error"]["code"]) == ("failed", "history_not_found")
        assert service.end(signal.SIGTERM) == 0


def test_everybody_it_talks_to_hangs(home: Home, silent: int) -> None:
    with FakeHomeAssistant() as fake:
        fake.trouble["*"] = Hang()
        home.environment |= {
            "HA_URL": fake.access().url,
            "HA_TOKEN": fake.access().token,
            "HA_TIMEOUT": "300",
            "HA_LIVE": "true",
            "MQTT_HOST": "127.0.0.1",
            "MQTT_PORT": str(silent),
        }
        with home.serving() as service:
            first = service.detect(history="home_assistant")
            service.until(lambda: len(fake.asked) > 0 or service.run(first)["stage"] == "look")
            watching = threading.Thread(
                target=lambda: service.client.get("/models/downloads", headers={"Accept": "text/event-stream"})
            )
            waiting = threading.Thread(
                target=lambda: service.client.post("/patterns/detect", json={"history": "home_assistant", "wait": True})
            )
            for thread in (watching, waiting):
                thread.start()
            assert service.end(signal.SIGTERM) == 0
            for thread in (watching, waiting):
                thread.join(PATIENCE)
        left = home.left(first)
        assert (left.state, (left.error or {})["code"]) == (RunState.FAILED, "run_interrupted")


def test_a_conversion_under_way_ends_with_the_service(home: Home) -> None:
    number = home.folder / "child"
    interpreter = home.folder / "python"
    interpreter.write_text(f"#!/bin/sh\necho $$ > {number}.part\nmv {number}.part {number}\nexec sleep 600\n")
    interpreter.chmod(0o755)
    with Loopback() as hub:
        home.environment |= {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": hub.url, "MODEL_CONVERT_PYTHON": str(interpreter)}
        with home.serving() as service:
            assert service.client.post("/models/embedding/load", params={"wait": False}).status_code == 202
            service.until(number.exists)
            child = Path("/proc") / number.read_text().strip()
            assert child.exists()
            assert service.end(signal.SIGTERM) == 0
            assert not child.exists()
    assert [path.name for path in (home.folder / "models" / "embedding").iterdir() if path.is_dir()] == []
