"""Runs in a container: the models' hub of the tests, which says on stdout what it was asked.

    python hub_service.py FOLDER PORT

Beside it lies ``loopback_hub.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event


def main() -> None:
    """Serve until the container is stopped."""
    from loopback_hub import LoopbackHub  # type: ignore[import-not-found]  # lies beside this file in the container

    hub = LoopbackHub(Path(sys.argv[1]), ("0.0.0.0", int(sys.argv[2])))
    hub.on_request = lambda asked: print(asked.method, asked.path, flush=True)
    with hub.running():
        print("ready", flush=True)
        Event().wait()


if __name__ == "__main__":
    main()
