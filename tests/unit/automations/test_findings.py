"""What a finding tells, and what a confirmation allows."""

from __future__ import annotations

from src.automations.findings import Finding, remark, standing

UNLOCK = Finding("hazard_unlock", "It would unlock it.", "Confirm it.", "lock.a", "lock.a:unlock")
OPEN = Finding("hazard_unlock", "It would open it.", "Confirm it.", "lock.a", "lock.a:open")
MISSING = Finding("unknown_entity", "There is none.", "Reject it.", "light.a")
ASIDE = remark("absent_entity", "It is away.", about="light.b")


def test_a_confirmation_allows_one_thing_and_nothing_else() -> None:
    everything = (UNLOCK, OPEN, MISSING, ASIDE)
    assert standing(everything) == (UNLOCK, OPEN, MISSING)
    assert standing(everything, {"lock.a:unlock"}) == (OPEN, MISSING)
    assert standing(everything, ["lock.a", "lock.b:unlock", "unlock", "light.a"]) == (UNLOCK, OPEN, MISSING)
    assert standing(everything, {"lock.a:unlock", "lock.a:open"}) == (MISSING,)


def test_its_json_leaves_out_what_there_is_none_of() -> None:
    assert UNLOCK.to_json() == {
        "code": "hazard_unlock",
        "message": "It would unlock it.",
        "remedy": "Confirm it.",
        "blocks": True,
        "about": "lock.a",
        "confirm": "lock.a:unlock",
    }
    assert set(MISSING.to_json()) == {"code", "message", "remedy", "blocks", "about"}
    assert ASIDE.to_json()["blocks"] is False
