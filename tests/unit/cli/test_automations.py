"""Patterns as automations, and the home itself, from a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.cli import main
from src.domain.instants import instant_now
from src.store import Store
from tests.unit.analysis.deploying_world import DOOR, LAMP, LAMP_ID, Home, edit, publish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home with two patterns in the store, and the settings that lead to both."""
    store = Store.open(f"sqlite:///{tmp_path / 'ai-automation.db'}")
    publish(store, LAMP, DOOR, now=instant_now())
    store.close()
    with Home() as home:
        for name, value in {"DATA_DIR": str(tmp_path), "HA_URL": home.url, "HA_TOKEN": home.token, "TZ": "UTC"}.items():
            monkeypatch.setenv(name, value)
        yield home


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--format", "json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_from_preview_to_rollback(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["automation", "preview", LAMP.id]) == 0
    assert capsys.readouterr().out.startswith(f"id: {LAMP_ID}\n")
    assert home.automations == {}

    assert main(["automation", "deploy", LAMP.id]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [LAMP.id, "deployed", "off", "1"] in [line[:4] for line in lines]
    assert told(capsys, "automation", "deploy", LAMP.id, "--on")["enabled"]
    assert told(capsys, "automation", "deploy", LAMP.id)["enabled"]
    assert told(capsys, "automation", "deploy", LAMP.id, "--off")["enabled"] is False
    assert told(capsys, "automation", "status", LAMP.id)["state"] == "deployed"
    listed = told(capsys, "automation", "list")["automations"]
    assert isinstance(listed, list)
    assert [each["automation_id"] for each in listed] == [LAMP_ID]

    assert told(capsys, "automation", "rollback", LAMP.id)["state"] == "removed"
    assert home.automations == {}


def test_a_danger_is_named_with_what_allows_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["automation", "preview", DOOR.id]) == 0
    assert "--confirm lock.front_door:unlock" in capsys.readouterr().err
    assert main(["automation", "deploy", DOOR.id]) == 1
    assert "unlock" in capsys.readouterr().err
    assert home.automations == {}
    assert main(["automation", "deploy", DOOR.id, "--confirm", "lock.front_door:unlock"]) == 0


def test_what_was_changed_by_hand_is_shown_and_left(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    main(["automation", "deploy", LAMP.id])
    edit(home, LAMP_ID, alias="Mine")
    capsys.readouterr()
    assert main(["automation", "rollback", LAMP.id]) == 1
    assert "changed by hand" in capsys.readouterr().err
    assert main(["automation", "status", LAMP.id]) == 0
    assert "+alias: Mine" in capsys.readouterr().err


def test_no_such_pattern_exits_with_2(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["automation", "deploy", "p_nothing"]) == 2
    assert "p_nothing" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["automation", "deploy", LAMP.id], ["home"]])
def test_without_home_assistant_they_exit_with_6(
    home: Home, command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.stop()
    assert main(command) == 6
    assert "HA_URL" in capsys.readouterr().err
    monkeypatch.setenv("HA_URL", "")
    assert main(command) == 6
    assert "HA_TOKEN" in capsys.readouterr().err
    assert main(["automation", "preview", LAMP.id]) == 0
    assert "not checked" in capsys.readouterr().err


def test_a_token_that_is_not_taken_exits_with_6_and_is_not_shown(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HA_TOKEN", "not-the-right-one")
    assert main(["home"]) == 6
    streams = capsys.readouterr()
    assert "HA_TOKEN" in streams.err
    assert "not-the-right-one" not in streams.out + streams.err


def test_the_home_is_told_with_what_is_left_out_and_why(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.add_entity("sensor.signal", "-60", category="diagnostic")
    home.add_entity("light.guest_room", "off", area="Guest room")
    home.add_entity("light.old", hidden=True)
    main(["automation", "deploy", LAMP.id])
    capsys.readouterr()
    monkeypatch.setenv("EXCLUDE", "light.guest_*")

    found = told(capsys, "home")

    assert found["version"] == "2024.3.3"
    assert found["administrator"] is True
    assert found["left_out"] == {"diagnostic_entity": 1, "hidden_entity": 1, "not_selected": 1}
    assert found["learned_from"] == 3
    assert isinstance(found["automations"], list)
    assert [each["enabled"] for each in found["automations"]] == [False]
    assert main(["home"]) == 0
    assert "2024.3.3" in capsys.readouterr().out


def test_a_token_without_rights_is_told(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HA_TOKEN", home.guest_token)
    assert main(["home"]) == 0
    assert "no administrator" in capsys.readouterr().err
    assert main(["automation", "deploy", LAMP.id]) == 6
