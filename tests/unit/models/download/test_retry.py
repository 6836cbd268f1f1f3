"""How long a download waits before it tries again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from src.models.download.retry import RetryPolicy

CHANCE = st.floats(0, 1, exclude_max=True)


def test_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_wait=1.0, longest_wait=5.0)
    assert [policy.wait(failures, 0.0) for failures in range(1, 6)] == [0.5, 1.0, 2.0, 2.5, 2.5]


@given(st.integers(1, 60), CHANCE)
def test_half_of_a_wait_is_left_to_chance(failures: int, chance: float) -> None:
    policy = RetryPolicy()
    least, wait = policy.wait(failures, 0.0), policy.wait(failures, chance)
    assert least <= wait <= 2 * least <= policy.longest_wait


@given(st.integers(1, 60), CHANCE, st.floats(0, 1e6))
def test_a_server_that_asks_for_time_gets_it(failures: int, chance: float, asked: float) -> None:
    assert RetryPolicy().wait(failures, chance, asked) >= asked


@given(st.floats(0.5, 36_000), st.integers(0, 3))
def test_tries_at_a_silent_server_fit_into_the_deadline(seconds: float, retries: int) -> None:
    policy = RetryPolicy.within(seconds, retries)
    # The watch looks eight times in the time it has patience for, so it may be an eighth late.
    tries = (retries + 1) * policy.patience * 9 / 8
    assert tries + sum(policy.wait(failures, 0.999) for failures in range(1, retries + 1)) < seconds


def test_a_slow_and_steady_line_is_not_called_dead() -> None:
    assert RetryPolicy.within(600.0, 3).least_rate * 10 < 20_000
