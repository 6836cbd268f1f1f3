"""sentence-transformers with torch and with OpenVINO, as their documentation shows them. Runs in the torch environment.

The OpenVINO forms are exported once into ``HOME/built``. INT8 is full static quantization by NNCF with its settings for
transformers, calibrated on the service's own calibration sentences: what ``export_static_quantized_openvino_model``
does, which itself can calibrate on a data set of the hub only.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.bench.engines import ROOT
from scripts.bench.questions import QUESTIONS

_CALIBRATION = ROOT / "services/ai-automation-service/src/models/data/calibration_sentences.txt"
_BATCH = 32  # sentence-transformers' own default


class SentenceTransformers:
    """The three tasks with one backend.

    Args:
        folders: makes the folder of a model by its name, when it is first asked for.
        options: further arguments of SentenceTransformer and CrossEncoder.
        generator: loads flan-t5 from its folder, with tokenizer.
    """

    def __init__(
        self,
        folders: Callable[[str], Path],
        options: dict[str, Any],
        generator: Callable[[Path], tuple[Any, Any]],
    ) -> None:
        self._folders = folders
        self._options = options
        self._generator_of = generator

    def embed(self, texts: list[str]) -> object:
        """float32 (texts, 384)."""
        return self._encoder.encode(texts, batch_size=_BATCH, show_progress_bar=False)

    def rerank(self, query: str, passages: list[str]) -> object:
        """Best first."""
        return self._cross_encoder.rank(query, passages, batch_size=_BATCH, show_progress_bar=False)

    def classify(self, texts: list[str], prompts: int) -> object:
        """Both answers of each text, generated one by one."""
        return [
            tuple(self._answer(question.about(text), question.answer_tokens) for question in QUESTIONS[prompts])
            for text in texts
        ]

    def _answer(self, prompt: str, tokens: int) -> str:
        model, tokenizer = self._generator
        inputs = tokenizer(prompt, return_tensors="pt", truncation=True, max_length=512)
        # Random weights would never say the end token, so the length of a real answer is prescribed.
        made = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
        )
        answer: str = tokenizer.decode(made[0], skip_special_tokens=True)
        return answer

    @cached_property
    def _encoder(self) -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._folders("minilm")), device="cpu", **self._options)

    @cached_property
    def _cross_encoder(self) -> Any:
        from sentence_transformers import CrossEncoder

        return CrossEncoder(str(self._folders("reranker")), device="cpu", **self._options)

    @cached_property
    def _generator(self) -> tuple[Any, Any]:
        return self._generator_of(self._folders("classifier"))


def torch_fp32(home: Path, threads: int) -> SentenceTransformers:
    """Source weights, as loaded."""
    import torch

    torch.set_num_threads(threads)

    def generator(folder: Path) -> tuple[Any, Any]:
        from transformers import AutoTokenizer, T5ForConditionalGeneration

        return T5ForConditionalGeneration.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)

    return SentenceTransformers(lambda name: home / "weights" / name, {}, generator)


def openvino_fp32(home: Path, threads: int) -> SentenceTransformers:
    """The OpenVINO backend with float32 weights."""
    return _openvino(home, threads, "fp32")


def openvino_int8(home: Path, threads: int) -> SentenceTransformers:
    """The OpenVINO backend with everything in INT8; the classifier with INT8 weights."""
    return _openvino(home, threads, "int8")


def _openvino(home: Path, threads: int, precision: str) -> SentenceTransformers:
    import torch

    torch.set_num_threads(threads)
    settings = {"INFERENCE_NUM_THREADS": threads}

    def generator(folder: Path) -> tuple[Any, Any]:
        from optimum.intel import OVModelForSeq2SeqLM
        from transformers import AutoTokenizer

        model = OVModelForSeq2SeqLM.from_pretrained(folder, ov_config=settings, compile=True)
        return model, AutoTokenizer.from_pretrained(folder)

    return SentenceTransformers(
        lambda name: _built(home, name, precision),
        {"backend": "openvino", "model_kwargs": {"ov_config": settings}},
        generator,
    )


def _built(home: Path, name: str, precision: str) -> Path:
    """The folder of an exported model; exported now when it is not there."""
    folder = home / "built" / f"{name}-openvino-{precision}"
    if not folder.exists():
        staged = folder.with_name(folder.name + ".staged")
        shutil.rmtree(staged, ignore_errors=True)
        _BUILDERS[name](home / "weights" / name, staged, precision)
        staged.rename(folder)
    return folder


def _build_encoder(source: Path, folder: Path, precision: str) -> None:
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(str(source), device="cpu", backend="openvino").save_pretrained(str(folder))
    if precision == "int8":
        _quantize(folder, source, [(line,) for line in _sentences()])


def _build_cross_encoder(source: Path, folder: Path, precision: str) -> None:
    from sentence_transformers import CrossEncoder

    CrossEncoder(str(source), device="cpu", backend="openvino").save_pretrained(str(folder))
    if precision == "int8":
        lines = _sentences()
        _quantize(folder, source, [(line, lines[-1 - place]) for place, line in enumerate(lines[:100])])


def _build_generator(source: Path, folder: Path, precision: str) -> None:
    from optimum.intel import OVModelForSeq2SeqLM, OVWeightQuantizationConfig
    from transformers import AutoTokenizer

    quantization = OVWeightQuantizationConfig(bits=8) if precision == "int8" else None
    model = OVModelForSeq2SeqLM.from_pretrained(
        source, export=True, compile=False, load_in_8bit=False, quantization_config=quantization
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)


_BUILDERS = {"minilm": _build_encoder, "reranker": _build_cross_encoder, "classifier": _build_generator}


def _sentences() -> list[str]:
    return _CALIBRATION.read_text("utf-8").splitlines()


def _quantize(folder: Path, source: Path, inputs: list[tuple[str, ...]]) -> None:
    """Replace the graph in the folder by its INT8 form."""
    import nncf
    import numpy as np
    import openvino
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source)
    (xml,) = folder.rglob("openvino_model.xml")
    model = openvino.Core().read_model(xml)
    names = {port.get_any_name() for port in model.inputs}

    def tokens(texts: tuple[str, ...]) -> dict[str, Any]:
        encoded = tokenizer(*texts, return_tensors="np", truncation=True, max_length=256)
        shape = encoded["input_ids"].shape
        return {name: encoded.get(name, np.zeros(shape, np.int64)) for name in names}

    data = nncf.Dataset(inputs, tokens)
    quantized = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(inputs))
    staged = xml.with_name("quantized.xml")
    openvino.save_model(quantized, staged, compress_to_fp16=False)
    del model
    for suffix in (".xml", ".bin"):
        staged.with_suffix(suffix).replace(xml.with_suffix(suffix))
