"""Makes whole-number layers of what an encoder's linear layers see while it reads sentences.

The pass is exact throughout: each layer is calibrated on what the float32 model would feed it.
"""

from __future__ import annotations

from collections.abc import Sequence

from src.models.convert.bert_forward import Forward, Kind, Texts, portions
from src.models.convert.bert_names import BertConfig
from src.models.convert.quantized_linear import QuantizedLinear, make_grid, quantize_linear
from src.models.convert.weights import FloatArray, WeightFile

Calibrated = dict[str, QuantizedLinear]

_CUTS = 32  # columns added to the widest units of a feed-forward block; keeps its width a multiple of 32
_LOWEST_GELU = -0.17  # its minimum is -0.16997
_HEADROOM: dict[Kind, float] = {"hidden": 1.0, "context": 1.25, "inner": 1.25}


def calibrate(weights: WeightFile, config: BertConfig, sequences: Sequence[Sequence[int]]) -> Calibrated:
    """Whole-number layers by their names, see :class:`~src.models.convert.bert_forward.Observer`.

    Args:
        sequences: token ids of each text, special tokens included; the first that fit into one pass are used.

    Raises:
        WeightsUnreadable: a tensor is missing.
        ValueError: there is no sequence.
    """
    made: Calibrated = {}

    def observe(name: str, kind: Kind, inputs: FloatArray, weight: FloatArray, bias: FloatArray) -> None:
        inner = kind == "inner"
        grid = make_grid(
            inputs,
            weight,
            headroom=_HEADROOM[kind],
            cuts=_CUTS if inner else 0,
            lowest=_LOWEST_GELU if inner else None,
        )
        # Of the rounding's share in the error, the inner layers' is by far the largest.
        made[name] = quantize_linear(inputs, weight, bias, grid, careful=inner)

    if not sequences:
        raise ValueError("there is nothing to calibrate on")
    forward = Forward(weights, config)
    forward.hidden(Texts.of(next(portions(sequences, forward.tokens))), observe)
    return made
