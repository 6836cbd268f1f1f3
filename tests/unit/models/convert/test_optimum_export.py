"""Encoders of other architectures: what is exported becomes a graph like ours, and what cannot be is said.

The export itself needs the ``convert`` requirements. ``CONVERT_PYTHON`` names an interpreter that has them; the proof
with PyTorch at the end of this file runs with it.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from openvino import Model, Node, save_model
from openvino import opset15 as ops

from src.errors import ModelUnavailable
from src.models.catalog.model_card import Pooling, Precision
from src.models.catalog.model_catalog import EMBEDDING, HubSource, SourceFile
from src.models.convert import optimum_export
from src.models.convert.conversion import Converted, Shape, convert_weights
from src.models.convert.optimum_export import sentence_graph
from src.models.convert.weights import WeightsUnreadable
from src.models.infer.embedding import EmbeddingModel
from src.models.infer.runtime import Runtime
from src.models.prepare.acquire import Acquirer
from tests.unit.models import tiny
from tests.unit.models.conftest import MakeSettings
from tests.unit.models.loopback_hub import LoopbackHub

WIDTH = 6
IDS = np.array([[1, 4, 2, 0], [3, 5, 7, 9]], np.int64)
MASK = np.array([[1, 1, 1, 0], [1, 1, 1, 1]], np.int64)
TABLE = np.random.default_rng(0).normal(size=(10, WIDTH)).astype(np.float32)
KINDS = np.random.default_rng(1).normal(size=(2, WIDTH)).astype(np.float32)
INPUTS = ("input_ids", "attention_mask")
FILES = ("model.safetensors", "config.json", "tokenizer.json")


def encoder(*inputs: str, output: str = "last_hidden_state", kind: type = np.int64) -> Model:
    """Looks each token up, and each token's type where it takes one; has the inputs it is told to have."""
    parameters = {
        name: ops.parameter([-1, -1], kind if name == "token_type_ids" else np.int64, name) for name in inputs
    }
    for name, parameter in parameters.items():
        parameter.output(0).set_names({name})
    hidden = rows(TABLE, parameters[inputs[0]])
    if "token_type_ids" in parameters:
        hidden = ops.add(hidden, rows(KINDS, parameters["token_type_ids"]))
    hidden.output(0).set_names({output})
    return Model([ops.result(hidden)], list(parameters.values()), "exported")


def rows(table: NDArray[np.float32], places: Node) -> Node:
    return ops.gather(ops.constant(table), places, ops.constant(np.int64(0)))


def expected(pooling: Pooling, hidden: NDArray[np.float32]) -> NDArray[np.float32]:
    present = MASK[:, :, None]
    pooled = hidden[:, 0] if pooling == "cls" else (hidden * present).sum(1) / present.sum(1)
    return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_pooled_over_the_mask_and_have_unit_length(pooling: Pooling) -> None:
    network = Runtime(1).load(sentence_graph(encoder(*INPUTS), pooling))
    assert set(network.inputs) == set(INPUTS)
    assert network.outputs == ("sentence_embedding",)
    found = network({"input_ids": IDS, "attention_mask": MASK})[0]
    np.testing.assert_allclose(found, expected(pooling, TABLE[IDS]), atol=1e-6)


@pytest.mark.parametrize("kind", [np.int64, np.int32])
def test_all_token_types_are_those_of_a_single_text(kind: type) -> None:
    network = Runtime(1).load(sentence_graph(encoder(*INPUTS, "token_type_ids", kind=kind), "mean"))
    assert set(network.inputs) == set(INPUTS)
    for length in (4, 2):  # the constant follows the shape of the ids
        found = network({"input_ids": IDS[:, :length], "attention_mask": np.ones((2, length), np.int64)})[0]
        pooled = (TABLE[IDS[:, :length]] + KINDS[0]).mean(1)
        np.testing.assert_allclose(found, pooled / np.linalg.norm(pooled, axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        pytest.param(lambda: encoder("input_ids"), "does not take attention_mask", id="no mask"),
        pytest.param(lambda: encoder(*INPUTS, "position_ids"), "also takes position_ids", id="positions"),
        pytest.param(lambda: encoder(*INPUTS, output="logits"), "no last_hidden_state", id="no hidden states"),
    ],
)
def test_an_export_that_is_no_encoder_of_texts_is_refused(model: object, said: str) -> None:
    assert callable(model)
    with pytest.raises(WeightsUnreadable, match=said):
        sentence_graph(model(), "mean")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    folder = tiny.write_model(tmp_path / "source", tiny.encoder_tensors(seed=1), tiny.bert_config())
    (folder / "config.json").write_text(json.dumps({"model_type": "distilbert"}))
    return {name: folder / name for name in FILES}


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    folder = tmp_path / "staged"
    folder.mkdir()
    return folder


def convert(files: dict[str, Path], folder: Path, precision: Precision = "fp32") -> Converted:
    return convert_weights(Shape("optimum-embedding", "mean", 64), files, precision, folder)


def test_without_the_requirements_the_error_says_what_to_do(
    files: dict[str, Path], staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # not installed, whatever this environment has
    with pytest.raises(WeightsUnreadable) as refused:
        convert(files, staged)
    said = str(refused.value)
    assert "distilbert" in said
    assert "torch is not installed" in said
    assert "requirements/convert.txt" in said
    assert "docs/catalog.md" in said
    assert "copy MODELS_DIR" in said
    assert list(staged.iterdir()) == []


def test_a_config_that_names_no_architecture_is_refused(files: dict[str, Path], staged: Path) -> None:
    files["config.json"].write_text("{}")
    with pytest.raises(WeightsUnreadable, match="model_type"):
        convert(files, staged)


class Exporter:
    """Stands where optimum-intel does: writes a small graph, or fails."""

    def __init__(self, fails: Exception | None) -> None:
        self.temporary = Path()
        self.offline: str | None = None
        self._fails = fails

    def __call__(self, files: dict[str, Path], workshop: Path, dtype: str) -> Path:
        self.temporary = Path(tempfile.mkdtemp())
        self.offline = os.environ.get("HF_HUB_OFFLINE")
        (self.temporary / "left").write_bytes(b"a gigabyte")
        if self._fails:
            raise self._fails
        save_model(encoder(*INPUTS), str(workshop / "exported.xml"), compress_to_fp16=dtype == "fp16")
        return workshop / "exported.xml"


def install(monkeypatch: pytest.MonkeyPatch, fails: Exception | None = None) -> Exporter:
    exporter = Exporter(fails)
    monkeypatch.setattr(optimum_export, "_LIBRARIES", ())
    monkeypatch.setattr(optimum_export, "_export", exporter)
    return exporter


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_entry_has_the_graph_and_the_tokenizer_alone(
    precision: Precision, files: dict[str, Path], staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, usual, before = install(monkeypatch), tempfile.gettempdir(), dict(os.environ)
    assert convert(files, staged, precision) == Converted(precision, {})

    assert {path.name for path in staged.iterdir()} == {"model.xml", "model.bin", "tokenizer.json"}
    found = Runtime(1).load(staged / "model.xml")({"input_ids": IDS, "attention_mask": MASK})[0]
    exact = precision == "fp32"
    np.testing.assert_allclose(found, expected("mean", TABLE[IDS]), atol=1e-6 if exact else 2e-3)
    assert exporter.temporary.is_relative_to(staged)  # so it goes with the staged folder when the process is killed
    assert exporter.offline == "1"
    assert (tempfile.gettempdir(), dict(os.environ)) == (usual, before)


@pytest.mark.parametrize(
    ("fails", "raised", "said"),
    [
        pytest.param(
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 93 bytes"),
            MemoryError,
            "allocate",
            id="memory",
        ),
        pytest.param(ImportError("libtorch_cpu.so: failed to map segment"), MemoryError, "map", id="library too large"),
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), OSError, "space", id="disk"),
        pytest.param(
            ValueError("not supported"),
            WeightsUnreadable,
            "cannot export this distilbert: ValueError: not supported",
            id="unknown",
        ),
    ],
)
def test_a_failed_export_says_what_was_lacking_and_leaves_nothing(
    fails: Exception,
    raised: type[Exception],
    said: str,
    files: dict[str, Path],
    staged: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, fails)
    with pytest.raises(raised, match=said):
        convert(files, staged)
    assert list(staged.iterdir()) == []


SENTENCES = ["the kitchen light turns on", "hall motion is seen at night", "save energy", "safer nights comfort"]

MAKE = """
import json, sys
from pathlib import Path
import torch
from transformers import AutoModel, BertConfig, DistilBertConfig, MPNetConfig
kind, pooling, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
torch.manual_seed(5)
same = dict(vocab_size=64, initializer_range=0.3)
sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
config = {
    "bert": lambda: BertConfig(**sizes, **same),
    "distilbert": lambda: DistilBertConfig(dim=32, n_layers=2, n_heads=4, hidden_dim=48, **same),
    "mpnet": lambda: MPNetConfig(**sizes, **same),
}[kind]()
model = AutoModel.from_config(config).eval()
model.save_pretrained(folder)
vectors = []
for ids in json.loads(sys.stdin.read()):
    with torch.no_grad():
        hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0]
    pooled = hidden[0] if pooling == "cls" else hidden.mean(0)
    vectors.append((pooled / pooled.norm()).tolist())
(folder / "vectors.json").write_text(json.dumps(vectors))
"""


@pytest.fixture
def convert_python() -> str:
    """An interpreter that has the ``convert`` requirements."""
    if not (named := os.environ.get("CONVERT_PYTHON")):
        pytest.skip("CONVERT_PYTHON names no interpreter that has requirements/convert.txt")
    return named


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("kind", "pooling", "precision"),
    [
        ("distilbert", "mean", "fp32"),
        ("distilbert", "cls", "fp16"),
        ("distilbert", "mean", "int8"),
        ("mpnet", "mean", "fp32"),
        ("mpnet", "mean", "int8"),
        ("bert", "mean", "fp32"),  # the one that takes token types
    ],
)
def test_vectors_are_those_of_pytorch(
    kind: str,
    pooling: Pooling,
    precision: Precision,
    convert_python: str,
    settings: MakeSettings,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "hub/tiny" / kind
    folder.mkdir(parents=True)
    tokenizer = tiny.tokenizer("xlm-roberta" if kind == "mpnet" else "bert")
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = [tokenizer.encode(text).ids for text in SENTENCES]
    subprocess.run(
        [convert_python, "-c", MAKE, kind, pooling, str(folder)], input=json.dumps(ids), text=True, check=True
    )
    reference = np.array(json.loads((folder / "vectors.json").read_text()), np.float32)
    card = replace(
        EMBEDDING,
        model=f"tiny/{kind}",
        revision=None,
        graph="optimum-embedding",
        max_tokens=64,
        dimensions=32,
        pooling=pooling,
        sources=(HubSource(f"tiny/{kind}", None, "weights", tuple(map(SourceFile, FILES))),),
    )

    entry = Acquirer(settings(quantization=precision, model_convert_python=convert_python)).acquire(card)

    assert {path.name for path in entry.folder.iterdir()} == {
        "model.xml",
        "model.bin",
        "tokenizer.json",
        "manifest.json",
    }
    assert entry.manifest["served"] == ("int8_weights" if precision == "int8" else precision)
    model = EmbeddingModel(entry.folder, Runtime(1), max_tokens=64, dimensions=32)
    # Texts of different lengths go into one batch: padding must not be seen.
    cosines = (model.embed(SENTENCES) * reference).sum(1)
    print(f"{kind} {pooling} {precision}: cosine {cosines.min():.6f} at least, {entry.manifest['parity']}")
    assert cosines.min() > {"fp32": 0.9999, "fp16": 0.9999, "int8": 0.99}[precision]
    if pooling == "mean":
        vectors = model.token_vectors(SENTENCES[:1])[0].vectors.mean(0)
        assert float(vectors @ reference[0] / np.linalg.norm(vectors)) > 0.99


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("positions", "lacks"),
    [
        pytest.param(tiny.POSITIONS, r"transformer\.layer\.0\.", id="missing"),
        pytest.param(512, r"embeddings\.position_embeddings", id="of another shape"),
    ],
)
def test_weights_of_another_architecture_are_refused(
    positions: int,
    lacks: str,
    convert_python: str,
    settings: MakeSettings,
    hub: LoopbackHub,
    tmp_path: Path,
) -> None:
    """The loader would fill up with random numbers, and go on."""
    config = {"model_type": "distilbert", "vocab_size": 64, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}
    config["max_position_embeddings"] = positions
    (tmp_path / "hub/tiny/embedding/config.json").write_text(json.dumps(config))
    source = HubSource("tiny/embedding", None, "weights", tuple(map(SourceFile, FILES)))
    card = replace(EMBEDDING, model="tiny/embedding", revision=None, graph="optimum-embedding", sources=(source,))
    with pytest.raises(ModelUnavailable, match=rf"lacks \d+ tensors, {lacks}"):
        Acquirer(settings(quantization="fp32", model_convert_python=convert_python)).acquire(card)
