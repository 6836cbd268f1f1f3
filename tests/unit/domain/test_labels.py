"""Labels from a setting: what people may write, and what is told."""

from __future__ import annotations

import pytest

from src.domain.labels import CATEGORIES, PRIORITIES, Labels, parse_labels
from src.errors import InvalidSetting
from src.settings import load_settings


def test_labels_are_read_as_people_write_them() -> None:
    assert parse_labels(" energy , pets,Überwachung,hot water, wash-day") == (
        "energy",
        "pets",
        "Überwachung",
        "hot water",
        "wash-day",
    )


WRONG = {
    "none": "",
    "one": "energy",
    "thirteen": ",".join("abcdefghijklm"),
    "twice": "energy,Energy",
    "gap": "energy,,comfort",
    "number": "energy,2nd",
    "sign": "energy,comfort!",
    "line": "energy,com\nfort",
    "long": f"energy,{'x' * 25}",
}


@pytest.mark.parametrize("text", list(WRONG.values()), ids=list(WRONG))
def test_what_is_no_list_of_labels_is_told_by_the_name_of_the_setting(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"labels") as caught:
        load_settings(categories=text)
    assert caught.value.about == "CATEGORIES"
    with pytest.raises(InvalidSetting):
        load_settings(priorities=text)
    with pytest.raises(ValueError, match="label"):
        Labels(tuple(text.split(",")), PRIORITIES)


def test_the_settings_give_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().labels == Labels(CATEGORIES, PRIORITIES)
    monkeypatch.setenv("CATEGORIES", "garden, pets")
    monkeypatch.setenv("PRIORITIES", "urgent,later")
    assert load_settings().labels == Labels(("garden", "pets"), ("urgent", "later"))
