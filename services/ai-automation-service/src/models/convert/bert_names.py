"""What the numbers of a BERT are called, in its weights and its ``config.json``."""

from __future__ import annotations

from dataclasses import dataclass

from src.domain.patterns import Json
from src.models.convert.weights import WeightFile, WeightsUnreadable


@dataclass(frozen=True, slots=True)
class BertConfig:
    """What is needed to know of a model's ``config.json``.

    Attributes:
        first_position: row of the position table that the first token takes; XLM-RoBERTa starts after its padding id.
    """

    layers: int
    heads: int
    epsilon: float
    first_position: int

    @classmethod
    def from_json(cls, config: Json) -> BertConfig:
        """Of a hub's ``config.json``.

        Raises:
            WeightsUnreadable: a model, or a variant of one, that these graphs are not.
        """
        kind = config.get("model_type")
        if kind not in ("bert", "xlm-roberta", "roberta"):
            raise WeightsUnreadable(f"config.json is of a {kind!r} model, not of BERT or XLM-RoBERTa")
        for name, wanted in (("hidden_act", "gelu"), ("position_embedding_type", "absolute")):
            if config.get(name, wanted) != wanted:
                raise WeightsUnreadable(f"config.json has {name} {config[name]!r}; only {wanted!r} is known")
        return cls(
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            epsilon=float(config["layer_norm_eps"]),
            first_position=0 if kind == "bert" else int(config["pad_token_id"]) + 1,
        )


def prefix(weights: WeightFile) -> str:
    """The encoder's name inside the file: none for a bare encoder, its module's with a head.

    Raises:
        WeightsUnreadable: it is not in there.
    """
    for name in ("", "bert.", "roberta."):
        if f"{name}embeddings.word_embeddings.weight" in weights:
            return name
    raise WeightsUnreadable(f"{weights.path.name} has no embeddings.word_embeddings.weight")
