"""Runs the texts of many callers in common batches, in the callers' own threads.

There is no worker thread. A caller whose sequences wait runs the next batch itself when nobody else does, so a lone
caller is never handed over to another thread. A batch takes sequences from all callers in turn (round robin, as in
fair queueing: https://dl.acm.org/doi/10.1145/75246.75248), so one sequence does not wait behind another caller's ten
thousand. A caller returns as soon as its own sequences are done, whatever else waits; the next caller goes on.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.box.memory import available_memory
from src.errors import ModelBusy
from src.models.infer.batches import LARGEST_BATCH, Batch, batches, padded_length, tokens_for
from src.observability.metrics import ModelMetrics

WAITING = 4096  # sequences that may wait, unless the settings say otherwise

Rows = NDArray[Any]


class _Request:
    """One caller's sequences.

    Attributes:
        left: places of the sequences that no batch has taken, the longest last.
        unanswered: sequences without a row, taken or not.
        rows: (n, ...), made when the first batch tells the shape.
        given_up: the caller was interrupted; nobody wants the rows any more.
        turn: wakes the caller, if it is asleep; shares the queue's lock.
    """

    def __init__(self, sequences: Sequence[Sequence[int]], lock: threading.Lock) -> None:
        self.sequences = sequences
        self.left = sorted(range(len(sequences)), key=lambda place: len(sequences[place]))
        self.unanswered = len(sequences)
        self.rows: Rows | None = None
        self.error: Exception | None = None
        self.given_up = False
        self.asleep = False
        self.turn = threading.Condition(lock)

    @property
    def finished(self) -> bool:
        return self.error is not None or not self.unanswered

    def answer(self, place: int, row: Rows) -> None:
        if self.rows is None:
            self.rows = np.empty((len(self.sequences), *row.shape), row.dtype)
        self.rows[place] = row
        self.unanswered -= 1

    def sleep(self) -> None:
        self.asleep = True
        try:
            self.turn.wait()
        finally:
            self.asleep = False


_Taken = list[tuple[_Request, int]]  # sequences that a batch has taken, with their places in their requests


class RequestQueue:
    """One network's queue. Threads may ask at once.

    Args:
        run: rows (batch, ...) of a batch; a sequence's row depends on nothing else.
        name: the model's, for errors and metrics.
        pad: token id that fills the end of a row.
        limit: sequences that may wait. Of one caller at most a quarter of it counts: a caller with many can always be
            served when nobody else waits, and does not shut the others out.
        workers: batches at once; as many as the network has infer requests.
        largest, tokens: see :func:`src.models.infer.batches.batches`; None: what the container's memory allows.
        clock: seconds, monotonic; only for saying when to ask again.
    """

    def __init__(
        self,
        run: Callable[[Batch], Rows],
        *,
        name: str,
        pad: int,
        limit: int = WAITING,
        workers: int = 1,
        largest: int = LARGEST_BATCH,
        tokens: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._name = name
        self._metrics = ModelMetrics(name)
        self._pad = pad
        self._limit = limit
        self._share = max(1, limit // 4)
        self._workers = workers
        self._largest = largest
        self._tokens = tokens_for(available_memory()) if tokens is None else tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._requests: deque[_Request] = deque()  # those with sequences left; the first has the next turn
        self._running = 0
        self._seconds = 0.0  # that a sequence takes; a moving average

    @property
    def waiting(self) -> int:
        """Sequences that no batch has taken, counted as ``limit`` says."""
        with self._lock:
            return self._waiting()

    def ask(self, sequences: Sequence[Sequence[int]]) -> Rows:
        """Their rows (n, ...), in their order; n is at least 1.

        Raises:
            ModelBusy: too much waits already; nothing of this was run.
            Exception: what ``run`` raised for these sequences; no other caller gets to see it.
        """
        request = _Request(sequences, self._lock)
        with self._lock:
            self._admit(request)
            try:
                while not request.finished:
                    if request.left and self._running < self._workers:
                        self._serve()
                    else:
                        self._pass_on()
                        request.sleep()
            finally:
                request.given_up = not request.finished
                if request in self._requests:  # it failed, or is being interrupted
                    self._requests.remove(request)
                self._pass_on()
        if request.error is not None:
            raise request.error
        assert request.rows is not None
        return request.rows

    def _waiting(self) -> int:
        return sum(min(len(request.left), self._share) for request in self._requests)

    def _admit(self, request: _Request) -> None:
        waiting = self._waiting()
        if waiting + min(len(request.left), self._share) > self._limit:
            self._metrics.refused()
            raise ModelBusy(self._name, waiting, max(1.0, waiting * self._seconds))
        self._requests.append(request)

    def _pass_on(self) -> None:
        """Wake the next caller when a batch more may run. With the lock held."""
        if self._running < self._workers:
            for request in self._requests:
                if request.asleep and request.left:
                    request.turn.notify()
                    return

    def _serve(self) -> None:
        """Run what comes next, whosever it is. Entered and left with the lock held."""
        taken = self._take()
        self._running += 1
        self._pass_on()  # there may be room for another worker
        self._lock.release()
        started = self._clock()
        answers: list[tuple[_Request, int, Rows | Exception]] = []
        try:
            answers = self._answers(taken)
        finally:
            seconds = (self._clock() - started) / len(taken)
            self._lock.acquire()
            self._running -= 1
            self._seconds += (seconds - self._seconds) * (0.2 if self._seconds else 1.0)
            if not answers:  # this caller is being interrupted; the others' sequences wait for the next
                self._put_back(taken)
            for request, place, answer in answers:
                if isinstance(answer, Exception):
                    request.error = answer
                    request.left.clear()
                else:
                    request.answer(place, answer)
                if request.finished:
                    request.turn.notify()

    def _take(self) -> _Taken:
        """One batch's worth of sequences, or a little more: one from each caller in turn, each one's longest first."""
        taken: _Taken = []
        total = 0
        while self._requests and len(taken) < self._largest:
            request = self._requests[0]
            if request.left:
                total += padded_length(len(request.sequences[request.left[-1]]))
                if taken and total > self._tokens:
                    break
                taken.append((request, request.left.pop()))
            if request.left:
                self._requests.rotate(-1)
            else:
                self._requests.popleft()
        return taken

    def _put_back(self, taken: _Taken) -> None:
        """Undo a take: those callers have the next turns."""
        for request, place in reversed(taken):
            if request.error is None and not request.given_up:
                if request.left:
                    self._requests.remove(request)
                request.left.append(place)
                self._requests.appendleft(request)

    def _answers(self, taken: _Taken) -> list[tuple[_Request, int, Rows | Exception]]:
        """For each sequence its row, or why there is none."""
        try:
            rows = self._rows([request.sequences[place] for request, place in taken])
        except Exception as error:  # raised again in the thread of the caller whose it is
            callers = list(dict.fromkeys(request for request, _ in taken))
            if len(callers) == 1:
                return [(request, place, error) for request, place in taken]
            # One of them is to blame: each is run by itself.
            return [
                answer for caller in callers for answer in self._answers([pair for pair in taken if pair[0] is caller])
            ]
        return [(request, place, row) for (request, place), row in zip(taken, rows, strict=True)]

    def _rows(self, sequences: Sequence[Sequence[int]]) -> list[Rows]:
        rows: dict[int, Rows] = {}
        for batch in batches(sequences, pad=self._pad, largest=self._largest, tokens=self._tokens):
            with self._metrics.inferring(len(batch.indices), batch.ids.size):
                answers = self._run(batch)
            for place, row in zip(batch.indices, answers, strict=False):  # some only fill the batch up
                rows[int(place)] = row
        return [rows[place] for place in range(len(sequences))]
