"""The service itself, which this program is not: whether it runs at HOST and PORT, and as which version."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx

from src import __version__
from src.doctor.finding import Finding, failed, note, ok, warning
from src.doctor.situation import Situation
from src.domain.patterns import Json

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # addresses to compare with


def look_at_service(situation: Situation) -> Iterator[Finding]:
    """``GET /health`` and ``GET /health/ready``, on this machine."""
    settings = situation.settings
    host = _ANYWHERE.get(settings.host, settings.host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    situation.connects("PORT (this machine)")
    with httpx.Client(timeout=situation.answer_within, trust_env=False, follow_redirects=False) as client:
        try:
            alive = _json(client.get(f"{address}/health"))
        except httpx.ConnectError:
            yield _not_running(address, situation)
            return
        except httpx.HTTPError as error:
            yield failed(
                "service",
                f"what listens at port {settings.port} does not answer ({type(error).__name__})",
                "If it is the service, restart it and look at its log; else choose another PORT.",
            )
            return
        if alive.get("status") != "ok" or not isinstance(alive.get("version"), str):
            yield failed(
                "service",
                f"another program answers at port {settings.port}",
                "End it, or choose another port with PORT (in Compose PUBLISHED_PORT).",
            )
            return
        yield _version(str(alive["version"]), address)
        try:
            yield from _ready(_json(client.get(f"{address}/health/ready")))
        except httpx.HTTPError as error:
            yield warning(
                "readiness",
                f"it does not say whether it is ready ({type(error).__name__})",
                "It may be busy, or wait for its database: look at its log.",
            )


def _not_running(address: str, situation: Situation) -> Finding:
    where = "Look at the container's log (`docker logs ai-automation-service`)" if situation.container else "Start it"
    return warning(
        "service",
        f"it does not run at {address}",
        f"{where}, or run the doctor where it runs: `docker exec ai-automation-service python -m src.cli doctor`.",
    )


def _version(theirs: str, address: str) -> Finding:
    if theirs == __version__:
        return ok("service", f"it runs at {address}")
    shown = theirs if len(theirs) <= 20 else "another"
    return warning(
        "service",
        f"version {shown} runs at {address}, this is {__version__}",
        "Restart the service, so that both are the same.",
    )


def _ready(told: Json) -> Iterator[Finding]:
    """What it says itself, which a second look from outside does not see."""
    seen = told.get("checks") if isinstance(told.get("checks"), dict) else told
    if told.get("status") == "ready":
        yield ok("readiness", "it says that it is ready")
    else:
        yield failed(
            "readiness", "it says that it is not ready", "See what is said of the database and of the free space."
        )
    live = seen.get("home_assistant") if isinstance(seen, dict) else None
    if isinstance(live, dict):
        state = str(live.get("state"))
        good = state in ("listening", "standby", "connecting", "filling")
        if good:
            yield ok("live", f"{state} to Home Assistant, {int(live.get('events') or 0):,} events kept since its start")
        else:
            remedy = "See what is said of Home Assistant; the service has to be restarted for a new token."
            yield note("live", f"it does not listen to Home Assistant ({state})", remedy)


def _json(answer: httpx.Response) -> Json:
    try:
        told = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
