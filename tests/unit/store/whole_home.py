"""A store with rows in every table, and everything it tells about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from src.domain.answers import Answer, Reason, Verdict
from src.domain.corrections import Correction
from src.domain.deployments import DeploymentState
from src.domain.events import EntityInfo, Origin
from src.domain.patterns import Kind
from src.domain.runs import RunTrigger, Shortlist
from src.domain.whys import Why
from src.store import Store
from src.store.entities import Described
from tests.unit.store.worlds import NOW, SECOND, bytes_of, log_of, pattern, result

EVENTS = [
    (NOW, "light.a", "on", Origin.USER),
    (NOW + 1, "light.a", "off – größer", Origin.UNKNOWN),
    (NOW + 1, "sensor.b", "21.5", Origin.DEVICE),
]
LAMP = EntityInfo("light.a", name="Lamp", area="Hall")
REJECTED = pattern(2)
WHY = Why("sensor.b", "too_few_days", Kind.TIME_OF_DAY, {"reached": 3, "needed": 14}, "It is too new.")
CORRECTION = Correction(sentence="Lamp 3 goes on when it gets dark.", category="comfort")
INTERRUPTED = {"code": "run_interrupted", "message": "It stopped.", "remedy": "Start another."}


def whole_home(store: Store) -> None:
    """Fill every table; the same rows each time."""
    log = replace(log_of(EVENTS, info=[LAMP]), position=(52.52, 13.4))
    store.events.add(log, source="/data/home.csv")
    store.entities.describe({"light.a": Described(("routine",), "hidden"), "sensor.b": Described((), "disabled")})
    store.firings.add("automation.lamp", [NOW, NOW + SECOND])
    store.embeddings.put("m", {"a": np.array([0.5, -1.0], np.float32)}, now=NOW)
    store.check()
    with mock.patch("src.store.runs.secrets.token_hex", side_effect=[f"{number:016x}" for number in (1, 2)]):
        _runs(store)
    for given in (
        Answer(pattern(1).id, Verdict.ACCEPTED, NOW + 5, pattern(1)),
        Answer(REJECTED.id, Verdict.REJECTED, NOW + 6, REJECTED, (Reason.NOT_TRUE,), "nobody does that"),
        Answer(pattern(4).id, Verdict.SNOOZED, NOW + 7, pattern(4), until=NOW + 90 * SECOND),
    ):
        store.answers.add(given, correction=None)
    corrected = Answer(pattern(3).id, Verdict.CORRECTED, NOW + 8, pattern(3), correction=CORRECTION)
    store.answers.add(corrected, correction=CORRECTION)
    config = {"id": "ai_1", "alias": "Küche"}
    store.deployments.begin_version(pattern(1).id, "ai_1", config, "f1", enabled=True, now=NOW)
    store.deployments.settle(
        pattern(1).id, DeploymentState.DEPLOYED, version=1, now=NOW + 9, entity_id="automation.lamp"
    )


def _runs(store: Store) -> None:
    night = store.runs.start(trigger=RunTrigger.NIGHTLY, request={"x": [1, 2.5]}, now=NOW, night="2025-10-18")
    found = result(*(pattern(number) for number in range(1, 6)), shortlists=[Shortlist("save energy", (pattern(2),))])
    store.runs.publish(night.id, replace(found, whys=(WHY,)), now=NOW + SECOND)
    failed = store.runs.start(trigger=RunTrigger.API, request={}, now=NOW + 2 * SECOND)
    store.runs.fail(failed.id, INTERRUPTED, now=NOW + 3 * SECOND)


def everything(store: Store) -> dict[str, Any]:
    """What every repository tells."""
    runs = store.runs.page(limit=500).items
    patterns = store.patterns.all()
    log = store.events.load()
    return {
        "events": bytes_of(log),
        "position": log.position,
        "source": store.events.position("/data/home.csv"),
        "info": dict(store.entities.info()),
        "described": dict(store.entities.described()),
        "firings": store.firings.of("automation.lamp"),
        "embeddings": {text: found.tolist() for text, found in store.embeddings.get("m", ["a", "b"]).items()},
        "runs": list(runs),
        "night": store.runs.succeeded_night("2025-10-18"),
        "shortlists": {run.id: store.runs.shortlists(run.id) for run in runs},
        "whys": {run.id: store.runs.whys(run.id) for run in runs},
        "patterns": patterns,
        "mined": store.patterns.mined(),
        "corrections": store.patterns.corrections(),
        "answers": {each.id: store.answers.of(each.id) for each in patterns},
        "rejections": store.answers.standing_rejections(),
        "deployments": store.deployments.all(),
    }
