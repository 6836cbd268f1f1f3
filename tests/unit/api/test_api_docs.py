"""``docs/api.md`` says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from src.api.guards import MAX_BODY
from src.api.problems import PROBLEMS
from tests.unit.api.test_openapi import PATHS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"


@pytest.fixture
def page() -> str:
    return PAGE.read_text("utf-8")


def test_the_table_of_errors_is_the_services_own(page: str) -> None:
    told = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (.+) \|$", page, re.MULTILINE)
    assert told == [(code, str(kind.status), kind.title) for code, kind in PROBLEMS.items()]


def test_the_table_of_calls_is_the_services_own(page: str) -> None:
    told = set(re.findall(r"^\| `(GET|POST|PATCH) (/\S+)` \|", page, re.MULTILINE))
    assert told == {(method.upper(), path) for path, methods in PATHS.items() for method in methods}


def test_the_bound_of_a_body_is_the_services_own(page: str) -> None:
    assert f"no larger than {MAX_BODY // 1024} KB" in page
