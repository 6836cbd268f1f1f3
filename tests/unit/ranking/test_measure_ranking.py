"""The labelled set is what it says, the figures are computed right, and the docs show what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scripts import measure_ranking as measuring
from scripts.ranking_figures import compare, interval, ndcg, nearest_only, recall, reciprocal_rank
from scripts.ranking_methods import Interaction, Late, family, interactions, keywords, late
from scripts.ranking_set import FULL, NOT, Routine, grade, read_set
from src.analysis.interests import INTERESTS
from src.analysis.ranking import SHARE_OF_WORDS, WEIGHT_OF_EVIDENCE
from src.domain.patterns import Json
from src.models.infer.late_interaction import late_interaction
from src.models.infer.token_vectors import TokenVectors

DOCS = Path(__file__).resolve().parents[3] / "docs" / "ranking.md"
LABELLED = read_set()


def found() -> Json:
    results: Json = json.loads(measuring.RESULTS.read_text("utf-8"))
    return results


def routine(sentence: str) -> Routine:
    return next(each for each in LABELLED.routines if each.pattern.sentence == sentence)


def test_the_set_is_large_and_no_text_occurs_twice() -> None:
    sentences = {each.pattern.sentence for each in LABELLED.routines}
    questions = {each.text for each in LABELLED.questions}
    assert len(sentences) == len(LABELLED.routines) >= 400
    assert len(questions) == len(LABELLED.questions) >= 200


def test_the_standing_interests_are_asked_in_both_halves() -> None:
    halves = {question.text: question.split for question in LABELLED.questions}
    assert sorted(halves[interest.question] for interest in INTERESTS) == ["held_out"] * 2 + ["tuning"] * 2


def test_every_question_has_a_right_answer_and_many_wrong_ones() -> None:
    for question in LABELLED.questions:
        grades = [grade(question.wants, each) for each in LABELLED.routines]
        assert FULL in grades, question.text
        assert grades.count(NOT) > len(grades) / 2, question.text


@pytest.mark.parametrize(
    ("wants", "wanted"),
    [
        ("does=coffee:on", 2),
        ("does=coffee:*", 2),
        ("does=?coffee:on", 1),
        ("does=coffee:off", 0),
        ("does~coffee:off", 1),
        ("does=coffee:on; at=05:00-07:00", 2),
        ("does=coffee:on; at~08:00-10:00", 1),
        ("does=coffee:on; at=08:00-10:00", 0),
        ("does=coffee:on; at=22:00-07:00", 2),
        ("does~coffee:off; at~08:00-10:00", 0),
        ("days=weekday; cause=clock; room=kitchen", 2),
        ("days=weekend", 0),
        ("purpose=effort", 2),
        ("does=lock:* | does=?coffee:on", 1),
    ],
    ids=str,
)
def test_a_routine_is_graded_by_what_a_question_wants(wants: str, wanted: int) -> None:
    assert grade(wants, routine("The Coffee Machine turns on around 06:35 on weekdays.")) == wanted


def test_a_routine_without_a_time_is_near_any_time() -> None:
    after_toast = routine("When the Coffee Machine turns on, the Toaster turns on within 10 minutes.")
    assert grade("does=toaster:on; at=05:00-07:00", after_toast) == 1
    assert grade("cause=coffee:on", after_toast) == 2


def test_the_best_of_several_actions_counts() -> None:
    both = routine(
        "When the Good Night button is pressed, the living main light, the Hall light and the landing light "
        "turn off within a minute."
    )
    assert grade("room=landing", both) == 2


def test_an_unknown_facet_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        grade("colour=red", LABELLED.routines[0])


def test_ndcg_is_one_for_the_ideal_order_and_less_below() -> None:
    gains = np.array([[2.0, 0.0, 1.0]])
    assert ndcg(np.array([[3.0, 1.0, 2.0]]), gains) == pytest.approx([1.0])
    swapped = (1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3))
    assert ndcg(np.array([[2.0, 1.0, 3.0]]), gains) == pytest.approx([swapped])
    assert np.isnan(ndcg(np.array([[1.0, 2.0]]), np.zeros((1, 2))))[0]


def test_only_the_first_ten_count() -> None:
    scores = -np.arange(20.0)[None, :]
    gains = np.zeros((1, 20))
    gains[0, 10] = 2
    assert ndcg(scores, gains) == pytest.approx([0.0])
    assert recall(scores, gains > 0) == pytest.approx([0.0])
    assert reciprocal_rank(scores, gains > 0) == pytest.approx([1 / 11])


def test_recall_is_of_as_many_as_fit() -> None:
    scores = -np.arange(20.0)[None, :]
    assert recall(scores, np.ones((1, 20), bool)) == pytest.approx([1.0])
    assert reciprocal_rank(scores, np.zeros((1, 20), bool)) == pytest.approx([0.0])


def test_what_is_not_retrieved_ranks_last() -> None:
    kept = nearest_only(np.array([[1.0, 2.0, 9.0]]), np.array([[0.3, 0.2, 0.1]]), 2)
    assert kept.tolist() == [[1.0, 2.0, -np.inf]]


def test_a_difference_says_how_sure_it_is() -> None:
    one = np.linspace(0.2, 0.8, 50)
    same, better = compare(one, one), compare(one + 0.1, one)
    assert (same["mean"], same["sign_test_p"]) == (0.0, 1.0)
    assert (better["better"], better["worse"]) == (50, 0)
    assert better["sign_test_p"] < 0.001
    low, high = interval(one)
    assert low < one.mean() < high


def test_keywords_find_rare_words_first() -> None:
    scores = keywords(["which lamps are on"], ["The lamp turns on.", "The fan turns on.", "The lamp and the fan."])
    assert np.argsort(-scores[0], kind="stable").tolist()[-1] == 1
    assert scores[0, 1] == 0


def test_the_chosen_form_is_the_one_that_serves() -> None:
    chosen = found()["late_interaction"]["chosen"]
    form = Interaction(**chosen["interaction"])
    assert form == Interaction(content=True, special=False)
    assert chosen["reverse"] == 0
    assert chosen["share"] == SHARE_OF_WORDS
    assert found()["weight_of_evidence"]["chosen"] == WEIGHT_OF_EVIDENCE
    rng = np.random.default_rng(5)
    texts = [
        TokenVectors(tokens, rng.normal(size=(len(tokens), 8)).astype(np.float32))
        for tokens in (("[CLS]", "the", "lamp", "[SEP]"), ("[CLS]", "lamp", "on", "stairs", ".", "[SEP]"), ("fan",))
    ]
    measured = late(interactions(texts[:1], texts[1:], form), np.zeros((1, 2)), Late(form))
    assert measured[0] == pytest.approx(late_interaction(texts[0], texts[1:]), abs=1e-6)


def test_forms_that_know_the_home_are_only_measured() -> None:
    assert not any(form.interaction.rarity or form.interaction.centred for form in family(of_the_home=False))
    assert set(family(of_the_home=False)) < set(family(of_the_home=True))


def test_the_weight_is_the_best_above_nothing() -> None:
    tried = {
        weight: {"tuning_ndcg_10": of, "tuning_useful_ndcg_10": useful}
        for weight, of, useful in (("0", 0.9, 0.9), ("0.05", 0.5, 0.6), ("0.1", 0.6, 0.4), ("0.2", 0.1, 0.1))
    }
    assert measuring.choose_weight(tried) == 0.05


def test_the_kept_figures_are_of_this_set() -> None:
    assert found()["sha256"] == measuring.fingerprint(), "run scripts/measure_ranking.py --write"


def test_the_docs_show_the_kept_figures() -> None:
    text = DOCS.read_text("utf-8")
    assert measuring.methods_table(found()) in text
    assert measuring.weights_table(found()) in text


def test_the_words_of_the_docs_say_what_the_tables_say() -> None:
    text = " ".join(DOCS.read_text("utf-8").split())
    results = found()
    kept, served = results["held_out_against_similarity"]["late_mixed"], results["held_out_served_against_former"]
    assert kept["interval"][0] > 0, "late interaction is no longer measurably better: do not serve it"
    for of in (kept, served["ndcg_10"], served["useful_ndcg_10"]):
        low, high = of["interval"]
        assert f"by {of['mean']:.3f} ({low:+.3f} to {high:+.3f}" in text
    assert f"{kept['better']} questions better, {kept['worse']} worse, sign test p = {kept['sign_test_p']:.3f}" in text
    size = results["set"]
    assert f"{size['routines']} sentences" in text
    assert f"{size['pairs_right']} right and {size['pairs_near']} near pairs" in text
    assert f"{size['questions']['tuning']} choose the parameters, {size['questions']['held_out']} measure them" in text
    assert results["embedding"] in text
