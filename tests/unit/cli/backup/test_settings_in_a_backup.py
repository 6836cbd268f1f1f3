"""The settings that a backup carries, and what is told of those that differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.settings import Settings, load_settings
from src.store.backed_settings import differences, settings_text


def test_an_address_with_a_password_is_a_secret_wherever_it_stands() -> None:
    here, there = load_settings(ha_url="http://192.168.1.4:8123"), load_settings(history="mysql://anna:geheim@db/x")
    text = settings_text(there, secrets=False)
    assert "geheim" not in text
    assert "# set again: HISTORY=" in text
    told = [str(each) + json.dumps(each.to_json()) for each in differences(settings_text(there, secrets=True), here)]
    assert not any("geheim" in each for each in told)


@pytest.mark.parametrize("value", ["it's", 'a "b" c', "back\\slash", "#no comment", "a $b", " x ", "größer", "a=b"])
def test_a_setting_comes_back_as_it_was(value: str, tmp_path: Path) -> None:
    (tmp_path / "s.env").write_text(settings_text(load_settings(exclude_users=value), secrets=False), "utf-8")
    again = Settings(_env_file=tmp_path / "s.env")
    assert again.exclude_users == value
    assert differences((tmp_path / "s.env").read_text("utf-8"), again) == []


def test_a_value_that_such_a_file_cannot_carry_is_only_named() -> None:
    text = settings_text(load_settings(ha_token="a${TZ}b"), secrets=True)
    assert "${TZ}" not in text
    assert "# set again: HA_TOKEN=" in text


def test_of_other_secrets_nothing_is_told() -> None:
    here, there = load_settings(hf_token="first"), load_settings(hf_token="second")
    told = [str(each) + json.dumps(each.to_json()) for each in differences(settings_text(there, secrets=True), here)]
    assert len(told) == 1
    assert "HF_TOKEN" in told[0]
    assert not {"first", "second"} & set(told[0].replace('"', " ").split())
