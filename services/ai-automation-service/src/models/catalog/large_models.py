"""Larger embedding models, which ``EMBEDDING_DEPLOYMENT`` adds. Pinned as ``mission_models`` tells."""

from __future__ import annotations

from src.models.catalog.model_card import HubSource, ModelCard, Role, SourceFile

# The tokenizer of all models with the vocabulary of BERT, uncased, whose repository holds the newer file of it.
_UNCASED = SourceFile("tokenizer.json", "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66", 711_396)
_BGE_QUERY = "Represent this sentence for searching relevant passages: "

_BGE_EN = "BAAI/bge-large-en-v1.5"
_BGE_EN_REVISION = "d4aa6901d3a41ba39fb536a557fa166f842b0e09"

BGE_LARGE_EN = ModelCard(
    name="bge-large-en-v1.5",
    role=Role.EMBEDDING,
    model=_BGE_EN,
    revision=_BGE_EN_REVISION,
    graph="bert-embedding",
    max_tokens=512,
    dimensions=1024,
    pooling="cls",
    licence="MIT",
    query_prefix=_BGE_QUERY,
    sources=(
        HubSource(
            _BGE_EN,
            _BGE_EN_REVISION,
            "weights",
            (
                SourceFile(
                    "model.safetensors",
                    "45e1954914e29bd74080e6c1510165274ff5279421c89f76c418878732f64ae7",
                    1_340_616_616,
                ),
                _UNCASED,
                SourceFile("config.json", "446712fac367857b4b1302762fe1cd7bfa8b3c4b77b4dc5d77c4025407660896", 779),
            ),
        ),
    ),
    other_forms=(
        HubSource(
            _BGE_EN,
            _BGE_EN_REVISION,
            "onnx",
            (
                SourceFile(
                    "onnx/model.onnx",
                    "69ed3f810d3b6d13f70dff9ca89966f39c0a0e877fb88211be7bcc070df2a2ce",
                    1_336_854_281,
                ),
                _UNCASED,
            ),
        ),
    ),
)

# The head of this repository, 79e7739, has its weights as a pickle only: it deleted its model.safetensors. The commit
# below is the head of the hub's own pull request 16, which puts the same file (by its sha256) back on top of 79e7739.
_BGE_ZH_REVISION = "93cc7a6c0e0ef1877d2727e17f8b5f3eb015d7ae"
_BGE_ZH_TOKENIZER = SourceFile(
    "tokenizer.json", "7dfbf1966ebf99d471c3796e9b457329d2b2182b817e144f1e904b957745c839", 439_124
)

BGE_LARGE_ZH = ModelCard(
    name="bge-large-zh-v1.5",
    role=Role.EMBEDDING,
    model="BAAI/bge-large-zh-v1.5",
    revision=_BGE_ZH_REVISION,
    graph="bert-embedding",
    max_tokens=512,
    dimensions=1024,
    pooling="cls",
    licence="MIT",
    query_prefix="为这个句子生成表示以用于检索相关文章：",
    sources=(
        HubSource(
            "BAAI/bge-large-zh-v1.5",
            _BGE_ZH_REVISION,
            "weights",
            (
                SourceFile("model.safetensors", "74541fa3bddf35c2ed35a7c21542776fb830cde7d372dbe05ca42aa70f2bf904"),
                SourceFile("tokenizer.json"),
                SourceFile("config.json"),
            ),
        ),
    ),
    other_forms=(
        HubSource(
            "Xenova/bge-large-zh-v1.5",
            "a48549b3259a6165364f226599cd91f39923d5d5",
            "onnx",
            (
                SourceFile(
                    "onnx/model.onnx",
                    "8a78f0b748a6746a0a2ebe0563fddb311762e260abcadaa2b9f19c6964b745fe",
                    1_298_376_457,
                ),
                _BGE_ZH_TOKENIZER,
                SourceFile("config.json", "b8a4dce1dfa153b714eb25c75b18238ef2b12e4755f998457f60cd872483be66", 940),
            ),
        ),
    ),
)

_GTE_REVISION = "4bef63f39fcc5e2d6b0aae83089f307af4970164"

GTE_LARGE = ModelCard(
    name="gte-large",
    role=Role.EMBEDDING,
    model="thenlper/gte-large",
    revision=_GTE_REVISION,
    graph="bert-embedding",
    max_tokens=512,
    dimensions=1024,
    pooling="mean",
    licence="MIT",
    sources=(
        HubSource(
            "thenlper/gte-large",
            _GTE_REVISION,
            "weights",
            (
                # 670 MB. Its sha256 is stated of an earlier commit of the repository only.
                SourceFile("model.safetensors"),
                SourceFile("tokenizer.json"),
                SourceFile("config.json", "42a037b389d02db73d1d5bd0d049d3269e3617e368f86992474a32c42ffbd859", 619),
            ),
        ),
    ),
    other_forms=(HubSource("thenlper/gte-large", _GTE_REVISION, "onnx", (SourceFile("onnx/model.onnx"),)),),
)

_E5 = "intfloat/e5-large-v2"
_E5_REVISION = "f169b11e22de13617baa190a028a32f3493550b6"

E5_LARGE = ModelCard(
    name="e5-large-v2",
    role=Role.EMBEDDING,
    model=_E5,
    revision=_E5_REVISION,
    graph="bert-embedding",
    max_tokens=512,
    dimensions=1024,
    pooling="mean",
    licence="MIT",
    query_prefix="query: ",
    passage_prefix="passage: ",
    sources=(
        HubSource(
            _E5,
            _E5_REVISION,
            "weights",
            (
                SourceFile(
                    "model.safetensors",
                    "d741c1a688a6169af0ecb5a047c44645cd992c31e1bf431269f98bba9ae2911a",
                    1_340_616_616,
                ),
                _UNCASED,
                SourceFile("config.json", "2394ce5c9ffac96c88496de5d7a92f5d3fec1015b9d25f9f85545f13dfd7a269", 616),
            ),
        ),
    ),
    other_forms=(
        HubSource(
            _E5,
            _E5_REVISION,
            "openvino",
            (SourceFile("openvino/openvino_model_qint8_quantized.xml"), _UNCASED),  # its weights are beside it
            ("int8",),
        ),
        HubSource(_E5, _E5_REVISION, "onnx", (SourceFile("onnx/model.onnx"), _UNCASED)),
    ),
)

# The head of this repository, 5617a9f, has its weights as a pickle and as ONNX. This commit is the head of one of the
# pull requests that add model.safetensors to it; of four of them the file's sha256 is stated, and it is the same.
_M3_REVISION = "142964af7e05de16511657561de8e8750fc153a0"
_M3_FILES = (
    SourceFile("tokenizer.json", "21106b6d7dab2952c1d496fb21d5dc9db75c28ed361a05f5020bbba27810dd08", 17_098_108),
    SourceFile("config.json", "26159e7ad065073448460117eb24b7a4572f6f4e78eadff65dc0a11c052449fa", 687),
)

BGE_M3 = ModelCard(
    name="bge-m3",
    role=Role.EMBEDDING,
    model="BAAI/bge-m3",
    revision=_M3_REVISION,
    graph="bert-embedding",
    max_tokens=8192,
    dimensions=1024,
    pooling="cls",
    licence="MIT",
    sources=(
        HubSource(
            "BAAI/bge-m3",
            _M3_REVISION,
            "weights",
            (
                SourceFile(
                    "model.safetensors",
                    "993b2248881724788dcab8c644a91dfd63584b6e5604ff2037cb5541e1e38e7e",
                    2_271_064_456,
                ),
                *_M3_FILES,
            ),
        ),
    ),
    other_forms=(
        HubSource(
            "BAAI/bge-m3",
            "5617a9f61b028005a4858fdac845db406aefb181",
            "onnx",
            (
                SourceFile(
                    "onnx/model.onnx", "f84251230831afb359ab26d9fd37d5936d4d9bb5d1d5410e66442f630f24435b", 724_923
                ),
                SourceFile(
                    "onnx/model.onnx_data",
                    "1eebfb28493f67bba03ce0ef64bfdc7fc5a3bd9d7493f818bb1d78cd798416b4",
                    2_266_820_608,
                ),
                SourceFile(
                    "onnx/Constant_7_attr__value",
                    "cdf16f72c5d07b36484056e601ed9687f78477e5d85cee85a34f2406b7fb5906",
                    65_552,
                ),
                *_M3_FILES,
            ),
        ),
    ),
)

LARGE_MODELS = (BGE_LARGE_EN, BGE_LARGE_ZH, GTE_LARGE, E5_LARGE, BGE_M3)
