"""``serve``: the API until somebody stops it."""

from __future__ import annotations

import errno
import logging
import signal
import socket

from src.box.memory import available_memory
from src.commands.ending import Ending
from src.errors import AddressTaken, InvalidSetting, ServiceError
from src.logging_setup import configure_logging
from src.settings import Settings, load_settings
from src.terminal import Terminal

logger = logging.getLogger(__name__)

LEAST_MEMORY = 256 << 20  # bytes; at rest it holds half of them
GRACE = 2  # seconds that open requests get to finish once a stop is asked for


def bind(host: str, port: int) -> socket.socket:
    """A socket that holds the address but does not listen yet.

    Raises:
        AddressTaken: another program listens there.
        InvalidSetting: no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host, port))
    except OSError as error:
        held.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(host, port) from None
        if error.errno == errno.EACCES:
            raise InvalidSetting("PORT", port, "a port this user may listen on, 1024 or higher") from None
        raise InvalidSetting("HOST", host, "an address of this machine, such as 127.0.0.1 or 0.0.0.0") from None
    return held


def serve(terminal: Terminal, *, host: str | None, port: int | None) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        AddressTaken, CatalogInvalid, InvalidSetting, StoreError.
    """
    overrides = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load_settings(**overrides)
    with bind(settings.host, settings.port) as held:
        configure_logging(settings.log_level, settings.secrets)
        _look_at_memory()
        serve_on(held, settings, terminal)


def _look_at_memory() -> None:
    """Say it before it is too late: who is killed for memory says nothing."""
    limit = available_memory()
    if limit is not None and limit < LEAST_MEMORY:
        sizes = {"bytes": limit, "least": LEAST_MEMORY}
        logger.warning("little_memory", extra={**sizes, "remedy": "give the container more: MEMORY_LIMIT=1G"})


def serve_on(held: socket.socket, settings: Settings, terminal: Terminal) -> None:
    """Serve on a bound socket until SIGINT or SIGTERM; says the URL once requests are answered.

    After a signal the process ends within seconds: what does not close in time is left as it is.

    Raises:
        CatalogInvalid, DatabaseUnreachable, DatabaseTooNew: before anything is served.
        ServiceError: the service did not start.
    """
    with Ending().watched():
        try:
            _serve_on(held, settings, terminal)
        except KeyboardInterrupt:
            # One is enough: whoever repeats it does not cut off what is being closed.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            logger.info("stopped_by_signal")  # uvicorn has shut down in order and raises the signal again


def _serve_on(held: socket.socket, settings: Settings, terminal: Terminal) -> None:
    import uvicorn

    from src.api.services import open_services
    from src.main import create_app

    host, port = held.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host

    class Announced(uvicorn.Server):
        """Tells where it listens as soon as it does."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                terminal.say(f"http://{shown}:{port}")

    config = uvicorn.Config(
        create_app(open_services(settings)),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who asks is who is connected: the add-on answers its ingress alone
        timeout_graceful_shutdown=GRACE,
    )
    try:
        Announced(config).run(sockets=[held])
    except SystemExit as error:
        raise ServiceError("The service did not start.", "The log lines above say why.") from error
