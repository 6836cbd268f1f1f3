"""The search that three kinds share: from causes and actions to candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from src.domain.patterns import Kind
from src.mining.following import Cause, Following, as_candidate, find_link
from src.mining.following_chance import ActionTimes, action_times, grain_of
from src.mining.following_screen import MIN_HITS, promising
from src.mining.kind import Bar, Home, Search, Trial

Rivalry = Callable[[Sequence[Following], Counter[str]], list[Following]]


class Followers:
    """The actions of a home, tested against one cause after another.

    Attributes:
        targets: codes of the actions that happen often enough, ascending.
        found: what may be a routine.
        left_out: causes and pairs that were not, by reason.
    """

    def __init__(self, home: Home, kind: Kind, bar: Bar) -> None:
        changes = home.changes
        self.targets = [code for code in home.targets if len(changes.of(code)) >= MIN_HITS]
        self.found: list[Following] = []
        self.left_out: Counter[str] = Counter()
        self._home, self._kind, self._bar = home, kind, bar
        self._grain = grain_of(changes.time)
        self._actions: dict[int, ActionTimes] = {}
        self._closest: dict[int, Trial] = {}

    def action(self, target: int) -> ActionTimes:
        """The times of an action."""
        if target not in self._actions:
            self._actions[target] = action_times(self._home, target)
        return self._actions[target]

    def test(self, cause: Cause, target: int, searched_inside: int = 1) -> None:
        """Whether an action follows a cause.

        Args:
            searched_inside: how many variants of this cause were tried; the p-value pays for them.
        """
        if self._home.changes.things[target].entity_id in cause.entity_ids:
            return
        link = find_link(self._home, cause, target, self.action(target), self._grain, self.left_out)
        if link is None:
            return
        candidate = as_candidate(self._home, self._kind, link, searched_inside)
        trial = candidate.discovery if candidate is not None else link.trial(link.searched)
        if target not in self._closest or trial.rate > self._closest[target].rate:
            self._closest[target] = trial
        if candidate is None or trial.rate < self._bar.min_rate:
            self.left_out["follows_too_seldom"] += 1
        else:
            self.found.append(Following(link, candidate))

    def search(self, family: int, rivalry: Rivalry) -> Search:
        """What was found.

        Args:
            family: how many pairs were tested.
            rivalry: keeps of several causes of one action those that no other one explains.
        """
        candidates = [following.candidate for following in rivalry(self.found, self.left_out)]
        return Search(candidates, max(family, len(self.found), 1), dict(+self.left_out), self._closest)


def search_causes(home: Home, kind: Kind, bar: Bar, causes: Sequence[Cause], rivalry: Rivalry) -> Search:
    """Every cause with every action. The family is all pairs of those that happen at least five times."""
    followers = Followers(home, kind, bar)
    for place, target in promising(home, [cause.times for cause in causes], followers.targets):
        followers.test(causes[place], target)
    enough = sum(1 for cause in causes if len(cause.times) >= MIN_HITS)
    return followers.search(enough * len(followers.targets), rivalry)
