"""The kinds of routine this version mines, one plug-in a file."""

from src.domain.patterns import Kind
from src.mining.kind import KindMiner
from src.mining.kinds.co_occurrence import CoOccurrence
from src.mining.kinds.time_of_day import TimeOfDay

KINDS: dict[Kind, KindMiner] = {miner.kind: miner for miner in (TimeOfDay(), CoOccurrence())}

__all__ = ["KINDS", "CoOccurrence", "TimeOfDay"]
