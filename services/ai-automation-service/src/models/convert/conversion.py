"""Source files of a model to the files of its cache entry. Runs in the preparing child process.

At INT8 an encoder's layers are calibrated on sentences like those it will see and multiply whole numbers; the graph is
run against the exact model on other sentences and serves only where it comes near enough. Where it does not, weights
alone are rounded, and the record says so with the figures.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from src.domain.patterns import Json
from src.models.catalog.model_card import Precision
from src.models.convert.bert_forward import Forward
from src.models.convert.bert_graph import embedding_graph, reranker_graph
from src.models.convert.bert_names import BertConfig
from src.models.convert.calibration import Calibrated, calibrate
from src.models.convert.compact import compact_embeddings
from src.models.convert.parity import Parity, exact_scores, exact_vectors, run, score_parity, vector_parity
from src.models.convert.weights import FloatArray, WeightFile, WeightsUnreadable
from src.models.infer.runtime import Runtime
from src.models.infer.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from openvino import Model

    from src.models.catalog.model_card import Graph, Pooling

TOKENIZER = "tokenizer.json"
_BERT_INPUTS = {"input_ids", "attention_mask"}
_DATA = Path(__file__).parents[1] / "data"
_QUESTIONS, _PASSAGES = 5, 24  # of the pairs that a reranker is measured on
_LONGEST = 256  # tokens of a sentence for calibration and measuring


@dataclass(frozen=True, slots=True)
class Shape:
    """What a converter has to know of a card.

    Attributes:
        pooling: of an embedding model.
        max_tokens: longest input, special tokens included.
    """

    graph: Graph
    pooling: Pooling | None
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of the weights.

    Attributes:
        served: the precision that was reached; ``int8_weights`` where INT8 was wanted and its parity was too low.
        parity: figures of each form that was measured against the exact model, by precision.
    """

    served: Precision
    parity: dict[str, Json]


def convert_weights(shape: Shape, files: dict[str, Path], precision: Precision, folder: Path) -> Converted:
    """Write the graph of source weights, and the tokenizer, into ``folder``.

    Args:
        files: ``model.safetensors``, ``config.json`` and ``tokenizer.json`` by name.

    Raises:
        WeightsUnreadable: the files are not of the model that the graph expects.
        ModelCorrupt: the tokenizer cannot be read.
        OSError: disk full and the like.
    """
    weights = WeightFile(files["model.safetensors"])
    try:
        config = json.loads(files["config.json"].read_bytes())
        if shape.graph == "t5-classifier":
            from src.models.convert.t5_graph import classifier_graphs

            # A T5's inputs outgrow eight bits (activations of thousands), so its weights alone are rounded.
            served: Precision = "int8_weights" if precision == "int8" else precision
            graph, done = classifier_graphs(weights, config, served)["model"], Converted(served, {})
        elif shape.graph == "optimum-embedding":
            from src.models.convert.optimum_export import export_embedding

            sentences = _sentences("parity_sentences.txt")
            graph, served, parity = export_embedding(shape, files, precision, folder, sentences)
            done = Converted(served, parity)
        else:
            encoder = _Encoder(shape, weights, BertConfig.from_json(config), files[TOKENIZER])
            graph, done = encoder.at(precision)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, WeightsUnreadable):
            raise
        raise WeightsUnreadable(f"config.json does not describe a {shape.graph}: {error!r}") from error
    _save(graph, folder / "model.xml")
    shutil.copyfile(files[TOKENIZER], folder / TOKENIZER)
    return done


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


class _Encoder:
    """A BERT of one shape, on its way from weights to a graph."""

    def __init__(self, shape: Shape, weights: WeightFile, config: BertConfig, tokenizer: Path) -> None:
        if shape.graph not in ("bert-embedding", "bert-reranker"):
            raise ValueError(f"no such graph: {shape.graph}")
        self._shape = shape
        self._weights = weights
        self._config = config
        self._tokenizer_file = tokenizer

    def at(self, precision: Precision) -> tuple[Model, Converted]:
        """The graph at a precision or, where its parity is too low, at the next safer one."""
        if precision != "int8":
            return self._graph(precision, None), Converted(precision, {})
        tokenizer = TextTokenizer(self._tokenizer_file, min(self._shape.max_tokens, _LONGEST), self._shape.graph)
        measure = self._yardstick(tokenizer)
        graph = self._graph("int8", calibrate(self._weights, self._config, self._lessons(tokenizer)))
        found = measure(graph)
        if found.accepted:
            return graph, Converted("int8", {"int8": found.to_json()})
        safer = self._graph("int8_weights", None)
        return safer, Converted("int8_weights", {"int8": found.to_json(), "int8_weights": measure(safer).to_json()})

    def _graph(self, precision: Precision, calibrated: Calibrated | None) -> Model:
        weights, config = self._weights, self._config
        if self._shape.graph == "bert-reranker":
            return reranker_graph(weights, config, precision, calibrated=calibrated)
        return embedding_graph(weights, config, precision, pooling=self._shape.pooling or "mean", calibrated=calibrated)

    def _lessons(self, tokenizer: TextTokenizer) -> list[list[int]]:
        """What the layers are calibrated on."""
        sentences = _sentences("calibration_sentences.txt")
        if self._shape.graph == "bert-embedding":
            return tokenizer.texts(sentences)
        questions, passages = _asked(sentences)
        return [
            pair
            for place, question in enumerate(questions)
            for pair in tokenizer.pairs(question, passages[place :: len(questions)])
        ]

    def _yardstick(self, tokenizer: TextTokenizer) -> Callable[[Model], Parity]:
        """Compares a graph with the exact model."""
        sentences, forward, runtime = (
            _sentences("parity_sentences.txt"),
            Forward(self._weights, self._config),
            Runtime(),
        )
        if self._shape.graph == "bert-embedding":
            texts = tokenizer.texts(sentences)
            exact = exact_vectors(forward, texts, self._shape.pooling or "mean")
            return lambda graph: vector_parity(exact, run(runtime.load(graph), texts, tokenizer.pad))
        questions, passages = _asked(sentences)
        pairs = [
            pair for question in questions[:_QUESTIONS] for pair in tokenizer.pairs(question, passages[:_PASSAGES])
        ]
        scores = exact_scores(forward, pairs)

        def by_question(flat: FloatArray) -> FloatArray:
            return flat.reshape(-1, min(_PASSAGES, len(passages)))

        return lambda graph: score_parity(
            by_question(scores), by_question(run(runtime.load(graph), pairs, tokenizer.pad))
        )


def _sentences(name: str) -> list[str]:
    return [line for line in (_DATA / name).read_text("utf-8").splitlines() if line]


def _asked(sentences: list[str]) -> tuple[list[str], list[str]]:
    """The questions among sentences, and the others."""
    return [each for each in sentences if each.endswith("?")], [each for each in sentences if not each.endswith("?")]


def _save(model: Model, xml: Path) -> None:
    from openvino import save_model

    save_model(model, str(xml), compress_to_fp16=False)
