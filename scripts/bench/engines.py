"""Which engines are compared, in which environment each runs, and what it can do. Standard library alone."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("BENCH_HOME") or ROOT / ".bench").absolute()
TASKS = ("embed", "rerank", "classify")


class Engine(Protocol):
    """What a worker asks. A model is loaded by the first call that needs it."""

    def embed(self, texts: list[str]) -> object:
        """Rows of unit length, in the order of the texts."""

    def rerank(self, query: str, passages: list[str]) -> object:
        """The passages, best first."""

    def classify(self, texts: list[str], prompts: int) -> object:
        """Category and priority of each text; an engine that generates asks for both in one prompt or in two."""


@dataclass(frozen=True, slots=True)
class EngineCard:
    """One engine.

    Attributes:
        environment: ``ours`` (the interpreter that runs the benchmark), ``torch`` or ``onnx``.
        made_by: module and function that make it, from a home folder and a number of threads.
        tasks: of :data:`TASKS`.
    """

    name: str
    title: str
    environment: str
    made_by: str
    tasks: tuple[str, ...]

    def python(self) -> Path:
        """The interpreter it runs with, whether there is one or not."""
        if self.environment == "ours":
            return Path(sys.executable)
        chosen = os.environ.get(f"BENCH_VENV_{self.environment.upper()}")
        return (Path(chosen) if chosen else HOME / f"venv-{self.environment}") / "bin" / "python"

    def installed(self) -> bool:
        """Whether its environment was made, whole."""
        if self.name == "before":
            return "BENCH_BEFORE" in os.environ
        python = self.python()
        return python.is_file() and (self.environment == "ours" or (python.parents[1] / ".installed").exists())

    def make(self, home: Path, threads: int) -> Engine:
        """The engine itself; only in its own environment."""
        module, _, name = self.made_by.partition(":")
        engine: Engine = getattr(importlib.import_module(module), name)(home, threads)
        return engine


_ST, _ONNX = "scripts.bench.torch_engines", "scripts.bench.onnx_engines"

ENGINES: dict[str, EngineCard] = {
    card.name: card
    for card in (
        EngineCard("ours", "ours, INT8", "ours", "scripts.bench.ours:ours", TASKS),
        EngineCard("before", "the checkout of BENCH_BEFORE", "ours", "scripts.bench.ours:before", ("embed",)),
        EngineCard("torch", "sentence-transformers, torch FP32", "torch", f"{_ST}:torch_fp32", TASKS),
        EngineCard("openvino", "sentence-transformers, OpenVINO FP32", "torch", f"{_ST}:openvino_fp32", TASKS),
        EngineCard("openvino-int8", "sentence-transformers, OpenVINO INT8", "torch", f"{_ST}:openvino_int8", TASKS),
        EngineCard("onnx-int8", "sentence-transformers, ONNX INT8", "onnx", f"{_ONNX}:sentence_onnx", ("embed",)),
        EngineCard("ort-int8", "ONNX Runtime INT8, plain", "onnx", f"{_ONNX}:raw_plain", ("embed",)),
        EngineCard("ort-int8-fused", "ONNX Runtime INT8, fused", "onnx", f"{_ONNX}:raw_fused", ("embed",)),
    )
}
