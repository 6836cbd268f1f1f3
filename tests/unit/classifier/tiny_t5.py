"""A tiny random T5 1.1 with a tokenizer, as a folder and in plain numpy, one answer at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.decoders import Metaspace as MetaspaceDecoder
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing

Floats = NDArray[np.float64]
Tensors = dict[str, NDArray[np.float32]]

PAD, END = 0, 1
WIDTH, HEADS, HEAD_WIDTH, INNER = 32, 4, 8, 48
LAYERS, DECODER_LAYERS = 2, 3
BUCKETS, FARTHEST, EPSILON = 8, 20, 1e-6

# Some labels are one piece, some share their first, and the rest is spelled.
PIECES = [
    "<pad>",
    "</s>",
    "<unk>",
    "▁energy",
    "▁co",
    "▁se",
    "▁light",
    "▁door",
    "▁",
    *"abcdefghijklmnopqrstuvwxyz.,?:0123456789/[]",
]
VOCABULARY = len(PIECES)


def config(**changes: object) -> dict[str, object]:
    return {
        "model_type": "t5",
        "feed_forward_proj": "gated-gelu",
        "d_model": WIDTH,
        "d_kv": HEAD_WIDTH,
        "d_ff": INNER,
        "num_heads": HEADS,
        "num_layers": LAYERS,
        "num_decoder_layers": DECODER_LAYERS,
        "relative_attention_num_buckets": BUCKETS,
        "relative_attention_max_distance": FARTHEST,
        "layer_norm_epsilon": EPSILON,
        "vocab_size": VOCABULARY,
        "pad_token_id": PAD,
        "eos_token_id": END,
        "decoder_start_token_id": PAD,
        "tie_word_embeddings": False,
    } | changes


def tensors(seed: int, *, tied: bool = False) -> Tensors:
    """Random weights under the names that the hub's files use."""
    rng = np.random.default_rng(seed)
    made: Tensors = {}

    def add(name: str, *shape: int, spread: float = 0.25) -> None:
        made[f"{name}.weight"] = rng.normal(0, spread, shape).astype(np.float32)

    def norm(name: str) -> None:
        made[f"{name}.weight"] = rng.normal(1, 0.1, WIDTH).astype(np.float32)

    def attention(at: str, name: str) -> None:
        for part in "qkv":
            add(f"{at}.{name}.{part}", HEADS * HEAD_WIDTH, WIDTH)
        add(f"{at}.{name}.o", WIDTH, HEADS * HEAD_WIDTH)
        norm(f"{at}.layer_norm")

    def feed_forward(at: str) -> None:
        for part in ("wi_0", "wi_1"):
            add(f"{at}.DenseReluDense.{part}", INNER, WIDTH)
        add(f"{at}.DenseReluDense.wo", WIDTH, INNER)
        norm(f"{at}.layer_norm")

    add("shared", VOCABULARY, WIDTH, spread=1.0)
    for stack, layers in (("encoder", LAYERS), ("decoder", DECODER_LAYERS)):
        add(f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias", BUCKETS, HEADS, spread=1.0)
        for layer in range(layers):
            at = f"{stack}.block.{layer}.layer"
            attention(f"{at}.0", "SelfAttention")
            if stack == "decoder":
                attention(f"{at}.1", "EncDecAttention")
            feed_forward(f"{at}.{2 if stack == 'decoder' else 1}")
        norm(f"{stack}.final_layer_norm")
    if not tied:
        add("lm_head", VOCABULARY, WIDTH, spread=0.5)
    return made


def tokenizer() -> Tokenizer:
    """Unigram pieces with a mark before each word, as T5's."""
    scores = {piece: -1.0 if len(piece) > 1 else -5.0 for piece in PIECES}
    made = Tokenizer(Unigram([(piece, scores[piece]) for piece in PIECES], unk_id=2, byte_fallback=False))
    made.pre_tokenizer = Metaspace()
    made.decoder = MetaspaceDecoder()
    made.add_special_tokens(["<pad>", "</s>", "<unk>"])
    made.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", END)])
    return made


def write_model(folder: Path, weights: Tensors, settings: dict[str, object]) -> Path:
    """``model.safetensors``, ``config.json`` and ``tokenizer.json``, as a hub's repository has them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(settings))
    tokenizer().save(str(folder / "tokenizer.json"))
    return folder


class Reference:
    """The model in float64, written from the paper: one prompt and one answer at a time, causal, no batch, no tree."""

    def __init__(self, weights: Tensors, *, scaled: bool = False) -> None:
        self._weights = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
        self._scaled = scaled

    def log_probabilities(self, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> list[float]:
        """That decoding which may write nothing but these answers writes each; one after another, token by token."""
        spelled = [(*answer, END) for answer in answers]
        found = []
        for answer in spelled:
            logits = self.logits(prompt, answer[:-1])
            total = 0.0
            for place, token in enumerate(answer):
                allowed = sorted({other[place] for other in spelled if other[:place] == answer[:place]})
                total += logits[place, token] - np.logaddexp.reduce(logits[place, allowed])
            found.append(float(total))
        return found

    def logits(self, prompt: Sequence[int], answer: Sequence[int]) -> Floats:
        """(length + 1, words): of the token after the start, and after each token of the answer."""
        memory = self._stack("encoder", self._table()[list(prompt)], None)
        said = [PAD, *answer]
        hidden = self._stack("decoder", self._table()[said], memory)
        if self._scaled:
            hidden = hidden / math.sqrt(WIDTH)
        return np.asarray(hidden @ self._weights.get("lm_head.weight", self._table()).T)

    def _table(self) -> Floats:
        return self._weights["shared.weight"]

    def _stack(self, stack: str, x: Floats, memory: Floats | None) -> Floats:
        bias = self._bias(stack, len(x))
        for layer in range(LAYERS if memory is None else DECODER_LAYERS):
            at = f"{stack}.block.{layer}.layer"
            normal = self._norm(x, f"{at}.0.layer_norm")
            x = x + self._attention(normal, normal, bias, f"{at}.0.SelfAttention")
            if memory is not None:
                normal = self._norm(x, f"{at}.1.layer_norm")
                none = np.zeros((HEADS, len(x), len(memory)))
                x = x + self._attention(normal, memory, none, f"{at}.1.EncDecAttention")
            last = f"{at}.{1 if memory is None else 2}"
            normal = self._norm(x, f"{last}.layer_norm")
            gate = self._linear(normal, f"{last}.DenseReluDense.wi_0")
            gate = 0.5 * gate * (1 + np.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3)))
            inner = gate * self._linear(normal, f"{last}.DenseReluDense.wi_1")
            x = x + self._linear(inner, f"{last}.DenseReluDense.wo")
        return self._norm(x, f"{stack}.final_layer_norm")

    def _bias(self, stack: str, length: int) -> Floats:
        table = self._weights[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        half = BUCKETS // 2
        row_of = {}  # key position minus query position -> row of the table
        for distance in range(1 - length, length):
            both_ways = half * (distance > 0) + _bucket(abs(distance), half)
            row_of[distance] = both_ways if stack == "encoder" else _bucket(max(-distance, 0), BUCKETS)
        rows = np.array([[row_of[key - query] for key in range(length)] for query in range(length)])
        bias = table[rows].transpose(2, 0, 1)
        return bias if stack == "encoder" else np.where(np.tri(length, dtype=bool), bias, -np.inf)

    def _attention(self, x: Floats, seen: Floats, bias: Floats, name: str) -> Floats:
        query, key, value = (self._linear(of, f"{name}.{part}") for of, part in ((x, "q"), (seen, "k"), (seen, "v")))
        heads = []
        for head in range(HEADS):
            part = slice(head * HEAD_WIDTH, (head + 1) * HEAD_WIDTH)
            scores = query[:, part] @ key[:, part].T + bias[head]
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            heads.append(weights / weights.sum(-1, keepdims=True) @ value[:, part])
        return self._linear(np.concatenate(heads, -1), f"{name}.o")

    def _linear(self, x: Floats, name: str) -> Floats:
        return x @ self._weights[f"{name}.weight"].T

    def _norm(self, x: Floats, name: str) -> Floats:
        root = np.sqrt((x**2).mean(-1, keepdims=True) + EPSILON)
        return np.asarray(x / root * self._weights[f"{name}.weight"])


def _bucket(distance: int, buckets: int) -> int:
    exact = buckets // 2
    if distance < exact:
        return distance
    return min(buckets - 1, exact + int(math.log(distance / exact) / math.log(FARTHEST / exact) * (buckets - exact)))
