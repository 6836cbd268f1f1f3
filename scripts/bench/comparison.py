"""Ours against other engines: embedding, reranking, classifying, first vector, memory."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scripts.bench.engines import ENGINES, HOME, EngineCard
from scripts.bench.process import EngineFailed, EngineProcess, first_vector_seconds
from scripts.bench.questions import QUESTIONS
from scripts.bench.rounds import against, best_other, figures, interleaved, rotated
from scripts.bench.worker import Json

OURS, BASE = "ours", "torch"
EMBED_CELLS = tuple(f"{kind} x{batch}" for kind in ("short", "long") for batch in (1, 32, 256))
ITEMS = 100  # pairs to rerank, patterns to classify


@dataclass(frozen=True, slots=True)
class Plan:
    """How thoroughly is measured.

    Attributes:
        engines: names, ours among them or not.
        rounds: measurements of each cell by each engine.
        seconds: that one measurement takes at least.
    """

    engines: tuple[str, ...]
    rounds: int
    seconds: float
    threads: int


def embed(plan: Plan) -> Json:
    """Texts a second, for short and long texts at 1, 32 and 256 texts a call."""

    def request(cell: str) -> Json:
        kind, _, batch = cell.partition(" x")
        return {"do": "embed", "kind": kind, "batch": int(batch)}

    return _compared(plan, "embed", {cell: request(cell) for cell in EMBED_CELLS})


def rerank(plan: Plan) -> Json:
    """Pairs a second, a hundred of them a call."""
    return _compared(plan, "rerank", {f"{ITEMS} pairs": {"do": "rerank", "items": ITEMS}})


def classify(plan: Plan) -> Json:
    """Patterns a second, a hundred of them a call.

    Others generate one by one, category and priority in one answer, or in two; ours has a way of its own.
    """
    asked = {f"{prompts} prompt{'s' * (prompts > 1)} a pattern": prompts for prompts in QUESTIONS}
    return _compared(
        plan,
        "classify",
        {cell: {"do": "classify", "items": ITEMS, "prompts": number} for cell, number in asked.items()},
    )


def start(plan: Plan) -> Json:
    """Seconds from the start of a process to its first vector, models prepared before."""
    cards, left_out = _chosen(plan, "embed")
    seconds: dict[str, list[float]] = {card.name: [] for card in cards}
    for number in range(plan.rounds + 1):
        for name in rotated([card.name for card in cards], number):
            if name in left_out:
                continue
            try:
                taken = first_vector_seconds(ENGINES[name], plan.threads, _log(name))
            except EngineFailed as error:
                left_out[name] = str(error)
                continue
            if number:  # the first round fills the file cache
                seconds[name].append(taken)
    found = {
        name: {"seconds": round(median(each), 2), "least": round(min(each), 2), "most": round(max(each), 2)}
        for name, each in seconds.items()
        if name not in left_out
    }
    return {"engines": found, "left_out": left_out}


def memory(plan: Plan) -> Json:
    """Megabytes of a process with all three models, each used once, and after a hundred long texts, pairs and patterns.

    Processes one after another: together the others would need more than the box has.
    """
    cards, left_out = _chosen(plan, "classify")
    found: Json = {}
    for card in cards:
        try:
            with EngineProcess(card, plan.threads, _log(card.name)) as process:
                for do in ("embed", "rerank", "classify"):
                    process.ask(do=do, kind="short", batch=1, items=1, seed=0, seconds=0)
                loaded = process.ask(do="memory")
                for do in ("embed", "rerank", "classify"):
                    process.ask(do=do, kind="long", batch=ITEMS, items=ITEMS, seed=0, seconds=0)
                worked = process.ask(do="memory")
        except EngineFailed as error:
            left_out[card.name] = str(error)
            continue
        found[card.name] = {"loaded": loaded, "worked": worked}
    return {"engines": found, "left_out": left_out}


def _compared(plan: Plan, task: str, requests: dict[str, Json]) -> Json:
    cards, left_out = _chosen(plan, task)
    with contextlib.ExitStack() as stack:
        processes = {
            card.name: stack.enter_context(EngineProcess(card, plan.threads, _log(card.name))) for card in cards
        }

        def ask(engine: str, cell: str, number: int) -> Json | None:
            print(f"{task}, round {number + 1} of {plan.rounds}: {cell}, {engine}", file=sys.stderr)
            try:
                return processes[engine].ask(**requests[cell], seed=number, seconds=plan.seconds)
            except EngineFailed as error:
                left_out[engine] = str(error)
                return None

        answers = interleaved([card.name for card in cards], list(requests), plan.rounds, ask)
    cells: Json = {}
    for cell, by_engine in answers.items():
        found = figures(by_engine, BASE)
        cells[cell] = {"engines": {name: figure.to_json() for name, figure in found.items()}}
        other = best_other({name: figure for name, figure in found.items() if name != "before"}, OURS)
        if other and OURS in by_engine:
            cells[cell] |= {"best_other": other, "ours_to_best_other": round(against(by_engine, OURS, other), 2)}
    return {"cells": cells, "left_out": left_out}


def _chosen(plan: Plan, task: str) -> tuple[list[EngineCard], dict[str, str]]:
    """The engines that can be asked, and why others cannot."""
    cards, left_out = [], {}
    for name in plan.engines:
        card = ENGINES[name]
        if task not in card.tasks:
            continue
        if card.installed():
            cards.append(card)
        elif name != "before":
            left_out[name] = "not installed; `make bench-engines` installs it"
    return cards, left_out


def _log(engine: str) -> Path:
    return HOME / "logs" / f"{engine}.log"
