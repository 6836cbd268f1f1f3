"""Events in: every kind of history becomes an :class:`~src.domain.events.EventLog`."""

from src.history.source import HistoryRead, SourceInfo, read_history, read_in_parts

__all__ = ["HistoryRead", "SourceInfo", "read_history", "read_in_parts"]
