"""Source files of a model to the files of its cache entry. Runs in the preparing child process.

Which graphs a model has is its own business: a function of (weights, ``config.json``, precision) that returns
OpenVINO models by the name of the file each is saved as. ``model`` is the one graph of a BERT; the classifier's
``t5_graph.classifier_graphs`` names its own, and ``Classifier(folder, runtime)`` finds ``{name}.xml`` for each.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from src.domain.patterns import Json
from src.models.bert_graph import BertConfig, embedding_graph, reranker_graph
from src.models.compact import compact_embeddings
from src.models.layers import Precision
from src.models.weights import WeightFile, WeightsUnreadable

if TYPE_CHECKING:
    from openvino import Model

TOKENIZER = "tokenizer.json"
_BERT_INPUTS = {"input_ids", "attention_mask"}


def convert_weights(graph: str, files: dict[str, Path], precision: Precision, folder: Path) -> None:
    """Write the graphs of source weights, and the tokenizer, into ``folder``.

    Args:
        graph: as :class:`~src.models.catalog.ModelCard` names it.
        files: ``model.safetensors``, ``config.json`` and ``tokenizer.json`` by name.

    Raises:
        WeightsUnreadable: the files are not of the model that the graph expects.
        OSError: disk full and the like.
    """
    weights = WeightFile(files["model.safetensors"])
    try:
        config = json.loads(files["config.json"].read_bytes())
        graphs = _graphs(graph, weights, config, precision)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsUnreadable(f"config.json does not describe a {graph}: {error!r}") from error
    for name, model in graphs.items():
        _save(model, folder / f"{name}.xml")
    shutil.copyfile(files[TOKENIZER], folder / TOKENIZER)


def adopt_openvino(files: dict[str, Path], folder: Path) -> None:
    """Copy a finished graph, its embedding tables kept in 8 bits when compiled, and its tokenizer into ``folder``.

    Raises:
        WeightsUnreadable: not a graph with the inputs of an encoder.
    """
    from openvino import Core

    try:
        model = Core().read_model(str(files["openvino_model.xml"]), str(files["openvino_model.bin"]))
    except RuntimeError as error:
        raise WeightsUnreadable(f"openvino_model.xml cannot be read: {error}") from error
    inputs = {port.get_any_name() for port in model.inputs}
    if inputs != _BERT_INPUTS:
        raise WeightsUnreadable(f"openvino_model.xml takes {sorted(inputs)}, not {sorted(_BERT_INPUTS)}")
    compact_embeddings(model)
    _save(model, folder / "model.xml")
    shutil.copyfile(files[TOKENIZER], folder / TOKENIZER)


def _graphs(graph: str, weights: WeightFile, config: Json, precision: Precision) -> dict[str, Model]:
    if graph == "bert-embedding":
        return {"model": embedding_graph(weights, BertConfig.from_json(config), precision)}
    if graph == "bert-reranker":
        return {"model": reranker_graph(weights, BertConfig.from_json(config), precision)}
    if graph == "t5-classifier":
        from src.models.t5_graph import classifier_graphs

        return classifier_graphs(weights, config, precision)
    raise ValueError(f"no such graph: {graph}")


def _save(model: Model, xml: Path) -> None:
    from openvino import save_model

    save_model(model, str(xml), compress_to_fp16=False)
