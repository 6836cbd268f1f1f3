"""Which patterns answer a question, and who says so."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from src.analysis.actionable import actionable, suggestible
from src.analysis.embedding import Vectors
from src.analysis.interests import INTERESTS, interests_for
from src.analysis.ranking import mixed, rerank, retrieve, strength
from src.analysis.retrieval import nearest
from src.domain.patterns import Pattern
from src.models.model_manager import ModelManager
from tests.unit.analysis.worlds import CountingModels, after, at, evidence
from tests.unit.domain import every_kind

QUESTION = "which lamp is on"


def said(sentence: str, n: int, rate_low: float = 0.7) -> Pattern:
    return at("07:00:00", ("light.a", "on"), id=f"p_{n}", sentence=sentence, evidence=evidence(rate_low))


def vectors(models: CountingModels, patterns: list[Pattern]) -> Vectors:
    texts = [QUESTION, *(pattern.sentence for pattern in patterns)]
    return Vectors("bag-of-words@1", dict(zip(texts, models.generate_embeddings(texts), strict=True)))


def manager(models: CountingModels) -> ModelManager:
    return cast("ModelManager", models)


def test_the_nearest_sentences_are_found_exactly() -> None:
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(500, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = nearest(rows[123], rows, 100)
    assert len(found) == 100
    assert found[0][0] == 123
    assert found[0][1] == pytest.approx(1.0)
    expected = sorted(range(500), key=lambda i: -float(rows[i] @ rows[123]))[:100]
    assert [row for row, _ in found] == expected


def test_no_sentences_answer_nothing() -> None:
    assert nearest(np.ones(384, np.float32), np.zeros((0, 384), np.float32)) == []
    assert retrieve(QUESTION, [], Vectors(None)) == []


def test_the_cross_encoder_orders_what_was_retrieved() -> None:
    models = CountingModels()
    patterns = [said("a fan turns off", 1), said("which lamp is on", 2), said("a lamp is broken", 3)]
    best, missing = rerank(
        QUESTION,
        retrieve(QUESTION, patterns, vectors(models, patterns)),
        manager(models),
        top_k=2,
        embedding="bag-of-words@1",
    )
    assert [pattern.id for pattern in best] == ["p_2", "p_3"]
    assert [pattern.scores.rank for pattern in best if pattern.scores] == [1, 2]
    assert best[0].made_by.embedding == "bag-of-words@1"
    assert best[0].made_by.reranker == "shared-words@1"
    assert missing is None


def fallen_back(patterns: list[Pattern], without: list[str]) -> list[Pattern]:
    models = CountingModels(without=without)
    best, missing = rerank(
        QUESTION,
        retrieve(QUESTION, patterns, vectors(models, patterns)),
        manager(models),
        top_k=len(patterns),
        embedding="bag-of-words@1",
    )
    assert missing is not None
    assert missing.about == "reranker"
    return best


@pytest.mark.parametrize(
    ("without", "made_by"),
    [
        (["reranker"], "late-interaction/bag-of-words@1"),
        (["reranker", "token vectors"], "similarity+evidence"),
    ],
    ids=["token-vectors", "no-token-vectors"],
)
def test_without_a_reranker_the_question_comes_first_and_evidence_among_equals(
    without: list[str], made_by: str
) -> None:
    patterns = [said("a lamp turns on", 1, 0.2), said("a lamp turns on", 2, 0.9), said("the fan", 3, 0.95)]
    best = fallen_back(patterns, without)
    assert [pattern.id for pattern in best] == ["p_2", "p_1", "p_3"]
    assert {pattern.made_by.reranker for pattern in best} == {made_by}
    assert {pattern.made_by.embedding for pattern in best} == {"bag-of-words@1"}


def test_word_by_word_the_grammar_of_a_question_finds_nothing() -> None:
    grammar = said("which is on", 1)
    lamp = said("somewhere upstairs some lamp", 2)
    assert [pattern.id for pattern in fallen_back([grammar, lamp], ["reranker", "token vectors"])] == ["p_1", "p_2"]
    assert [pattern.id for pattern in fallen_back([grammar, lamp], ["reranker"])] == ["p_2", "p_1"]


def test_the_fallback_weighs_sentence_word_and_evidence() -> None:
    assert mixed([0.6], [0.2], [1.0]) == pytest.approx([(0.6 + 0.2) / 2 + 0.02])
    assert mixed([0.6], None, [0.0]) == pytest.approx([0.6])


def test_without_any_model_the_evidence_ranks_and_says_so() -> None:
    models = CountingModels(without=["reranker", "embedding"])
    patterns = [said("weak", 1, 0.3), said("strong", 2, 0.9), said("middling", 3, 0.6)]
    best, _ = rerank(QUESTION, retrieve(QUESTION, patterns, Vectors(None)), manager(models), top_k=2, embedding=None)
    assert [pattern.id for pattern in best] == ["p_2", "p_3"]
    assert best[0].scores is not None
    assert best[0].scores.similarity is None
    assert best[0].made_by.embedding is None
    assert best[0].made_by.reranker == "evidence"


def test_without_embeddings_the_cross_encoder_still_reads_the_strongest_hundred() -> None:
    models = CountingModels(without=["embedding"])
    patterns = [said(f"routine {n}", n, n / 200) for n in range(150)]
    best, _ = rerank(QUESTION, retrieve(QUESTION, patterns, Vectors(None)), manager(models), top_k=10, embedding=None)
    assert models.reranked == [(QUESTION, 100)]
    assert best[0].made_by.reranker == "shared-words@1"


def test_strength_is_what_chance_does_not_explain() -> None:
    sure = at("07:00:00", ("light.a", "on"), evidence=evidence(rate_low=0.9, expected_rate=0.1))
    busy = at("07:00:00", ("light.a", "on"), evidence=evidence(rate_low=0.9, expected_rate=0.8))
    worse_than_chance = at("07:00:00", ("light.a", "on"), evidence=evidence(rate_low=0.4, expected_rate=0.8))
    assert strength(sure) == pytest.approx(0.8)
    assert strength(busy) == pytest.approx(0.1)
    assert strength(worse_than_chance) == 0


def test_a_motion_sensor_is_no_suggestion_beside_a_lamp() -> None:
    lamp = after(("binary_sensor.door", "on"), ("light.hall", "on"), id="p_lamp")
    motion = after(("binary_sensor.door", "on"), ("binary_sensor.hall_motion", "on"), id="p_motion")
    both = after(("binary_sensor.door", "on"), ("sensor.lux", "3"), ("switch.fan", "on"), id="p_both")
    assert [actionable(pattern) for pattern in (lamp, motion, both)] == [True, False, True]
    assert suggestible([motion, lamp, both]) == [lamp, both]
    assert suggestible([motion]) == [motion]
    assert suggestible([]) == []


def test_what_can_only_be_told_never_takes_the_place_of_what_can_be_done() -> None:
    changed, left_open, missed = every_kind.FREQUENCY, every_kind.LEFT_OPEN, every_kind.MISSED
    assert [pattern for pattern in every_kind.EVERY if not actionable(pattern)] == [changed]
    assert suggestible([changed, left_open, every_kind.SCENE, missed]) == [left_open, every_kind.SCENE, missed]
    assert suggestible([changed]) == [changed]


def test_what_an_automation_does_already_is_not_suggested() -> None:
    lamp = every_kind.SOLAR.with_(covered_by="automation.porch_light_at_dusk")
    assert suggestible([lamp, every_kind.SCENE]) == [every_kind.SCENE]
    assert suggestible([lamp]) == []


def test_an_interest_is_asked_for_by_name_or_as_a_free_question() -> None:
    assert interests_for(None) == INTERESTS
    assert interests_for(" Save  Energy ") == (INTERESTS[0],)
    (free,) = interests_for("what  happens\nat dawn?")
    assert free.name == free.question == "what happens at dawn?"
