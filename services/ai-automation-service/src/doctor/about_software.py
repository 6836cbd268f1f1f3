"""Which versions run here, and whether all that serving needs is installed."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from src import __version__
from src.doctor.finding import Finding, failed, ok
from src.doctor.situation import Situation
from src.domain.local_time import zone
from src.errors import UnknownTimeZone
from src.store.inspection import SQLITE

PACKAGES = ("openvino", "tokenizers", "numpy", "scipy", "fastapi", "uvicorn", "sqlalchemy", "alembic", "httpx",
            "websockets", "paho-mqtt", "psycopg", "pymysql", "pydantic-settings")  # fmt: skip
_INSTALL = "Install the service anew: `pip install -r requirements/serve.txt`, or use its image."


def look_at_software(situation: Situation) -> Iterator[Finding]:
    """Versions; a package that is missing; zones that are not known."""
    yield ok("service", f"ai-automation-service {__version__}")
    yield ok(
        "python",
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {SQLITE},"
        f" {ssl.OPENSSL_VERSION}, {platform.system()} {platform.release()} {platform.machine()}",
    )
    found = {name: _version(name) for name in PACKAGES}
    missing = [name for name, known in found.items() if known is None]
    if missing:
        yield failed("packages", f"not installed: {', '.join(missing)}", _INSTALL)
    yield ok("packages", ", ".join(f"{name} {known}" for name, known in found.items() if known is not None))
    try:
        zone("Europe/Berlin")
    except UnknownTimeZone:
        yield failed("time zones", "the database of time zones is missing", "Install the package tzdata.")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
