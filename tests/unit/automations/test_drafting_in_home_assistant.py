"""What Home Assistant itself says of the automations: its own validator, run by the Python that has it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from src.automations.blueprints import blueprint_of, use_blueprint_of
from src.automations.draft import Draft
from src.automations.drafting import drafted_offline
from src.automations.spelling import NEW_WORDS_SINCE, Release, config_of
from src.domain.patterns import Json, Pattern
from src.errors import NotAutomatable
from tests.real_home_assistant.installed import ROOT, environment, home_assistant_python
from tests.unit.automations.any_pattern import PEOPLE, info_of, patterns
from tests.unit.domain import every_kind

pytestmark = pytest.mark.heavy


def release_of(python: Path) -> Release:
    """The version of Home Assistant that a Python has."""
    asked = [str(python), "-c", "from homeassistant.const import __version__; print(__version__)"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60, env=environment()).stdout
    year, month = said.split(".")[:2]
    return int(year), int(month)


def validated(python: Path, lines: list[Json], folder: Path) -> tuple[int, str]:
    """The exit status and what the validator says."""
    file = folder / "automations.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    script = ROOT / "scripts" / "validate_automations.py"
    done = subprocess.run(
        [python, script, file], capture_output=True, text=True, check=False, timeout=300, env=environment()
    )
    return done.returncode, done.stdout + done.stderr


def lines_of(drafted: Draft, release: Release) -> list[Json]:
    """The automation in the old words, which every version takes, in the version's own, and by its blueprint."""
    spellings = {(2024, 3), release} if release >= NEW_WORDS_SINCE else {release}
    lines = [config_of(drafted, spelling) for spelling in sorted(spellings)]
    text = blueprint_of(drafted, release)
    return lines if text is None else [*lines, {"automation": use_blueprint_of(drafted, release), "blueprint": text}]


def test_it_takes_one_of_every_kind(tmp_path: Path) -> None:
    python = home_assistant_python()
    release = release_of(python)
    info = info_of(*every_kind.PEOPLE)
    drafts = [drafted_offline(each, info) for each in every_kind.EVERY if each is not every_kind.FREQUENCY]
    status, said = validated(python, [line for each in drafts for line in lines_of(each, release)], tmp_path)
    assert (status, "0 invalid" in said) == (0, True), said


def test_it_takes_whatever_random_patterns_become(tmp_path: Path) -> None:
    python = home_assistant_python()
    release = release_of(python)
    lines: list[Json] = []

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(patterns())
    def collect(pattern: Pattern) -> None:
        try:
            drafted = drafted_offline(pattern, info_of(*PEOPLE))
        except NotAutomatable:
            return
        lines.extend(lines_of(drafted, release))

    collect()
    assert len(lines) > 100
    status, said = validated(python, lines, tmp_path)
    assert (status, "0 invalid" in said) == (0, True), said


def test_it_refuses_what_is_wrong_so_its_yes_means_something(tmp_path: Path) -> None:
    python = home_assistant_python()
    right = config_of(drafted_offline(every_kind.TIME_OF_DAY, {}), (2024, 3))
    wrong: list[Json] = [
        {**right, "trigger": [{"platform": "time", "at": "25:00:00"}]},
        {**right, "trigger": [{"platform": "clock", "at": "07:00:00"}]},
        {**right, "condition": [{"condition": "time", "weekday": ["monday"]}]},
        {**right, "condition": [{"condition": "template", "value_template": "{{ a b }}"}]},
        {**right, "action": [{"service": "turn on the light"}]},
        {**right, "mood": "single"},
    ]
    status, said = validated(python, [right, *wrong], tmp_path)
    assert status == 1
    assert f"1 valid, {len(wrong)} invalid" in said, said
