"""Where a path belongs an address is refused, and not repeated: it may hold a password."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from src.analysis.request import DetectRequest
from src.analysis.sources import check_sources
from src.errors import HistoryNotFound, InvalidSetting
from src.settings import Settings

ADDRESSES = ["mysql://ha:p4ssword@db/ha", "mysql:/ha:p4ssword@db/ha", " http://ha:p4ssword@elsewhere/home.csv"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_no_path(address: str) -> None:
    refusals: list[Callable[[], None]] = [
        DetectRequest(history=address).check,
        DetectRequest(history=__file__, entities=address).check,
        lambda: check_sources(Settings(history=address)),
    ]
    for refuse in refusals:
        with pytest.raises(InvalidSetting, match="cannot be 'an address'") as caught:
            refuse()
        assert "p4ssword" not in str(caught.value)


@pytest.mark.parametrize("path", ["C:/home.csv", "/data/a:b/home.csv", "home:2026.csv"])
def test_a_path_with_a_colon_is_a_path(path: str) -> None:
    with pytest.raises(HistoryNotFound):
        DetectRequest(history=path).check()
