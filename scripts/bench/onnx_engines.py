"""sentence-transformers' ONNX backend, and ONNX Runtime by itself, both INT8. Runs in the ONNX environment.

INT8 is dynamic quantization, which is what both offer. The graph is exported once by sentence-transformers.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

_BATCH = 32


class SentenceOnnx:
    """SentenceTransformer with ``backend="onnx"`` and the INT8 file made for this processor."""

    def __init__(self, home: Path, threads: int) -> None:
        self._home = home
        self._threads = threads
        self._model: Any = None

    def embed(self, texts: list[str]) -> object:
        """float32 (texts, 384)."""
        if self._model is None:
            self._model = self._loaded()
        return self._model.encode(texts, batch_size=_BATCH, show_progress_bar=False)

    def _loaded(self) -> Any:
        from onnxruntime import SessionOptions
        from sentence_transformers import SentenceTransformer

        folder = _exported(self._home)
        options = SessionOptions()
        options.intra_op_num_threads = self._threads
        (file,) = folder.glob("onnx/model_qint8_*.onnx")
        arguments = {"file_name": f"onnx/{file.name}", "session_options": options, "provider": "CPUExecutionProvider"}
        return SentenceTransformer(str(folder), device="cpu", backend="onnx", model_kwargs=arguments)


class RawOnnxRuntime:
    """``tokenizers`` and ``onnxruntime``, nothing else: length-sorted batches, masked mean, unit length.

    Args:
        fused: quantize the graph after ONNX Runtime's optimizer has fused attention, GELU and layer norms.
    """

    def __init__(self, home: Path, threads: int, *, fused: bool) -> None:
        self._home = home
        self._threads = threads
        self._fused = fused
        self._session: Any = None
        self._tokenizer: Any = None
        self._names: list[str] = []

    def embed(self, texts: list[str]) -> object:
        """float32 (texts, 384)."""
        import numpy as np

        if self._session is None:
            self._load()
        encoded = self._tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda place: -len(encoded[place].ids))
        vectors = np.empty((len(texts), 384), np.float32)
        for at in range(0, len(order), _BATCH):
            places = order[at : at + _BATCH]
            length = len(encoded[places[0]].ids)
            ids = np.zeros((len(places), length), np.int64)
            mask = np.zeros((len(places), length), np.int64)
            for row, place in enumerate(places):
                tokens = encoded[place].ids
                ids[row, : len(tokens)] = tokens
                mask[row, : len(tokens)] = 1
            known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            hidden = self._session.run(None, {name: known[name] for name in self._names})[0]
            pooled = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors[places] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors

    def _load(self) -> None:
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(self._home / "weights/minilm/tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)
        options = SessionOptions()
        options.intra_op_num_threads = self._threads
        graph = _raw_quantized(self._home, fused=self._fused)
        self._session = InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._names = [port.name for port in self._session.get_inputs()]


def sentence_onnx(home: Path, threads: int) -> SentenceOnnx:
    """See :class:`SentenceOnnx`."""
    import torch

    torch.set_num_threads(threads)
    return SentenceOnnx(home, threads)


def raw_plain(home: Path, threads: int) -> RawOnnxRuntime:
    """The graph as exported."""
    return RawOnnxRuntime(home, threads, fused=False)


def raw_fused(home: Path, threads: int) -> RawOnnxRuntime:
    """The graph fused first."""
    return RawOnnxRuntime(home, threads, fused=True)


def _exported(home: Path) -> Path:
    """The folder with ``onnx/model.onnx`` and its INT8 form; made now when it is not there."""
    folder = home / "built" / "minilm-onnx"
    if not folder.exists():
        from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model

        staged = folder.with_name("minilm-onnx.staged")
        shutil.rmtree(staged, ignore_errors=True)
        model = SentenceTransformer(str(home / "weights/minilm"), device="cpu", backend="onnx")
        model.save_pretrained(str(staged))
        export_dynamic_quantized_onnx_model(model, _processor(), str(staged))
        staged.rename(folder)
    return folder


def _processor() -> str:
    """Which of sentence-transformers' configurations fits this processor."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    if "asimd" in flags:
        return "arm64"
    if "avx512_vnni" in flags:
        return "avx512_vnni"
    return "avx512" if "avx512f" in flags else "avx2"


def _raw_quantized(home: Path, *, fused: bool) -> Path:
    """INT8 by ONNX Runtime's own tool; made now when it is not there."""
    graph = home / "built" / f"minilm-ort-{'fused' if fused else 'plain'}.onnx"
    if not graph.exists():
        from onnx import TensorProto
        from onnxruntime.quantization import QuantType, quantize_dynamic

        source = _exported(home) / "onnx" / "model.onnx"
        staged = graph.with_suffix(".staged")
        if fused:
            from onnxruntime.transformers.optimizer import optimize_model

            optimized = optimize_model(str(source), model_type="bert", num_heads=12, hidden_size=384)
            source = graph.with_suffix(".fused")
            optimized.save_model_to_file(str(source))
        # Shapes are not inferred through the fused operators, so the type of what lies between them is stated.
        types = {"DefaultTensorType": TensorProto.FLOAT}
        quantize_dynamic(source, staged, weight_type=QuantType.QInt8, extra_options=types)
        staged.rename(graph)
    return graph
