"""What a person should be told of a mining that could find nothing, whatever the home does."""

from __future__ import annotations

from src.mining import MiningResult
from src.mining.miner import MIN_DAYS


def remarks(mined: MiningResult) -> list[str]:
    """Sentences on why there is little or nothing to see, with what helps; empty when nothing stands in the way."""
    if "home_with_too_few_days" in mined.left_out:
        return [
            f"The history has events on fewer than {MIN_DAYS} days, too few to tell a habit from chance."
            " Several weeks are better; the service's own store keeps what the recorder purges."
        ]
    return []
