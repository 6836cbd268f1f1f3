"""The serving process, as the preparing one sees it: words of JSON, a line each, over standard input and output."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue

from src.domain.patterns import Json

_FIRST_TO_DIE = "1000"


class Parent:
    """Made once, at the start. From then on what libraries print goes to standard error, and the process ends when its
    standard input is closed.

    Attributes:
        request: what is to be done, the parent's first word.
    """

    def __init__(self) -> None:
        self.request: Json = json.loads(sys.stdin.readline())
        self._mouth = os.dup(1)
        os.dup2(2, 1)
        self._speaking = threading.Lock()
        self._heard: SimpleQueue[Json] = SimpleQueue()
        threading.Thread(target=self._listen, name="parent", daemon=True).start()
        # Where a container has too little memory after all, its service stays and this process goes (proc(5)).
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_DIE)

    def say(self, word: Json) -> None:
        with self._speaking:
            os.write(self._mouth, json.dumps(word).encode() + b"\n")

    def ask(self, word: Json) -> Json:
        """Say it, and wait for the answer."""
        self.say(word)
        return self._heard.get()

    def _listen(self) -> None:
        rest = b""
        while data := os.read(0, 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._heard.put(json.loads(line))
        os._exit(1)
