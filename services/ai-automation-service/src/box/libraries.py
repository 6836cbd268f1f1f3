"""Tells native libraries how many threads they may have, before any of them is loaded."""

from __future__ import annotations

import os

from src.box.cpus import threads
from src.box.memory import limit_arenas

# OpenBLAS starts a thread, with buffers of its own, for each of the machine's processors; so does what is built with
# OpenMP (PyTorch, in an export), and the tokenizers' pool. None of the work here gets faster beyond eight.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")
_MOST = 8


def limit_libraries() -> None:
    """By the container's processors, and for the processes that this one starts as well.

    A library reads its variable once, when it is loaded, so this is the first thing that the package does. What is set
    already stays.
    """
    limit_arenas()
    allowed = str(threads(_MOST))
    for name in _THREADS:
        os.environ.setdefault(name, allowed)
