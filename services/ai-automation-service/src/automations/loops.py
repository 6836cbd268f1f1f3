"""Automations that set each other off without end, or undo what the other did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from src.automations.consequences import Members, as_known, delay_of, followers, sets
from src.automations.draft import Draft
from src.automations.findings import Finding, remark
from src.domain.automations import KnownAutomation
from src.domain.patterns import Action, StateTrigger, SunTrigger, TimeTrigger, Trigger

_PROMPT_SECONDS = 60.0  # what is undone within this was never wanted
_LONGEST_CHAIN = 12  # automations in one loop
_NEAR_MINUTES = 5
_DAY_MINUTES = 24 * 60

# Entities whose state is an instant, so that taking it once more counts again.
_MOMENTS = frozenset(("button", "input_button", "scene", "script", "event"))
_NO_MEMBERS: Members = {}


def loops(
    draft: Draft, known: Sequence[KnownAutomation], self_id: str | None, members: Members = _NO_MEMBERS
) -> tuple[Finding, ...]:
    """Loops through a draft, and automations that work against it.

    Args:
        known: the home's automations; those that are switched off do not count.
        self_id: entity id of the automation this draft was made into before, which does not count either.
        members: entity ids of what groups consist of, by the group's.
    """
    own = as_known(draft)
    others = [each for each in known if each.enabled and (self_id is None or each.entity_id != self_id)]
    return (*_loops(own, others, members), *_fights(own, others, members))


def _loops(own: KnownAutomation, others: Sequence[KnownAutomation], members: Members) -> Iterator[Finding]:
    chain = _own_loop(own, members) or _chain(own, list(followers(own, others, members)), members)
    if chain is None:
        return
    names = " → ".join(each.name for each in (*chain, own))
    if len(chain) == 1:
        message = f"It would set itself off again and again: {names}."
    else:
        message = f"It would set off other automations that set it off again: {names}."
    others_named = ", ".join(dict.fromkeys(each.name for each in chain[1:]))
    yield Finding(
        "loop",
        message,
        f"Change or switch off {others_named} first." if others_named else "Correct the pattern or reject it.",
        chain[1].entity_id or chain[1].name if len(chain) > 1 else None,
    )


def _own_loop(own: KnownAutomation, members: Members) -> tuple[KnownAutomation, ...] | None:
    """Whether an automation is set off by a change that it makes itself.

    What it is set off by has that state already, so setting it once more changes nothing: only one that sets the same
    thing to something else in between, or whose state is an instant, comes round.
    """
    done = sets(own, members)
    back = [action for action in done if delay_of(own, [(action.entity_id, action.to)]) is not None]
    states = {(action.entity_id, action.to) for action in done}
    begins = {begun for trigger in own.triggers if (begun := _state_of(trigger)) is not None}
    for action in back:
        taken = {_plain_state(*each) for each in states | begins if each[0] == action.entity_id}
        if len(taken) > 1 or action.entity_id.partition(".")[0] in _MOMENTS:
            return (own,)
    return None


def _plain_state(entity_id: str, state: str) -> str:
    """A player that is turned on may be idle or playing then, which is no second change."""
    if not entity_id.startswith("media_player."):
        return state
    return "off" if state in ("off", "standby") else "on"


def _state_of(trigger: Trigger | None) -> tuple[str, str] | None:
    entity_id, to = getattr(trigger, "entity_id", None), getattr(trigger, "to", None)
    return (entity_id, to) if isinstance(entity_id, str) and isinstance(to, str) else None


def _chain(
    own: KnownAutomation, reached: Sequence[KnownAutomation], members: Members
) -> tuple[KnownAutomation, ...] | None:
    """The shortest way from an automation through others back to it."""
    ways: list[tuple[KnownAutomation, ...]] = [(own,)]
    seen: list[KnownAutomation] = []
    for _ in range(_LONGEST_CHAIN):
        longer: list[tuple[KnownAutomation, ...]] = []
        for way in ways:
            effects = [(action.entity_id, action.to) for action in sets(way[-1], members)]
            if len(way) > 1 and delay_of(own, effects) is not None:
                return way
            for each in reached:
                if each not in seen and delay_of(each, effects) is not None:
                    seen.append(each)
                    longer.append((*way, each))
        ways = longer
    return None


def _fights(own: KnownAutomation, others: Sequence[KnownAutomation], members: Members) -> Iterator[Finding]:
    done = sets(own, members)
    effects = [(action.entity_id, action.to) for action in done]
    for other in others:
        against = _against(done, sets(other, members))
        if against is None:
            continue
        ours, theirs = against
        about = other.entity_id or other.name
        what = f"it sets {ours.entity_id} to {ours.to}, and {other.name} sets it to {theirs.to}"
        delay = delay_of(other, effects)
        if other.conditional:  # it may be meant for the other case
            if delay is not None:
                yield remark("undone_later", f"Under some conditions {other.name} undoes it: {what}.", about=about)
        elif any(_together(first, second) for first in own.triggers for second in other.triggers):
            if abs((theirs.after_seconds or 0.0) - (ours.after_seconds or 0.0)) <= _PROMPT_SECONDS:
                yield _fight(other, f"Both are set off by the same thing: {what}.", about)
        elif delay is not None:
            wait = delay + (theirs.after_seconds or 0.0)
            if wait <= _PROMPT_SECONDS:
                yield _fight(other, f"{other.name} would undo it at once: {what}.", about)
            else:
                yield remark("undone_later", f"After {_span(wait)} {other.name} undoes it: {what}.", about=about)


def _fight(other: KnownAutomation, message: str, about: str) -> Finding:
    return Finding("conflict", message, f"Change or switch off {other.name} first, or reject the pattern.", about)


def _against(ours: Sequence[Action], theirs: Sequence[Action]) -> tuple[Action, Action] | None:
    """Something that two automations set to different states; None where one of them sets both."""
    for own in ours:
        states = {action.to for action in theirs if action.entity_id == own.entity_id}
        mine = {action.to for action in ours if action.entity_id == own.entity_id}
        if states and not states & mine:
            return own, next(action for action in theirs if action.entity_id == own.entity_id)
    return None


def _together(first: Trigger | None, second: Trigger | None) -> bool:
    """Whether two triggers come at the same moment, on some day at least."""
    match first, second:
        case StateTrigger(), StateTrigger():
            return (first.entity_id, first.to) == (second.entity_id, second.to)
        case TimeTrigger(), TimeTrigger():
            apart = (_minute(first) - _minute(second)) % _DAY_MINUTES
            near = min(apart, _DAY_MINUTES - apart) <= _NEAR_MINUTES
            return near and bool({*first.weekdays} & {*second.weekdays})
        case SunTrigger(), SunTrigger():
            near = first.event == second.event and abs(first.offset_minutes - second.offset_minutes) <= _NEAR_MINUTES
            return near and bool({*first.weekdays} & {*second.weekdays})
        case None, _:
            return False
        case _:
            return first == second


def _minute(trigger: TimeTrigger) -> int:
    hour, minute = trigger.at.split(":")[:2]
    return int(hour) * 60 + int(minute)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
