"""How much memory a conversion takes at its peak, told before it begins.

Straight lines through what was measured (docs/models.md), some above it: what the engine and the libraries take by
themselves, and a share of the source's bytes.
"""

from __future__ import annotations

from src.models.catalog.model_card import Graph, Precision

_MEGABYTE = 1_000_000
# Bytes by themselves, and for each byte of float32 source weights.
_WRITTEN: dict[Precision, tuple[int, float]] = {
    "int8_weights": (150 * _MEGABYTE, 0.30),
    "int8": (330 * _MEGABYTE, 0.75),  # calibrated and measured as well
    "fp16": (150 * _MEGABYTE, 0.85),
    "fp32": (150 * _MEGABYTE, 1.30),
}
_ADOPTED = (150 * _MEGABYTE, 1.0)
_EXPORTED = (700 * _MEGABYTE, 2.5)

Way = tuple[Precision, int]


def ways(graph: Graph, form: str, precision: Precision, size: int) -> list[Way]:
    """Precisions that would do, the one that is wanted first, with the bytes that each takes.

    Args:
        form: of the source, ``weights`` or ``openvino``.
        size: bytes of the source's files.
    """
    if form == "openvino":
        return [(precision, _bytes(_ADOPTED, size))]
    if graph == "optimum-embedding":
        return [(precision, _bytes(_EXPORTED, size))]
    # A T5 has its weights rounded alone, whatever is asked for.
    alone = graph == "t5-classifier" and precision == "int8"
    wanted = (precision, _bytes(_WRITTEN["int8_weights" if alone else precision], size))
    if precision != "int8" or alone:
        return [wanted]
    return [wanted, ("int8_weights", _bytes(_WRITTEN["int8_weights"], size))]


def _bytes(line: tuple[int, float], size: int) -> int:
    return line[0] + int(line[1] * size)
