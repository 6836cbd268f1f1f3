"""The kinds of routine that are mined, one plug-in a file, in the order in which they are asked."""

from src.domain.patterns import Kind
from src.mining.kind import KindMiner
from src.mining.kinds.anomaly import Anomaly
from src.mining.kinds.co_occurrence import CoOccurrence
from src.mining.kinds.day_type import DayType
from src.mining.kinds.duration import Duration
from src.mining.kinds.frequency import Frequency
from src.mining.kinds.presence import Presence
from src.mining.kinds.scene import Scene
from src.mining.kinds.seasonal import Seasonal
from src.mining.kinds.sequence import Sequence
from src.mining.kinds.solar import Solar
from src.mining.kinds.threshold import Threshold
from src.mining.kinds.time_of_day import TimeOfDay

_ALL: tuple[KindMiner, ...] = (
    TimeOfDay(),
    DayType(),
    Solar(),
    Seasonal(),
    CoOccurrence(),
    Presence(),
    Threshold(),
    Sequence(),
    Scene(),
    Duration(),
    Frequency(),
    Anomaly(),
)
KINDS: dict[Kind, KindMiner] = {miner.kind: miner for miner in _ALL}

__all__ = ["KINDS"]
