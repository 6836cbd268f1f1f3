"""How the last runs went, and when the next one is due."""

from __future__ import annotations

from collections.abc import Iterator

from src.doctor.finding import Finding, failed, note, ok, skipped, warning
from src.doctor.situation import Situation
from src.domain.events import MICROSECONDS
from src.domain.instants import minute_utc
from src.domain.local_time import DAY, zone
from src.errors import StoreError
from src.jobs.nights import Schedule, as_datetime
from src.store.inspection import Inspection, RunSeen

_HOUR = 3600 * MICROSECONDS
_LONG = 6 * _HOUR  # a run that takes longer hangs, or its process died

_REMEDIES = {
    "no_history": "Import a history, or set HA_URL and HA_TOKEN, or HISTORY.",
    "history_not_found": "HISTORY leads nowhere as seen from the service: mount the folder it is in.",
    "history_unreadable": "See what is said of the sources.",
    "history_empty": "See what is said of the sources.",
    "home_assistant_unreachable": "See what is said of Home Assistant.",
    "home_assistant_refused": "See what is said of Home Assistant.",
    "run_interrupted": "The process ended in the middle: look for a memory limit that is too small, or restarts.",
    "store_error": "See what is said of the database.",
    "database_unreachable": "See what is said of the database.",
}
_LOG = "Look for the run in the service's log, which has the whole error."


def look_at_runs(situation: Situation) -> Iterator[Finding]:
    """The newest ten, and the schedule."""
    try:
        seen = situation.store()
    except StoreError:
        yield skipped("runs", "the database cannot be read")
        yield _schedule(situation, None)
        return
    if seen.condition in ("current", "older"):
        yield from _runs(seen, situation.clock())
        yield _success(seen, situation)
    else:
        yield skipped("runs", "there are none yet, or none that can be read")
    yield _schedule(situation, seen.time_zone)


def _runs(seen: Inspection, now: int) -> Iterator[Finding]:
    if not seen.runs:
        yield note("runs", "none yet", "Wait for the first night, or ask for one with POST /patterns/detect.")
        return
    ended = [each for each in seen.runs if each.state != "running"]
    lost = [each for each in seen.runs if each.state == "running" and now - each.created_at > _LONG]
    if lost:
        yield warning(
            "run in progress",
            f"one is in the stage {lost[0].stage} since {(now - lost[0].created_at) // _HOUR} hours",
            "If no service runs it is taken up when one starts; else look at its log and its memory limit.",
        )
    if not ended or ended[0].code is None:
        yield ok("runs", f"{len(seen.runs)} newest: {_counts(seen.runs)}")
        return
    in_a_row = next((place for place, each in enumerate(ended) if each.code is None), len(ended))
    code = ended[0].code
    fact = f"the last {in_a_row} failed, the newest with {code}" if in_a_row > 1 else f"the last one failed with {code}"
    remedy = _REMEDIES.get(code, _LOG)
    yield failed("runs", fact, remedy) if in_a_row > 1 else warning("runs", fact, remedy)


def _counts(runs: tuple[RunSeen, ...]) -> str:
    states = [each.state for each in runs]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _success(seen: Inspection, situation: Situation) -> Finding:
    if seen.last_success is None:
        return note("last success", "no run has succeeded yet")
    now = situation.clock()
    schedule = Schedule(situation.settings.analysis_schedule, situation.settings.tz or seen.time_zone or "UTC")
    night = schedule.last(now)
    before = schedule.last(night.due - 1) if night else None  # the latest may be under way
    when = f"{minute_utc(seen.last_success)}, {(now - seen.last_success) / DAY:.1f} days ago"
    if before is not None and seen.last_success < before.due:
        return warning(
            "last success",
            when,
            "Nights were missed: see what is said of the runs and of the service; it has to run at that hour.",
        )
    return ok("last success", when)


def _schedule(situation: Situation, known: str | None) -> Finding:
    time_zone = situation.settings.tz or known or "UTC"
    night = Schedule(situation.settings.analysis_schedule, time_zone).next(situation.clock())
    if night is None:
        return warning("next night", "the schedule names no more dates", "Set ANALYSIS_SCHEDULE, as 0 3 * * *.")
    due = as_datetime(night.due).astimezone(zone(time_zone))
    return ok(
        "next night", f"{due.strftime('%Y-%m-%d %H:%M %z')} in {time_zone} ({situation.settings.analysis_schedule})"
    )
