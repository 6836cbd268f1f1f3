"""Ends with 0 while the service answers at its port, else with 1 and the reason; a container's health check.

Only the standard library, because it runs every half minute beside the service.
"""

from __future__ import annotations

import http.client
import os
import sys

_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  an address to compare with
_PATIENCE = 5.0  # seconds


def main() -> int:
    """Ask ``GET /health`` once; the exit code."""
    host, port = os.environ.get("HOST", ""), os.environ.get("PORT", "") or "8018"
    connection = http.client.HTTPConnection("127.0.0.1" if host in _ANYWHERE else host, int(port), timeout=_PATIENCE)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"The service does not answer at port {port}: {error}.")
        return 1
    finally:
        connection.close()
    print(f"The service answers with {status}.")
    return 0 if status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
