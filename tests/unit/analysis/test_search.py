"""A question to the stored patterns."""

from __future__ import annotations

from typing import cast

import pytest

from src.analysis.pipeline import DetectRequest, Pipeline
from src.analysis.search import search
from src.domain.patterns import Status
from src.domain.runs import RunTrigger, Shortlist
from src.errors import InvalidSetting, ModelBusy
from src.models.model_manager import ModelManager
from src.settings import load_settings
from src.store import Store
from tests.unit.analysis.worlds import Clockwork, CountingModels, Found, Source, after, at
from tests.unit.store.worlds import leave

LAMP = at("07:12:00", ("light.kitchen", "on"), id="p_lamp")
DOOR = after(("binary_sensor.front_door", "on"), ("lock.garage", "locked"), id="p_door")


@pytest.fixture
def home(store: Store, models: CountingModels, source: Source, found: Found, clock: Clockwork) -> Store:
    """A store that one run has filled."""
    found.patterns = [LAMP, DOOR]
    pipeline = Pipeline(
        store, cast("ModelManager", models), load_settings(tz=""), clock=clock, read=source.read, mine=found.mine
    )
    request = DetectRequest(history=str(source.path))
    pipeline.run(store.runs.start(trigger=RunTrigger.API, request=request.to_json(), now=clock()), request)
    models.embedded.clear()
    return store


def ask(home: Store, models: CountingModels, question: str, top_k: int = 10) -> Shortlist:
    return search(home, cast("ModelManager", models), question, top_k=top_k, now=0)


def test_a_question_finds_the_routine_it_is_about(home: Store, models: CountingModels) -> None:
    answer = ask(home, models, "garage  lock\nis locked", top_k=1)
    assert answer.interest == "garage lock is locked"
    (door,) = answer.patterns
    assert door.id == "p_door"
    assert door.category == "comfort"
    assert door.made_by.reranker == "shared-words@1"
    assert door.made_by.classifier == "fixed@1"


def test_only_the_question_is_embedded_and_it_is_not_kept(home: Store, models: CountingModels) -> None:
    ask(home, models, "lamp")
    ask(home, models, "lamp")
    assert models.embedded == ["lamp", "lamp"]


def test_rejected_and_stale_routines_do_not_answer(home: Store, models: CountingModels) -> None:
    leave(home, "p_door", Status.REJECTED)
    assert [pattern.id for pattern in ask(home, models, "door").patterns] == ["p_lamp"]
    leave(home, "p_lamp", Status.STALE)
    assert ask(home, models, "door").patterns == ()


def test_without_the_embedding_model_the_evidence_answers_and_says_so(home: Store) -> None:
    answer = ask(home, CountingModels(without=["embedding", "reranker"]), "door")
    assert {pattern.made_by.embedding for pattern in answer.patterns} == {None}
    assert {pattern.made_by.reranker for pattern in answer.patterns} == {"evidence"}


@pytest.mark.parametrize("method", ["generate_embeddings", "rerank"])
def test_a_busy_model_is_no_missing_one(
    home: Store, models: CountingModels, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def busy(*arguments: object) -> None:
        raise ModelBusy("embedding", 4096, 2.0)

    monkeypatch.setattr(models, method, busy)
    with pytest.raises(ModelBusy):
        ask(home, models, "door")


@pytest.mark.parametrize(("question", "top_k"), [("", 10), (" \n", 10), ("x" * 1001, 10), ("door", 0), ("door", 101)])
def test_what_cannot_be_asked_is_refused(home: Store, models: CountingModels, question: str, top_k: int) -> None:
    with pytest.raises(InvalidSetting):
        ask(home, models, question, top_k)


def test_characters_that_no_text_has_are_left_out(home: Store, models: CountingModels) -> None:
    assert ask(home, models, "garage\x00 \ud800lock").interest == "garage lock"
