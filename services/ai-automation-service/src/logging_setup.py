"""Structured logs: one JSON object a line, on stderr."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from src.domain.secrets import masked
from src.observability.context import request_id, run_id
from src.observability.tracing import trace_id

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, event, what it belongs to, then whatever ``extra`` named.

    Args:
        secrets: never written, whatever a library puts into its words or its errors.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = frozenset(secrets)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        belongs = {"request_id": request_id.get(), "run_id": run_id.get(), "trace_id": trace_id()}
        line |= {key: identifier for key, identifier in belongs.items() if identifier is not None}
        line |= {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Escaped: some characters that text may hold end a line for some readers.
        return json.dumps(_masked(line, self._secrets), default=str)


def _masked(value: object, secrets: frozenset[str]) -> object:
    if not secrets or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {masked(str(key), secrets): _masked(each, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each, secrets) for each in value]
    return masked(str(value), secrets)


def configure_logging(level: str, secrets: Iterable[str] = ()) -> None:
    """Send every logger of the process to stderr as JSON lines without the secrets, the web server's too.

    The server's own access log is off: ``api.requests`` logs each request with its id and duration.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for name in _SERVER_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # These tell of every step at INFO; what comes of it is logged by the parts that use them.
    for name in ("apscheduler", "alembic", "httpx", "websockets"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
