"""Event log in, patterns out. Knows no model, no database and no HTTP."""

from src.mining.memory import Memory
from src.mining.miner import MiningResult, mine

__all__ = ["Memory", "MiningResult", "mine"]
