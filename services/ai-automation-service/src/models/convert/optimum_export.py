"""Encoders that the service builds no graph for itself, exported with optimum-intel.

Runs in the preparing child process, and only where the ``convert`` requirements are installed; the serving process
imports none of them. What comes out is a graph like the others: ``input_ids`` and ``attention_mask`` in, sentence
vectors of unit length out. https://huggingface.co/docs/optimum-intel and
https://docs.openvino.ai/2026/openvino-workflow/model-optimization-guide/weight-compression.html
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from src.domain.patterns import Json
from src.errors import ModelCorrupt
from src.models.convert.bert_graph import sentence_vectors
from src.models.convert.compact import compact_embeddings
from src.models.convert.parity import run, vector_parity
from src.models.convert.weights import WeightsUnreadable
from src.models.infer.runtime import Runtime
from src.models.infer.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from openvino import Model, Output

    from src.models.catalog.model_card import Pooling, Precision
    from src.models.convert.conversion import Shape

_SOURCE = ("model.safetensors", "config.json")
_LIBRARIES = ("torch", "transformers", "optimum.exporters.openvino", "nncf")
_TASK = "feature-extraction"
_LONGEST = 256  # tokens of a sentence for measuring
_UNUSED = "pooler."  # BERT's head for sentence pairs, which files of sentence encoders often leave out
_NO_MEMORY = ("allocate memory", "failed to map segment", "bad_alloc")


def export_embedding(
    shape: Shape, files: dict[str, Path], precision: Precision, folder: Path, sentences: Sequence[str]
) -> tuple[Model, Precision, dict[str, Json]]:
    """The graph of a sentence encoder, the precision it has, and how near that is to the float32 export.

    At INT8 the weights alone are rounded, by NNCF: int8, symmetric, one scale a row.

    Args:
        files: ``model.safetensors``, ``config.json`` and ``tokenizer.json`` by name.
        folder: where the export is written meanwhile, and all that the libraries put into temporary folders.
        sentences: what the rounded graph is measured on.

    Raises:
        WeightsUnreadable: the requirements are not installed, optimum-intel knows no such architecture, or the weights
            are not of the one that ``config.json`` states.
        MemoryError: the export needs more than the process may have.
    """
    kind = _architecture(files["config.json"])
    with _workshop(folder) as workshop, _failures_of(kind):
        _require_libraries(kind)
        exported = _export(files, workshop, "fp16" if precision == "fp16" else "fp32")
        exact, pooling = _read(exported), shape.pooling or "mean"
        if precision in ("fp32", "fp16"):
            return sentence_graph(exact, pooling), precision, {}
        tokenizer = TextTokenizer(files["tokenizer.json"], min(shape.max_tokens, _LONGEST), shape.graph)
        texts = tokenizer.texts(sentences)
        # One after the other, because a compiled graph holds a second copy of its weights.
        wanted = run(Runtime().load(sentence_graph(exact, pooling)), texts, tokenizer.pad)
        graph = _rounded(_read(exported), pooling)
        found = run(Runtime().load(graph), texts, tokenizer.pad)
        return graph, "int8_weights", {"int8_weights": vector_parity(wanted, found).to_json()}


def sentence_graph(encoder: Model, pooling: Pooling) -> Model:
    """An exported encoder with the inputs and the output that the service's own graphs have.

    Args:
        encoder: takes ``input_ids``, ``attention_mask`` and perhaps ``token_type_ids``, int64 (batch, length); gives
            ``last_hidden_state``, float32 (batch, length, width).

    Returns:
        ``input_ids`` and ``attention_mask`` to ``sentence_embedding``, float32 (batch, width), rows of unit length. All
        token types are 0, as in a single text.

    Raises:
        WeightsUnreadable: it takes or gives something else.
    """
    from openvino import Model
    from openvino import opset15 as ops

    inputs = {port.get_any_name(): port for port in encoder.inputs}
    if missing := {"input_ids", "attention_mask"} - inputs.keys():
        raise WeightsUnreadable(f"its export does not take {sorted(missing)[0]}")
    if unknown := inputs.keys() - {"input_ids", "attention_mask", "token_type_ids"}:
        raise WeightsUnreadable(f"its export also takes {sorted(unknown)[0]}, which a text does not have")
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    if kinds := inputs.get("token_type_ids"):
        zero = ops.convert(ops.constant(np.int64(0)), kinds.get_element_type().get_type_name())
        zeros = ops.broadcast(zero, ops.shape_of(ids)).output(0)
        for target in kinds.get_target_inputs():
            target.replace_source_output(zeros)
    vectors = sentence_vectors(_hidden(encoder), mask, pooling)
    vectors.output(0).set_names({"sentence_embedding"})
    return Model([ops.result(vectors)], [ids.get_node(), mask.get_node()], "sentence_embedding")


def _hidden(encoder: Model) -> Output:
    for port in encoder.outputs:
        if "last_hidden_state" in port.get_names() and len(port.get_partial_shape()) == 3:
            return port.get_node().input_value(0)
    raise WeightsUnreadable("its export gives no last_hidden_state of (batch, length, width)")


def _architecture(config: Path) -> str:
    kind = json.loads(config.read_bytes())["model_type"]
    if not isinstance(kind, str):
        raise TypeError(f"model_type is {kind!r}")
    return kind


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder inside ``folder``, removed in the end, that takes the libraries' temporary files.

    A process that is killed removes nothing, but what stands in the staged folder is removed by whoever started it.
    The libraries are told to ask no hub, too.
    """
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as made:
        told = {"TMPDIR": made, "HF_HOME": made, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        before, usual = {name: os.environ.get(name) for name in told}, tempfile.tempdir
        os.environ.update(told)
        tempfile.tempdir = made
        try:
            yield Path(made)
        finally:
            tempfile.tempdir = usual
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


@contextmanager
def _failures_of(kind: str) -> Iterator[None]:
    """Whatever the libraries raise becomes one of three: no memory, no disk, or an export that cannot be made."""
    try:
        yield
    except (WeightsUnreadable, MemoryError, ModelCorrupt):
        raise
    except Exception as error:
        if any(sign in str(error) for sign in _NO_MEMORY):
            raise MemoryError(str(error)) from error
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise WeightsUnreadable(f"optimum-intel cannot export this {kind}: {type(error).__name__}: {error}") from error


def _require_libraries(kind: str) -> None:
    """Import what the export needs.

    Raises:
        WeightsUnreadable: one of them is not installed.
    """
    try:
        for name in _LIBRARIES:
            import_module(name)
    except ModuleNotFoundError as error:
        raise WeightsUnreadable(
            f"the architecture {kind!r} is exported with optimum-intel, and {error.name} is not installed: install"
            " requirements/convert.txt and requirements/serve.txt into an environment of their own, there or on a"
            " larger machine, prepare the model with it (docs/catalog.md tells how) and copy MODELS_DIR"
        ) from error


def _export(files: dict[str, Path], workshop: Path, dtype: Literal["fp32", "fp16"]) -> Path:
    """The encoder as optimum-intel writes it; the path of its ``.xml``."""
    import torch
    from optimum.exporters.openvino import export_from_model
    from optimum.intel import OVConfig
    from transformers import AutoModel

    source, target = workshop / "source", workshop / "exported"
    source.mkdir()
    for name in _SOURCE:  # and no other: no pickle, no code, no adapter can be found
        (source / name).symlink_to(files[name].resolve())
    model, found = AutoModel.from_pretrained(
        source,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.float32,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    # What is not in the file, or of another shape, it would make up at random.
    lacking = {*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])}
    if lacking := {name for name in lacking if not name.startswith(_UNUSED)}:
        raise WeightsUnreadable(f"model.safetensors lacks {len(lacking)} tensors, {min(lacking)} among them")
    export_from_model(model=model.eval(), output=target, task=_TASK, ov_config=OVConfig(dtype=dtype))
    del model
    gc.collect()  # it is part of cycles, and as large as all that comes after it
    return target / "openvino_model.xml"


def _rounded(encoder: Model, pooling: Pooling) -> Model:
    import nncf

    graph = sentence_graph(nncf.compress_weights(encoder, mode=nncf.CompressWeightsMode.INT8_SYM), pooling)
    compact_embeddings(graph)
    return graph


def _read(xml: Path) -> Model:
    """Its weights are mapped, so the file may be removed and stays readable until the graph is let go."""
    from openvino import Core

    return Core().read_model(str(xml))
