"""The labelled sentences: enough of them, labelled by the rule, and split so that the held-out figures are honest."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

from scripts import measure_classifier as measuring

with measuring.SENTENCES.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))

ROOMS = (
    "kitchen bathroom bedroom living room dining hall hallway office study nursery garage cellar basement porch garden "
    "terrace playroom pantry wardrobe landing stairs driveway laundry utility workshop upstairs guest back front side "
    "hobby"
)
DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"


def blurred(sentence: str) -> str:
    """Without what may differ between two sentences that say the same: times, days, delays, people, rooms."""
    text = re.sub(r"\b\d\d:\d\d\b", "TIME", sentence.lower())
    text = re.sub(rf"\b(?:every day|on weekdays|at weekends|on {DAY}(?: and {DAY})?)\b", "DAYS", text)
    text = re.sub(r"within (?:an?|\d+) (?:hour|minute|second)s?", "DELAY", text)
    text = re.sub(r"\b(?:anna|tom|maria|ben|everybody|the last person|the first person)\b", "PERSON", text)
    return re.sub(rf"\b(?:{'|'.join(ROOMS.split())})\b", "ROOM", text)


def test_there_are_enough_of_every_label() -> None:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for row in ROWS:
        counts[row["split"], row["category"]] += 1
        counts[row["split"], row["priority"]] += 1

    assert len(ROWS) >= 600
    assert min(counts.values()) >= 50
    assert len({row["sentence"] for row in ROWS}) == len(ROWS)


def test_no_family_is_on_both_sides_of_the_split() -> None:
    splits = defaultdict(set)
    for row in ROWS:
        splits[row["family"]].add(row["split"])

    assert [family for family, sides in splits.items() if len(sides) > 1] == []


def test_no_held_out_sentence_was_trained_on_in_other_words_for_time_room_or_person() -> None:
    trained = {blurred(row["sentence"]) for row in ROWS if row["split"] == "train"}

    assert [row["sentence"] for row in ROWS if row["split"] == "held_out" and blurred(row["sentence"]) in trained] == []


def test_most_sentences_are_worded_as_the_service_words_them() -> None:
    own = sum(measuring.OWN_WORDING.search(row["sentence"]) is not None for row in ROWS)

    assert 0.5 < own / len(ROWS) < 0.9


def test_arming_the_alarm_is_always_security_of_high_priority() -> None:
    arming = [row for row in ROWS if "is armed for" in row["sentence"].split(",")[-1]]

    assert len(arming) > 10
    assert {(row["category"], row["priority"]) for row in arming} == {("security", "high")}


@pytest.mark.parametrize("beginning", ["train,a,fun,high", "train,a,comfort,high", "test,a,comfort,low"])
def test_a_row_with_an_unknown_label_pair_or_split_is_refused(tmp_path: Path, beginning: str) -> None:
    path = tmp_path / "sentences.csv"
    path.write_text(f"split,family,category,priority,sentence\n{beginning},The disco starts.\n")

    with pytest.raises(ValueError, match=r"not in|must be"):
        measuring.read_sentences(path)
