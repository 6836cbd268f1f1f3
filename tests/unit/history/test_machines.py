"""Whose acts are learned from, by the names and ids of Home Assistant's users."""

from __future__ import annotations

import pytest

from src.domain.home import Home, HomeUser
from src.history.machines import machine_users, unknown_users

HOME = Home("2026.11.0", users=(HomeUser("a1", "Anna"), HomeUser("b2", "Ben"), HomeUser("c3", "Node-RED")))


@pytest.mark.parametrize(
    ("excluded", "included", "machines"),
    [
        ("", "", set()),
        ("node-red", "", {"c3", "nodered"}),
        ("C3", "", {"c3"}),
        ("", "anna", {"b2", "c3"}),
        ("", " A1 , Ben", {"c3"}),
        ("ben", "anna, ben", {"b2", "c3", "ben"}),
        ("", "nobody", {"a1", "b2", "c3"}),
    ],
)
def test_whose_acts_count_as_an_automations(excluded: str, included: str, machines: set[str]) -> None:
    assert machine_users(HOME, excluded, included) == machines


def test_a_home_that_names_no_users_leaves_nobody_out() -> None:
    assert machine_users(Home("2026.11.0"), "", "anna") == frozenset()


def test_who_is_nobody() -> None:
    assert unknown_users(HOME, "anna, C3, Dora") == ("Dora",)
