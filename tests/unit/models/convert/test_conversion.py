"""Source weights to a cache entry: which precision they are served at, and what the manifest says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from src.domain.patterns import Json
from src.models.catalog.model_card import Graph, Pooling, Precision
from src.models.catalog.model_catalog import Catalog, ModelCatalog, Role
from src.models.convert import conversion
from src.models.convert.bert_forward import Forward
from src.models.convert.bert_names import BertConfig
from src.models.convert.conversion import Converted, Shape, convert_weights
from src.models.convert.parity import exact_vectors, run, vector_parity
from src.models.convert.weights import WeightFile, WeightsUnreadable
from src.models.infer.runtime import Runtime
from src.models.infer.tokenizer import TextTokenizer
from src.models.model_manager import ModelManager
from src.models.prepare.acquire import Acquirer
from tests.unit.models import tiny
from tests.unit.models.conftest import MakeSettings

DATA = Path(conversion.__file__).parents[1] / "data"
FILES = ("model.safetensors", "config.json", "tokenizer.json")
VOCABULARY = 2000
ASKED = [[2, 9, 17, 33, 3], [2, 40, 3], [2, *range(5, 60), 3]]


def write(folder: Path, tensors: tiny.Tensors, config: dict[str, object]) -> dict[str, Path]:
    tiny.write_model(folder, tensors, config)
    return {name: folder / name for name in FILES}


def delicate(folder: Path) -> dict[str, Path]:
    """Random weights, to which all words of the sentences are one: no two texts of a length differ."""
    return write(folder, tiny.encoder_tensors(seed=1), tiny.bert_config())


def robust(folder: Path) -> dict[str, Path]:
    """A model that knows the words and whose layers add little to them, as trained ones do."""
    tensors = tiny.encoder_tensors(seed=1)
    for name in tensors:
        if name.startswith("encoder.layer.") and name.endswith("dense.weight"):
            tensors[name] *= np.float32(0.2)
    words = np.random.default_rng(4).normal(0, 1, (VOCABULARY, tiny.WIDTH))
    tensors["embeddings.word_embeddings.weight"] = words.astype(np.float32)
    files = write(folder, tensors, tiny.bert_config())
    known(files["tokenizer.json"])
    return files


def known(path: Path) -> None:
    """Give a word tokenizer the words of all sentences."""
    stated = json.loads(path.read_text())
    special = {token: number for token, number in stated["model"]["vocab"].items() if token.startswith("[")}
    splitter = Tokenizer.from_file(str(path)).pre_tokenizer
    words = {
        word: None
        for name in ("calibration_sentences.txt", "parity_sentences.txt")
        for word, _ in splitter.pre_tokenize_str((DATA / name).read_text("utf-8"))
    }
    assert len(special) + len(words) <= VOCABULARY
    stated["model"]["vocab"] = special | {word: len(special) + place for place, word in enumerate(words)}
    path.write_text(json.dumps(stated))


def converted(
    files: dict[str, Path],
    folder: Path,
    precision: Precision,
    graph: Graph = "bert-embedding",
    pooling: Pooling | None = "mean",
) -> Converted:
    folder.mkdir()
    return convert_weights(Shape(graph, pooling, 64), files, precision, folder)


def measured(folder: Path) -> Json:
    """How near the graph in ``to`` is to the model in ``from``, on the sentences it was not calibrated on."""
    texts = TextTokenizer(folder / "from/tokenizer.json", 64, "embedding").texts(
        (DATA / "parity_sentences.txt").read_text("utf-8").splitlines()
    )
    forward = Forward(WeightFile(folder / "from/model.safetensors"), BertConfig.from_json(tiny.bert_config()))
    found = run(Runtime(1).load(folder / "to/model.xml"), texts, pad=0)
    return vector_parity(exact_vectors(forward, texts, "mean"), found).to_json()


def graph_of(folder: Path) -> str:
    return (folder / "model.xml").read_text()


def test_weights_that_bear_it_are_served_in_whole_numbers(tmp_path: Path) -> None:
    done = converted(robust(tmp_path / "from"), tmp_path / "to", "int8")
    assert done.served == "int8"
    assert list(done.parity) == ["int8"]
    figures = done.parity["int8"]
    assert figures == pytest.approx(measured(tmp_path), abs=1e-4)
    assert figures["texts"] == 455
    assert 0.999 <= figures["cosine_mean"] < 1
    assert figures["same_neighbour"] >= 0.97
    assert "FakeQuantize" in graph_of(tmp_path / "to")
    assert {path.name for path in (tmp_path / "to").iterdir()} == {"model.xml", "model.bin", "tokenizer.json"}


def test_weights_that_do_not_are_rounded_alone_and_both_figures_are_told(tmp_path: Path) -> None:
    done = converted(delicate(tmp_path / "from"), tmp_path / "to", "int8")
    assert done.served == "int8_weights"
    assert list(done.parity) == ["int8", "int8_weights"]
    assert done.parity["int8"]["cosine_mean"] < 0.999 or done.parity["int8"]["same_neighbour"] < 0.97
    assert done.parity["int8_weights"] == pytest.approx(measured(tmp_path), abs=1e-4)
    assert "FakeQuantize" not in graph_of(tmp_path / "to")


@pytest.mark.parametrize("precision", ["int8_weights", "fp16", "fp32"])
def test_no_other_precision_is_calibrated_or_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision
) -> None:
    monkeypatch.setattr(conversion, "calibrate", lambda *_: pytest.fail("calibrated"))
    assert converted(delicate(tmp_path / "from"), tmp_path / "to", precision) == Converted(precision, {})


def test_a_reranker_is_measured_by_its_scores(tmp_path: Path) -> None:
    files = write(tmp_path / "from", tiny.reranker_tensors(seed=2), tiny.xlmr_config())
    done = converted(files, tmp_path / "to", "int8", "bert-reranker", None)
    assert {name for figures in done.parity.values() for name in figures} == {"correlation", "same_best", "pairs"}
    assert done.parity["int8"]["pairs"] == 120
    assert (done.served == "int8") == (done.parity["int8"]["correlation"] >= 0.99)
    network = Runtime(1).load(tmp_path / "to/model.xml")
    assert run(network, ASKED, pad=1).shape == (3, 1)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_cards_pooling_is_the_graphs(tmp_path: Path, pooling: Pooling) -> None:
    converted(delicate(tmp_path / "from"), tmp_path / "to", "fp32", pooling=pooling)
    found = run(Runtime(1).load(tmp_path / "to/model.xml"), ASKED, pad=0)
    states = [tiny.reference_hidden(tiny.encoder_tensors(seed=1), ids, tiny.bert_config()) for ids in ASKED]
    pooled = np.array([state[0] if pooling == "cls" else state.mean(axis=0) for state in states])
    np.testing.assert_allclose(found, pooled / np.linalg.norm(pooled, axis=1, keepdims=True), atol=2e-5)


def test_a_config_without_what_is_needed_is_told(tmp_path: Path) -> None:
    files = delicate(tmp_path / "from")
    files["config.json"].write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(WeightsUnreadable, match=r"does not describe a bert-embedding.*num_hidden_layers"):
        converted(files, tmp_path / "to", "int8")


def test_the_manifest_and_everybody_who_asks_hear_what_is_served(settings: MakeSettings, catalog: Catalog) -> None:
    wanted = settings(quantization="int8")
    entry = Acquirer(wanted).acquire(catalog[Role.EMBEDDING])
    assert (entry.manifest["precision"], entry.manifest["served"]) == ("int8", "int8_weights")
    assert list(entry.manifest["parity"]) == ["int8", "int8_weights"]
    assert entry.manifest["parity"]["int8"]["texts"] == 455

    manager = ModelManager(wanted, catalog=catalog)
    info = manager.get_model_info()["embedding"]
    assert (info["precision"], info["parity"]) == ("int8_weights", entry.manifest["parity"])
    assert manager.embedding_id.endswith(":int8_weights")
    # It is the very model that is made where weights alone are asked to be rounded.
    plain = ModelManager(settings(), catalog=catalog)
    assert plain.generate_embeddings(["hall light"]).tolist() == manager.generate_embeddings(["hall light"]).tolist()


def test_a_card_that_pools_by_its_first_token_gets_such_a_graph(settings: MakeSettings, catalog: Catalog) -> None:
    mean, first = catalog[Role.EMBEDDING], replace(catalog[Role.EMBEDDING], name="first", pooling="cls")
    manager = ModelManager(settings(), catalog=ModelCatalog([*catalog.values(), first]))
    texts = ["the kitchen light turns on", "hall motion"]
    by_mean, by_first = (manager.generate_embeddings(texts, card.name) for card in (mean, first))
    assert np.abs(by_mean - by_first).max() > 0.01
    np.testing.assert_allclose(np.linalg.norm(by_first, axis=1), 1, atol=1e-6)


def test_questions_and_passages_are_marked_as_the_model_was_taught(settings: MakeSettings, catalog: Catalog) -> None:
    card = replace(catalog[Role.EMBEDDING], name="marked", query_prefix="seven door ", passage_prefix="heating off ")
    manager = ModelManager(settings(), catalog=ModelCatalog([*catalog.values(), card]))
    texts = ["hall motion", "save energy"]
    plain = manager.generate_embeddings
    assert plain(texts, "marked", query=True).tolist() == plain([f"seven door {text}" for text in texts]).tolist()
    assert plain(texts, "marked").tolist() == plain([f"heating off {text}" for text in texts]).tolist()
    assert plain(texts, query=True).tolist() == plain(texts).tolist()  # MiniLM was taught no marks
