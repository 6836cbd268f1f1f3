"""OpenVINO, set up once for the process and asked by many threads.

``openvino`` is imported by the first load and not before. The ``openvino-telemetry`` package is not installed on
purpose: without it the import tries no connection.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.box.cpus import allowed_cpus
from src.models.infer.arm_products import move_scales_behind, on_arm

if TYPE_CHECKING:
    from openvino import CompiledModel, Core, InferRequest, Model

_GROUP = 32  # activations rounded together; only along one token, so a text still does not feel its batch


class Network:
    """A compiled graph. Threads may call it at once; each waits for one of its infer requests.

    Attributes:
        inputs, outputs: names, in the graph's order.
        parallel: how many calls run at once; further ones wait.
    """

    def __init__(self, compiled: CompiledModel) -> None:
        self.inputs = tuple(port.get_any_name() for port in compiled.inputs)
        self.outputs = tuple(port.get_any_name() for port in compiled.outputs)
        self._idle: SimpleQueue[InferRequest] = SimpleQueue()
        self.parallel = max(1, int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")))
        for _ in range(self.parallel):
            self._idle.put(compiled.create_infer_request())

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Outputs in the order of ``outputs``, as arrays of their own. Inputs by name; unknown names are left out."""
        request = self._idle.get()
        try:
            request.infer({name: inputs[name] for name in self.inputs}, share_inputs=True)
            return [np.array(request.get_output_tensor(place).data) for place in range(len(self.outputs))]
        finally:
            self._idle.put(request)


class Runtime:
    """Compiles graphs for this machine's processor.

    Args:
        threads: threads for inference; 0: what container and affinity allow.
    """

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._core: Core | None = None

    def start(self) -> None:
        """Import and set up OpenVINO, as the first load does too; what comes after costs only the model."""
        self._get_core()

    def load(self, graph: Path | Model, *, fast: bool = False) -> Network:
        """Compile an IR (path of its ``.xml``, the ``.bin`` beside it) or a graph in memory.

        Args:
            fast: see :meth:`properties`.

        Raises:
            RuntimeError: OpenVINO cannot read or compile it.
        """
        core = self._get_core()
        model = core.read_model(str(graph)) if isinstance(graph, Path) else graph
        properties = self.properties(fast=fast)
        if on_arm():
            model = model.clone()  # what was given may be written to a file yet
            if not move_scales_behind(model):
                # The engine's own name for: no products of 8-bit inputs. Their rounding stays, in float32.
                properties["LP_TRANSFORMS_MODE"] = "NO"
        return Network(core.compile_model(model, "CPU", properties))

    def properties(self, *, fast: bool = False) -> dict[str, object]:
        """What graphs are compiled with.

        float32 activations, because the default precision on processors with AVX512-BF16 is bf16 and results would
        differ between machines.

        Args:
            fast: multiply with INT8 weights in INT8, each token's activations rounded by groups of 32, where the
                processor has instructions for it. Twice as fast, about as exact as the rounding of the weights
                (measured in docs/models.md), but no longer the same on every machine.
        """
        properties: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": _GROUP if fast else 0,
            # Threads that may wander wait less where the processors are shared with other work.
            "ENABLE_CPU_PINNING": False,
        }
        threads = self._threads or allowed_cpus()
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        return properties

    def _get_core(self) -> Core:
        with self._lock:
            if self._core is None:
                from openvino import Core

                self._core = Core()
            return self._core
