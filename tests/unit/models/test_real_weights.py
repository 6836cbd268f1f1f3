"""The embedding model with its real weights, against values that PyTorch gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from src.models.convert import parity
from src.models.convert.parity import vector_parity
from src.models.model_manager import ModelManager
from src.settings import load_settings

pytestmark = pytest.mark.weights

PARITY = (Path(parity.__file__).parents[1] / "data/parity_sentences.txt").read_text("utf-8").splitlines()

# First six and last two components by sentence-transformers 6.2.0 with torch 2.13.0, float32, from the same weights.
REFERENCE = {
    "The kitchen light turns on around 07:10 on weekdays.": (
        0.0138718,
        -0.0275304,
        0.0269709,
        0.1048052,
        0.0061506,
        0.0298907,
        -0.0911466,
        0.0417454,
    ),
    "save energy": (-0.0056198, 0.1590504, 0.0048398, 0.1027254, 0.1039282, 0.0225695, -0.0310985, -0.0061849),
    "A cat was sitting on a rug.": (
        0.0882476,
        0.0146778,
        0.0121955,
        0.0827781,
        -0.0615605,
        0.0283837,
        -0.0367828,
        0.0780656,
    ),
}
PARAPHRASES = [
    ("Turn off all lights when nobody is home.", "Switch every lamp off once the house is empty."),
    ("Lock the front door at 11 pm.", "The entrance gets locked at 23:00."),
    ("The heating starts before people wake up.", "Warm the rooms early in the morning."),
    ("The cat sat on the mat.", "A cat was sitting on a rug."),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def manager(folder: Path, precision: str) -> ModelManager:
    return ModelManager(
        load_settings(models_dir=folder, hf_hub_offline=True, quantization=precision, inference_threads=1)
    )


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("fp32", 2e-6), ("fp16", 2e-4), ("int8_weights", 6e-3), ("int8", 9e-3)]
)
def test_vectors_are_pytorchs(folder: Path, precision: str, tolerance: float) -> None:
    vectors = manager(folder, precision).generate_embeddings(list(REFERENCE))
    np.testing.assert_allclose(vectors[:, [0, 1, 2, 3, 4, 5, -2, -1]], list(REFERENCE.values()), atol=tolerance)


@pytest.mark.parametrize(("precision", "least"), [("int8_weights", 0.998), ("int8", 0.997)])
def test_eight_bits_are_near_exact_and_about_a_quarter_of_the_size(folder: Path, precision: str, least: float) -> None:
    texts = [sentence for pair in PARAPHRASES for sentence in pair]
    small, exact = manager(folder, precision), manager(folder, "fp32")
    cosines = np.sum(small.generate_embeddings(texts) * exact.generate_embeddings(texts), axis=1)
    assert cosines.min() > least
    sizes = [each.get_model_info()["embedding"]["size_bytes"] for each in (small, exact)]
    assert sizes[0] < 25e6
    assert sizes[1] > 90e6


def test_int8_multiplies_whole_numbers_and_meets_its_parity(folder: Path) -> None:
    whole = manager(folder, "int8")
    vectors = {"int8": whole.generate_embeddings(PARITY), "fp32": manager(folder, "fp32").generate_embeddings(PARITY)}
    info = whole.get_model_info()["embedding"]
    assert info["precision"] == "int8"
    stated = info["parity"]["int8"]
    assert stated["cosine_mean"] >= 0.999
    assert stated["same_neighbour"] >= 0.97
    # What the conversion stated is what whoever asks gets.
    found = vector_parity(vectors["fp32"], vectors["int8"]).to_json()
    assert found == pytest.approx(stated, abs=2e-3)
    (graph,) = (path.read_text() for path in folder.glob("embedding/int8-*/model.xml"))
    assert graph.count('type="FakeQuantize"') == 4 * 6


def test_paraphrases_are_nearer_than_anything_else(folder: Path) -> None:
    vectors = manager(folder, "int8").generate_embeddings([sentence for pair in PARAPHRASES for sentence in pair])
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    assert similarity.argmax(axis=1).tolist() == [place ^ 1 for place in range(len(vectors))]


def alone(model: ModelManager, texts: list[str]) -> NDArray[np.float32]:
    return np.concatenate([model.generate_embeddings([text]) for text in texts])


@pytest.mark.parametrize("precision", ["int8", "int8_weights", "fp32"])
def test_a_texts_vector_does_not_depend_on_the_other_texts(folder: Path, precision: str) -> None:
    model = manager(folder, precision)
    words = " ".join(REFERENCE).split()
    texts = [*PARITY[::3], *(" ".join(words[:length]) for length in (1, 4, 9, 15)), " ".join(words * 20)]
    np.testing.assert_allclose(model.generate_embeddings(texts), alone(model, texts), rtol=0, atol=1e-6)
