"""Measures how well routines are ranked for a question when the cross-encoder cannot be had.

    python scripts/measure_ranking.py                    chooses on the tuning half, measures on the held-out half
    python scripts/measure_ranking.py --format json
    python scripts/measure_ranking.py --write            and keeps the figures that docs/ranking.md shows

Compares keywords, similarity, late interaction over the embedding model's token vectors, and mixes with the evidence.
Every method but the keywords reorders the 100 routines that are nearest to the question, as the service does. The
labelled set is described in ``ranking_set.py``. Needs the embedding model's weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "services" / "ai-automation-service"))

from scripts.ranking_figures import FloatArray, compare, ndcg, nearest_only, recall, reciprocal_rank, summary
from scripts.ranking_methods import Interaction, Late, family, interactions, keywords, late
from scripts.ranking_set import DATA, FULL, NEAR, SPLITS, RankingSet, grade, read_set
from src.analysis.ranking import strength
from src.analysis.retrieval import RETRIEVED
from src.domain.patterns import Json
from src.errors import ServiceError
from src.models.model_manager import ModelManager, get_model_manager

RESULTS = DATA / "ranking_results.json"
SOURCES = ("ranking_entities.csv", "ranking_routines.csv", "ranking_questions.csv")
TUNING, HELD_OUT = SPLITS
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)  # of evidence, beside scores that are cosines
FORMER_WEIGHT = 0.2  # with which the service ranked before this was measured
METHODS = {
    "keywords": "keywords (BM25), all routines",
    "similarity": "similarity",
    "similarity_former": "similarity + {former:g} × evidence (served before)",
    "similarity_evidence": "similarity + {weight:g} × evidence (served without token vectors)",
    "late_plain": "late interaction, all tokens",
    "late_alone": "late interaction, chosen tokens",
    "late_mixed": "late interaction mixed with similarity",
    "late_evidence": "**the same + {weight:g} × evidence (served)**",
    "late_of_the_home": "mixed, with statistics of the home (not served)",
}


class Measurement:
    """The labelled set and the figures of scores on a half of it.

    Attributes:
        grades: float64 (questions, routines), as :func:`~scripts.ranking_set.grade` gives them.
        useful: grades times how much more often than by chance the routine was kept on later days.
        strength: float64 (routines,), of the evidence.
    """

    def __init__(self, labelled: RankingSet, cosine: FloatArray) -> None:
        self._cosine = cosine
        self.grades = np.array(
            [[grade(question.wants, routine) for routine in labelled.routines] for question in labelled.questions],
            np.float64,
        )
        self.useful: FloatArray = self.grades * np.array([routine.worth for routine in labelled.routines])
        self.strength = np.array([strength(routine.pattern) for routine in labelled.routines])
        self._half = np.array([question.split for question in labelled.questions])

    def reordered(self, scores: FloatArray) -> FloatArray:
        """The scores of what the service retrieves."""
        return nearest_only(scores, self._cosine, RETRIEVED)

    def ndcg(self, scores: FloatArray, half: str, *, useful: bool = False) -> FloatArray:
        """Of each question of a half."""
        here = self._half == half
        return ndcg(scores[here], (self.useful if useful else self.grades)[here])

    def figures(self, scores: FloatArray, half: str) -> Json:
        """Means over a half; for the reciprocal rank and the recall only grade 2 is right."""
        here = self._half == half
        right = self.grades[here] == FULL
        return {
            "ndcg_10": summary(self.ndcg(scores, half)),
            "mrr": summary(reciprocal_rank(scores[here], right)),
            "recall_10": summary(recall(scores[here], right)),
            "useful_ndcg_10": summary(self.ndcg(scores, half, useful=True)),
        }

    def weights(self, base: FloatArray) -> dict[str, Json]:
        """What each weight of evidence beside some scores gives, on both halves."""
        scores = {weight: self.reordered(base + weight * self.strength) for weight in WEIGHTS}
        return {
            f"{weight:g}": {
                f"{half}_{name}": round(float(self.ndcg(of, half, useful=useful).mean()), 4)
                for half in SPLITS
                for name, useful in (("ndcg_10", False), ("useful_ndcg_10", True))
            }
            for weight, of in scores.items()
        }

    def described(self) -> Json:
        """How large the set is, and how many answers its questions have."""
        return {
            "routines": self.grades.shape[1],
            "questions": {half: int((self._half == half).sum()) for half in SPLITS},
            "right_answers_median": float(np.median((self.grades == FULL).sum(axis=1))),
            "pairs_right": int((self.grades == FULL).sum()),
            "pairs_near": int((self.grades == NEAR).sum()),
        }


def measure(labelled: RankingSet, models: ModelManager) -> Json:
    """Everything: choices made on the tuning half, figures of both."""
    asked = [question.text for question in labelled.questions]
    said = [routine.pattern.sentence for routine in labelled.routines]
    questions, sentences = models.token_vectors(asked), models.token_vectors(said)
    cosine = np.asarray(models.generate_embeddings(asked) @ models.generate_embeddings(said).T, np.float64)
    measurement = Measurement(labelled, cosine)
    everything = family(of_the_home=True)
    pairs = {form: interactions(questions, sentences, form) for form in {each.interaction for each in everything}}

    def scored(form: Late) -> FloatArray:
        return late(pairs[form.interaction], cosine, form)

    tried = {form: float(measurement.ndcg(measurement.reordered(scored(form)), TUNING).mean()) for form in everything}
    servable = family(of_the_home=False)
    best = max(servable, key=lambda form: tried[form])
    of_the_home = max(everything, key=lambda form: tried[form])
    weights = {"similarity": measurement.weights(cosine), "late": measurement.weights(scored(best))}
    weight = choose_weight(weights["late"])
    evidence = measurement.strength
    scores = {
        "similarity": cosine,
        "similarity_former": cosine + FORMER_WEIGHT * evidence,
        "similarity_evidence": cosine + weight * evidence,
        "late_plain": scored(Late(Interaction())),
        "late_alone": scored(Late(best.interaction, best.reverse)),
        "late_mixed": scored(best),
        "late_evidence": scored(best) + weight * evidence,
        "late_of_the_home": scored(of_the_home),
    }
    ranked = {"keywords": keywords(asked, said)} | {name: measurement.reordered(of) for name, of in scores.items()}

    def against(name: str, other: str, *, useful: bool = False) -> Json:
        values = [measurement.ndcg(ranked[each], HELD_OUT, useful=useful) for each in (name, other)]
        return compare(values[0], values[1])

    return {
        "set": measurement.described(),
        "sha256": fingerprint(),
        "embedding": models.embedding_id,
        "late_interaction": {
            "forms_tried": len(servable),
            "chosen": asdict(best),
            "forms_tried_with_statistics_of_the_home": len(everything),
            "best_of_these": asdict(of_the_home),
        },
        "weight_of_evidence": {"chosen": weight, "beside": weights},
        "tuning": {name: measurement.figures(ranked[name], TUNING) for name in METHODS},
        "held_out": {name: measurement.figures(ranked[name], HELD_OUT) for name in METHODS},
        "held_out_against_similarity": {name: against(name, "similarity") for name in METHODS if name != "similarity"},
        "held_out_served_against_former": {
            "ndcg_10": against("late_evidence", "similarity_former"),
            "useful_ndcg_10": against("late_evidence", "similarity_former", useful=True),
        },
    }


def choose_weight(tried: Mapping[str, Json]) -> float:
    """The best weight above nothing on the tuning half, by the mean of nDCG@10 and useful nDCG@10.

    Nothing is no choice: of two sentences that are equally on the subject, the better proven routine goes first.
    """

    def quality(weight: str) -> float:
        return float(tried[weight][f"{TUNING}_ndcg_10"] + tried[weight][f"{TUNING}_useful_ndcg_10"])

    return float(max((weight for weight in tried if float(weight) > 0), key=quality))


def fingerprint(folder: Path = DATA) -> str:
    """sha256 of the labelled set."""
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in SOURCES)).hexdigest()


def methods_table(found: Json) -> str:
    """The figures of the held-out half, in Markdown."""
    rows = []
    for name, title in METHODS.items():
        of, on_tuning = found["held_out"][name], found["tuning"][name]
        difference = found["held_out_against_similarity"].get(name)
        rows.append(
            [
                title.format(former=FORMER_WEIGHT, weight=found["weight_of_evidence"]["chosen"]),
                f"{on_tuning['ndcg_10']['mean']:.3f}",
                f"{of['ndcg_10']['mean']:.3f} ({_span(of['ndcg_10'], '.3f')})",
                *(f"{of[figure]['mean']:.3f}" for figure in ("mrr", "recall_10", "useful_ndcg_10")),
                f"{difference['mean']:+.3f} ({_span(difference, '+.3f')})" if difference else "",
            ]
        )
    return _table(
        [
            "ranked by",
            "tuning nDCG@10",
            "nDCG@10 (95 %)",
            "MRR",
            "recall@10",
            "useful nDCG@10",
            "nDCG@10 minus similarity's (95 %)",
        ],
        rows,
    )


def weights_table(found: Json) -> str:
    """What each weight of evidence gives, nDCG@10 in Markdown; the chosen one is bold."""
    columns = {"tuning_ndcg_10": "tuning", "tuning_useful_ndcg_10": "tuning, useful"}
    columns |= {"held_out_ndcg_10": "held-out", "held_out_useful_ndcg_10": "held-out, useful"}
    rows = []
    chosen = found["weight_of_evidence"]["chosen"]
    for base, tried in found["weight_of_evidence"]["beside"].items():
        title = "similarity" if base == "similarity" else "late interaction mixed with similarity"
        for weight, figures in tried.items():
            name = f"**{weight}**" if float(weight) == chosen else weight
            rows.append([title, name, *(f"{figures[column]:.3f}" for column in columns)])
    return _table(["beside", "weight", *columns.values()], rows)


def _span(of: Json, digits: str) -> str:
    return " to ".join(format(end, digits) for end in of["interval"])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def main() -> int:
    """Print the figures, as tables or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RESULTS.name}")
    options = parser.parse_args()
    try:
        found = measure(read_set(), get_model_manager())
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    if options.write:
        RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(
        json.dumps(found, indent=2) if options.format == "json" else f"{methods_table(found)}\n\n{weights_table(found)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
