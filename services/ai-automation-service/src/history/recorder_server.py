"""What the servers that a recorder may be in have in common: patience, the name they are shown by, what goes wrong."""

from __future__ import annotations

from enum import Enum

from sqlalchemy import URL

from src.errors import HistoryUnreadable

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 30  # a page takes some tenths of one; a server that needs as long has no time for us
LOCK_SECONDS = 5

_KEPT = "What was imported before is kept, and the next import goes on from there"


class Failure(Enum):
    """What can go wrong with a server: why there is no history, and the remedy."""

    UNREACHABLE = (
        "its server cannot be reached ({said})",
        "Check that the server runs and that host and port of RECORDER_URL are right as seen from this service.",
    )
    LOST = ("the connection to its server was lost", f"{_KEPT}: import again when the server runs.")
    NOT_LET_IN = (
        "its server does not let this user in",
        "Check user and password in RECORDER_URL, and that the server lets this user in from this service's address.",
    )
    NO_DATABASE = (
        "there is no such database",
        "Check the name at the end of RECORDER_URL; it is that of Home Assistant's.",
    )
    NOT_ALLOWED = (
        "its user may not read Home Assistant's tables",
        "Let it: GRANT SELECT on all tables of that database TO the user of RECORDER_URL.",
    )
    DROPPED = (
        "a table or column is gone ({said})",
        f"Home Assistant may be upgrading its database or making it anew. {_KEPT}: import again when it has started.",
    )
    BUSY = (
        "its server is too busy, or keeps the tables locked",
        f"{_KEPT}: import again when Home Assistant has finished its backup, purge or upgrade.",
    )
    UNEXPECTED = (
        "its server says: {said}",
        "Check that it is Home Assistant's recorder database, and the server's log.",
    )

    def of(self, name: str, said: str = "") -> HistoryUnreadable:
        """The error to raise.

        Args:
            name: the database's, without a password.
            said: by the server.
        """
        why, remedy = self.value
        return HistoryUnreadable(name, why.format(said=" ".join(said.split()).rstrip(".")), remedy)


def shown(url: URL, backend: str, port: int) -> str:
    """The database's address without user and password, for messages and as the key of the source."""
    host = url.host or url.query.get("unix_socket") or url.query.get("host") or "localhost"
    return f"recorder:{backend}://{host}:{url.port or port}/{url.database or ''}"
