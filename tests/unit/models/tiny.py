"""Tiny random BERT and XLM-RoBERTa models with a tokenizer, as folders and in plain numpy."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import WordLevelTrainer

from src.models.convert.quantized_linear import QuantizedLinear

Floats = NDArray[np.float32]
Tensors = dict[str, Floats]

WORDS = (
    "the kitchen light turns on around seven every weekday when hall motion is seen at night door opens "
    "heating off save energy safer nights comfort"
)
WIDTH, HEADS, INNER, LAYERS, POSITIONS, VOCABULARY = 32, 4, 48, 2, 80, 64


def bert_config() -> dict[str, object]:
    return _config("bert", 1e-12, pad=0)


def xlmr_config() -> dict[str, object]:
    return _config("xlm-roberta", 1e-5, pad=1)


def _config(kind: str, epsilon: float, pad: int) -> dict[str, object]:
    return {
        "model_type": kind,
        "hidden_act": "gelu",
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "layer_norm_eps": epsilon,
        "pad_token_id": pad,
    }


def encoder_tensors(seed: int, prefix: str = "", kinds: int = 2) -> Tensors:
    """Random weights of an encoder, under the names the hub's files use."""
    rng = np.random.default_rng(seed)
    tensors: Tensors = {}

    def add(name: str, *shape: int) -> None:
        tensors[prefix + name] = rng.normal(0, 0.3, shape).astype(np.float32)

    def norm(name: str) -> None:
        tensors[f"{prefix}{name}.weight"] = rng.normal(1, 0.1, WIDTH).astype(np.float32)
        tensors[f"{prefix}{name}.bias"] = rng.normal(0, 0.1, WIDTH).astype(np.float32)

    def linear(name: str, out: int, inside: int) -> None:
        add(f"{name}.weight", out, inside)
        add(f"{name}.bias", out)

    add("embeddings.word_embeddings.weight", VOCABULARY, WIDTH)
    add("embeddings.position_embeddings.weight", POSITIONS, WIDTH)
    add("embeddings.token_type_embeddings.weight", kinds, WIDTH)
    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for name in ("query", "key", "value"):
            linear(f"{at}attention.self.{name}", WIDTH, WIDTH)
        linear(f"{at}attention.output.dense", WIDTH, WIDTH)
        norm(f"{at}attention.output.LayerNorm")
        linear(f"{at}intermediate.dense", INNER, WIDTH)
        linear(f"{at}output.dense", WIDTH, INNER)
        norm(f"{at}output.LayerNorm")
    return tensors


def reranker_tensors(seed: int) -> Tensors:
    tensors = encoder_tensors(seed, "roberta.", kinds=1)
    rng = np.random.default_rng(seed + 1)
    for name, out in (("dense", WIDTH), ("out_proj", 1)):
        tensors[f"classifier.{name}.weight"] = rng.normal(0, 0.3, (out, WIDTH)).astype(np.float32)
        tensors[f"classifier.{name}.bias"] = rng.normal(0, 0.3, out).astype(np.float32)
    return tensors


def tokenizer(kind: str = "bert") -> Tokenizer:
    """A word tokenizer with the special tokens, and their ids, of a BERT or of an XLM-RoBERTa."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] if kind == "bert" else ["<s>", "<pad>", "</s>", "<unk>"]
    start, end, unknown = ("[CLS]", "[SEP]", "[UNK]") if kind == "bert" else ("<s>", "</s>", "<unk>")
    made = Tokenizer(WordLevel(unk_token=unknown))
    made.pre_tokenizer = Whitespace()
    made.train_from_iterator([WORDS], WordLevelTrainer(vocab_size=VOCABULARY, special_tokens=tokens))
    made.post_processor = TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} $B {end}" if kind == "bert" else f"{start} $A {end} {end} $B {end}",
        special_tokens=[(token, made.token_to_id(token)) for token in (start, end)],
    )
    return made


def write_model(folder: Path, tensors: Tensors, config: dict[str, object]) -> Path:
    """``model.safetensors``, ``config.json`` and ``tokenizer.json``, as a hub's repository has them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer(str(config["model_type"])).save(str(folder / "tokenizer.json"))
    return folder


def reference_hidden(
    tensors: Tensors,
    ids: list[int],
    config: dict[str, object],
    prefix: str = "",
    whole: Mapping[str, QuantizedLinear] = MappingProxyType({}),
) -> NDArray[np.float64]:
    """Hidden states (length, width) of one sequence without padding, in float64, term by term.

    ``whole`` are layers, by name, that stand in for those of the tensors.
    """
    epsilon = float(str(config["layer_norm_eps"]))
    first = 0 if config["model_type"] == "bert" else int(str(config["pad_token_id"])) + 1

    def tensor(name: str) -> NDArray[np.float64]:
        return tensors[prefix + name].astype(np.float64)

    def linear(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        if layer := whole.get(prefix + name):
            grid = layer.grid
            levels = np.clip(np.rint((x[:, grid.channels] - grid.offset) / grid.step), 0, 255)
            return np.asarray(levels @ (layer.rows * layer.scales.astype(np.float64)).T + layer.bias)
        return x @ tensor(f"{name}.weight").T + tensor(f"{name}.bias")

    def heads_of(x: NDArray[np.float64], at: str) -> list[NDArray[np.float64]]:
        if f"{prefix}{at}attention.self" in whole:
            return np.split(linear(x, f"{at}attention.self"), 3, axis=1)
        return [linear(x, f"{at}attention.self.{name}") for name in ("query", "key", "value")]

    def norm(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        centred = x - x.mean(-1, keepdims=True)
        normal = centred / np.sqrt(x.var(-1, keepdims=True) + epsilon)
        return np.asarray(normal * tensor(f"{name}.weight") + tensor(f"{name}.bias"), np.float64)

    x = tensor("embeddings.word_embeddings.weight")[ids]
    x = x + tensor("embeddings.position_embeddings.weight")[first : first + len(ids)]
    x = norm(x + tensor("embeddings.token_type_embeddings.weight")[0], "embeddings.LayerNorm")
    erf = np.vectorize(math.erf)
    size = WIDTH // HEADS
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        query, key, value = heads_of(x, at)
        heads = []
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            scores = query[:, part] @ key[:, part].T / math.sqrt(size)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            heads.append(weights / weights.sum(-1, keepdims=True) @ value[:, part])
        x = norm(
            x + linear(np.concatenate(heads, -1), f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm"
        )
        inner = linear(x, f"{at}intermediate.dense")
        gelu = 0.5 * inner * (1 + erf(inner / math.sqrt(2)))
        x = norm(x + linear(gelu, f"{at}output.dense"), f"{at}output.LayerNorm")
    return np.asarray(x, np.float64)


def reference_vector(tensors: Tensors, ids: list[int]) -> NDArray[np.float64]:
    """The sentence vector of a BERT: the mean of its hidden states, of unit length."""
    mean = reference_hidden(tensors, ids, bert_config()).mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


def reference_logit(tensors: Tensors, ids: list[int]) -> float:
    """The relevance of a pair by an XLM-RoBERTa with a classification head."""
    first = reference_hidden(tensors, ids, xlmr_config(), "roberta.")[0]
    dense = np.tanh(tensors["classifier.dense.weight"] @ first + tensors["classifier.dense.bias"])
    return float((tensors["classifier.out_proj.weight"] @ dense + tensors["classifier.out_proj.bias"])[0])
