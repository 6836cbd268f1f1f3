"""What people see of patterns, and how it changes with each run that publishes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from src.domain.local_time import DAY
from src.domain.patterns import Pattern, Status
from src.domain.runs import Run, RunTrigger
from src.errors import InvalidSetting, NotFound
from src.store import Store
from src.store.publication import GRACE
from tests.unit.store.worlds import NOW, SECOND, leave, pattern, result

LATER = NOW + GRACE + 10 * SECOND  # when what was last found at NOW has faded


def publish(store: Store, *patterns: Pattern, now: int = NOW) -> Run:
    run = store.runs.start(trigger=RunTrigger.CLI, request={}, now=now)
    return store.runs.publish(run.id, result(*patterns), now=now + SECOND)


def numbers(patterns: list[Pattern] | tuple[Pattern, ...]) -> list[int]:
    return [int(each.id[2:], 16) for each in patterns]


def statuses(store: Store) -> dict[int, Status]:
    return {int(each.id[2:], 16): each.status for each in store.patterns.all()}


def test_a_pattern_comes_back_as_it_was_published(store: Store) -> None:
    publish(store, pattern(1), pattern(2))
    assert store.patterns.get(pattern(1).id) == pattern(1)
    assert store.patterns.all() == [pattern(1), pattern(2)]
    assert store.patterns.page().items == (pattern(1), pattern(2))


def test_unknown_patterns(store: Store) -> None:
    with pytest.raises(NotFound, match="p_0"):
        store.patterns.get("p_0")
    assert store.patterns.all() == []
    assert store.patterns.page().items == ()


def test_the_last_run_gives_the_order_and_the_newest_form(store: Store) -> None:
    publish(store, pattern(1), pattern(2), pattern(3))
    publish(store, pattern(3), pattern(4), pattern(1, sentence="Earlier than before."), now=LATER)

    assert numbers(store.patterns.page().items) == [3, 4, 1]
    assert store.patterns.get(pattern(1).id).sentence == "Earlier than before."


@pytest.mark.parametrize(
    ("given", "found_again", "not_found"),
    [
        (Status.NEW, Status.NEW, Status.STALE),
        (Status.ACCEPTED, Status.ACCEPTED, Status.ACCEPTED),
        (Status.REJECTED, Status.REJECTED, Status.REJECTED),
        (Status.SNOOZED, Status.SNOOZED, Status.SNOOZED),
        (Status.STALE, Status.NEW, Status.STALE),
    ],
)
def test_what_a_run_does_to_a_status(store: Store, given: Status, found_again: Status, not_found: Status) -> None:
    publish(store, pattern(1), pattern(2))
    for number in (1, 2):
        leave(store, pattern(number).id, given)

    # What the run believes of the status does not count: a person may have changed it since.
    publish(store, pattern(1, status=Status.STALE), now=LATER)

    assert statuses(store) == {1: found_again, 2: not_found}
    assert store.patterns.get(pattern(1).id).status is found_again


def test_a_stale_pattern_that_is_found_again_is_new_again(store: Store) -> None:
    publish(store, pattern(1))
    publish(store, now=LATER)
    assert statuses(store) == {1: Status.STALE}
    publish(store, pattern(1))
    assert statuses(store) == {1: Status.NEW}


def test_what_is_not_found_fades_for_a_week_before_it_goes(store: Store) -> None:
    """Found on one night, then never again: shown as fading on each night of a week, and gone after it."""
    publish(store, pattern(1), pattern(2))
    for night in range(1, 8):
        publish(store, pattern(1), now=NOW + night * DAY)
        assert statuses(store) == {1: Status.NEW, 2: Status.NEW}
        assert store.patterns.get(pattern(2).id).evidence.drift == "fading"
        assert store.patterns.get(pattern(1).id).evidence.drift == "stable"
    publish(store, pattern(1), now=NOW + 8 * DAY)
    assert statuses(store) == {1: Status.NEW, 2: Status.STALE}


def test_what_is_found_again_in_time_is_stable_again(store: Store) -> None:
    publish(store, pattern(1))
    publish(store, now=NOW + DAY)
    publish(store, pattern(1), now=NOW + 2 * DAY)
    assert store.patterns.get(pattern(1).id) == pattern(1)


def test_what_another_pattern_explains_better_goes_at_once(store: Store) -> None:
    publish(store, pattern(1), pattern(2))
    run = store.runs.start(trigger=RunTrigger.CLI, request={}, now=NOW + DAY)
    better = replace(result(pattern(3), pattern(2)), replaced=frozenset({pattern(1).id}))
    store.runs.publish(run.id, better, now=NOW + DAY)
    assert statuses(store) == {1: Status.STALE, 2: Status.NEW, 3: Status.NEW}


def test_a_run_over_a_part_says_nothing_of_what_it_did_not_look_for(store: Store) -> None:
    publish(store, pattern(1), pattern(2))
    run = store.runs.start(trigger=RunTrigger.CLI, request={}, now=LATER)
    store.runs.publish(run.id, replace(result(pattern(2)), whole=False), now=LATER)
    assert statuses(store) == {1: Status.NEW, 2: Status.NEW}
    assert store.patterns.get(pattern(1).id) == pattern(1)


def test_filters(store: Store) -> None:
    publish(store, *(pattern(number) for number in range(6)))
    leave(store, pattern(0).id, Status.ACCEPTED)
    leave(store, pattern(1).id, Status.STALE)

    def shown(**filters: object) -> list[int]:
        return numbers(store.patterns.page(**filters).items)  # type: ignore[arg-type]

    assert shown() == [0, 2, 3, 4, 5]
    assert shown(status=[Status.STALE]) == [1]
    assert shown(status=[Status.STALE, Status.ACCEPTED]) == [0, 1]
    assert shown(status=[]) == []
    assert shown(kind="time_of_day") == [0, 2, 4]
    assert shown(category="security") == [3, 5]
    assert shown(kind="co_occurrence", category="comfort") == []
    assert shown(kind="no such kind") == []


def test_pages_cover_the_list_once(store: Store) -> None:
    publish(store, *(pattern(number) for number in range(7)))
    seen: list[int] = []
    cursor = None
    for size in (3, 3, 1):
        page = store.patterns.page(limit=3, cursor=cursor)
        assert len(page.items) == size
        seen += numbers(page.items)
        cursor = page.next
    assert cursor is None
    assert seen == list(range(7))
    assert store.patterns.page(limit=7).next is None


def test_a_page_goes_on_where_the_last_one_ended_though_a_run_published_in_between(store: Store) -> None:
    publish(store, pattern(1), pattern(2), pattern(3), pattern(4))
    first = store.patterns.page(limit=2)
    assert numbers(first.items) == [1, 2]

    publish(store, pattern(8), pattern(1), pattern(9), pattern(2), pattern(3), pattern(7), pattern(4))

    assert numbers(store.patterns.page(cursor=first.next).items) == [3, 7, 4]


def test_a_page_goes_on_though_its_last_pattern_is_gone(store: Store) -> None:
    publish(store, pattern(1), pattern(2), pattern(3), pattern(4))
    first = store.patterns.page(limit=2)
    publish(store, pattern(1), pattern(5), pattern(3), pattern(4), now=LATER)
    assert numbers(store.patterns.page(cursor=first.next).items) == [3, 4]


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_limits_out_of_range(store: Store, limit: int) -> None:
    with pytest.raises(InvalidSetting, match="limit"):
        store.patterns.page(limit=limit)
    with pytest.raises(InvalidSetting, match="limit"):
        store.runs.page(limit=limit)


def test_a_cursor_of_another_list_is_refused(store: Store) -> None:
    publish(store, pattern(1), pattern(2))
    publish(store, pattern(1), pattern(2))
    with pytest.raises(InvalidSetting, match="cursor"):
        store.patterns.page(cursor=store.runs.page(limit=1).next)
    with pytest.raises(InvalidSetting, match="cursor"):
        store.runs.page(cursor=store.patterns.page(limit=1).next)
