"""What must hold when an automation is set off, in Home Assistant's words.

See https://www.home-assistant.io/docs/scripts/conditions/
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from src.automations.draft import CannotBeWritten
from src.automations.services import one_or_all
from src.automations.things import HOME_ZONE, SUN, Things
from src.domain.patterns import Json
from src.domain.triggers import WEEKDAYS

HOME = "home"

_DATE = re.compile(r"[01]\d-[0-3]\d")


def condition_of(condition: Json, things: Things) -> list[Json]:
    """A pattern's condition; none for what needs none.

    Raises:
        CannotBeWritten: not a condition that is known. It is not left out, since then more would be done than was seen.
    """
    kind = condition.get("type")
    if kind == "time":
        return _time(condition)
    if kind == "sun" and condition.get("is") in ("below_horizon", "above_horizon"):
        return [_sun(str(condition["is"]), things)]
    if kind == "presence" and condition.get("is") in ("somebody_home", "nobody_home"):
        return [_presence(condition, things)]
    if kind == "state" and condition.get("entity_id"):
        state = str(condition.get("state", condition.get("to", "")))
        return [{"condition": "state", "entity_id": str(condition["entity_id"]), "state": state}]
    if kind == "season":
        return _season(condition.get("from"), condition.get("until"))
    raise CannotBeWritten(f"its condition {condition} is of a sort that cannot be written")


def on_weekdays(weekdays: Sequence[str]) -> list[Json]:
    """That it is one of these days; nothing for every day. The day is that of the moment it is asked at."""
    chosen = [day for day in WEEKDAYS if day in weekdays]
    return [] if len(chosen) in (0, len(WEEKDAYS)) else [{"condition": "time", "weekday": chosen}]


def template(text: str) -> Json:
    """That a template says yes."""
    return {"condition": "template", "value_template": "{{ " + text + " }}"}


def quoted(text: str) -> str:
    """A text as a template writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def anybody_home(entity_ids: Sequence[str], things: Things) -> Json:
    """That one of these is at home."""
    if len(entity_ids) > 1 and things.everybody(entity_ids):
        return {"condition": "numeric_state", "entity_id": HOME_ZONE, "above": 0}
    condition: Json = {"condition": "state", "entity_id": one_or_all(list(entity_ids)), "state": HOME}
    return {**condition, "match": "any"} if len(entity_ids) > 1 else condition


def nobody_home(entity_ids: Sequence[str], things: Things) -> Json:
    """That all of these are away; somebody of whom nothing is known is taken for away."""
    if len(entity_ids) > 1 and things.everybody(entity_ids):
        return {"condition": "numeric_state", "entity_id": HOME_ZONE, "below": 1}
    return {"condition": "not", "conditions": [anybody_home(entity_ids, things)]}


def _time(condition: Json) -> list[Json]:
    sides = {side: str(condition[side]) for side in ("after", "before") if condition.get(side)}
    weekdays = on_weekdays(condition.get("weekdays") or ())
    if not sides:
        return weekdays
    return [{"condition": "time", **sides, **(weekdays[0] if weekdays else {})}]


def _sun(is_: str, things: Things) -> Json:
    """By the sun's own state, which is right in the polar night too; by its times where it is no entity."""
    if things.sun:
        return {"condition": "state", "entity_id": SUN, "state": is_}
    if is_ == "below_horizon":
        return {"condition": "sun", "before": "sunrise", "after": "sunset"}
    return {"condition": "sun", "after": "sunrise", "before": "sunset"}


def _presence(condition: Json, things: Things) -> Json:
    people = [str(entity_id) for entity_id in condition.get("entity_ids") or sorted(things.persons)]
    if not people:
        raise CannotBeWritten("it asks who is at home, and nobody is known")
    return anybody_home(people, things) if condition["is"] == "somebody_home" else nobody_home(people, things)


def _season(begins: object, ends: object) -> list[Json]:
    """Between two dates of every year. Of a season whose end is not known yet nothing is asked: it goes on."""
    for date in (begins, ends):
        if date and not _DATE.fullmatch(str(date)):
            raise CannotBeWritten(f"{date} is no day of the year")
    if not ends:
        return []
    today = "now().strftime('%m-%d')"
    if not begins:
        return [template(f"{today} <= '{ends}'")]
    if str(begins) <= str(ends):
        return [template(f"'{begins}' <= {today} <= '{ends}'")]
    return [template(f"{today} >= '{begins}' or {today} <= '{ends}'")]
