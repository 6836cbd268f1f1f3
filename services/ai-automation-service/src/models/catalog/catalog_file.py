"""A person's own models, and changes to ours, in a TOML file: no code is touched to use another model.

    [[model]]
    name = "paraphrase-multilingual"
    role = "embedding"
    model = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
    max_tokens = 128
    dimensions = 384
    pooling = "mean"
    licence = "Apache-2.0"
    default = true

``docs/catalog.md`` tells of every key. A table with the name of a model that is known changes what it says of it and
leaves the rest. What is read here ends up as folder names and as paths inside downloads, so every value is checked.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import cast, get_args

from src.domain.labels import DEFAULT_LABELS
from src.errors import CatalogInvalid
from src.models.catalog.catalog_table import Table
from src.models.catalog.model_card import (
    Form,
    Graph,
    HubSource,
    ModelCard,
    Pooling,
    Precision,
    Role,
    Source,
    SourceFile,
)

_CARD_KEYS = ("name", "role", "model", "revision", "graph", "max_tokens", "licence", "default", "source")
_EMBEDDING_KEYS = ("dimensions", "pooling", "query_prefix", "passage_prefix")
_SOURCE_KEYS = ("repository", "revision", "form", "precisions", "files")
_FILE_KEYS = ("path", "sha256", "size")

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_REPOSITORY = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LICENCE = re.compile(r"\S.{0,99}")
_PREFIX = re.compile(r"[^\x00-\x1f\x7f]{0,500}")
# One part of a path: no "..", no drive, nothing a file system reads as more than a name.
_PART = re.compile(r"[A-Za-z0-9_][\w.+-]{0,199}", re.ASCII)

_TAKEN = ("hub", "quarantine")  # folders beside those of the models
_GRAPHS = {
    Role.EMBEDDING: ("bert-embedding", "optimum-embedding"),
    Role.RERANKER: ("bert-reranker",),
    Role.CLASSIFIER: ("t5-classifier",),
}
_NEEDED = {
    "weights": ("model.safetensors", "tokenizer.json", "config.json"),
    "openvino": ("openvino_model.xml", "openvino_model.bin", "tokenizer.json"),
}
_SUFFIXES = {
    "weights": (".safetensors", ".json", ".txt", ".model"),
    "openvino": (".xml", ".bin", ".json", ".txt", ".model"),
}
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")


@dataclass(frozen=True, slots=True)
class OwnModels:
    """What a file states.

    Attributes:
        cards: new ones, and known ones as they are now, in the file's order.
        defaults: names of the cards that are to serve a role.
    """

    cards: tuple[ModelCard, ...]
    defaults: Mapping[Role, str]


def read_catalog_file(path: Path, known: Mapping[str, ModelCard]) -> OwnModels:
    """The models of a file.

    Args:
        known: our own cards by name; a table of the file with one of these names changes that card.

    Raises:
        CatalogInvalid: names the file, the model and the key, and says what the key takes.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CatalogInvalid(path, f"it cannot be read ({error.strerror})", "a file that exists") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogInvalid(path, f"it is not TOML ({error})", "tables that begin with [[model]]") from None
    cards: dict[str, ModelCard] = {}
    defaults: dict[Role, str] = {}
    for entry in Table(path, "", content, ("model",)).tables("model", (*_CARD_KEYS, *_EMBEDDING_KEYS)):
        name = _name(entry, known, cards)
        table = entry.called(f"model {name!r}")
        cards[name] = card = _card(table, name, known.get(name))
        if table.truth("default"):
            if card.role in defaults:
                table.refuse("default", f"is true of {defaults[card.role]!r} already", "true for one model of a role")
            defaults[card.role] = name
    return OwnModels(tuple(cards.values()), defaults)


def _name(table: Table, known: Mapping[str, ModelCard], cards: Mapping[str, ModelCard]) -> str:
    wanted = "letters, digits, dots, dashes and underscores, 64 at most, a letter or digit first and last"
    name = table.text("name", _NAME, wanted)
    # Names become folders, and not every file system tells upper from lower case.
    if name.lower() in _TAKEN or name.lower().startswith("models--"):
        table.refuse("name", f"cannot be {name!r}", "a name that no other folder of MODELS_DIR has")
    if any(name.lower() == other.lower() for other in cards):
        table.refuse("name", f"{name!r} stands here twice", "a name that no other model has")
    if name not in known and any(name.lower() == other.lower() for other in known):
        table.refuse("name", f"cannot be {name!r}", "the name of a known model as it is written, or another name")
    return name


def _card(table: Table, name: str, base: ModelCard | None) -> ModelCard:
    role = Role(table.choice("role", list(Role), base.role if base else None))
    if base and role is not base.role:
        table.refuse("role", f"cannot be {role.value!r}", f"{base.role.value} for this model, or another name")
    model = table.text("model", _REPOSITORY, "a repository of the hub, as owner/name", base.model if base else None)
    same = base if base and base.model == model else None
    revision = _revision(table, same.revision if same else None)
    card = ModelCard(
        name=name,
        role=role,
        model=model,
        revision=revision,
        graph=cast(Graph, table.choice("graph", _GRAPHS[role], base.graph if base else _GRAPHS[role][0])),
        max_tokens=table.number("max_tokens", 8, 32_768, base.max_tokens if base else None),
        dimensions=None,
        pooling=None,
        licence=table.text("licence", _LICENCE, "its name, such as Apache-2.0", same.licence if same else None),
        sources=_sources(table, model, revision, same),
        labels=DEFAULT_LABELS if role is Role.CLASSIFIER else None,
        other_forms=same.other_forms if same else (),
    )
    if role is Role.EMBEDDING:
        card = _with_embedding(table, card, base)
    elif given := [key for key in _EMBEDDING_KEYS if key in table]:
        table.refuse(given[0], "is not for this role", f"no value for a {role.value}")
    if base and _stated(card) == _stated(base):
        return card
    return replace(card, variant=hashlib.sha256(repr(_stated(card)).encode()).hexdigest()[:8])


def _with_embedding(table: Table, card: ModelCard, base: ModelCard | None) -> ModelCard:
    prefix = "a text of one line, 500 characters at most"
    return replace(
        card,
        dimensions=table.number("dimensions", 8, 16_384, base.dimensions if base else None),
        pooling=cast(Pooling, table.choice("pooling", get_args(Pooling), base.pooling if base else None)),
        query_prefix=table.text("query_prefix", _PREFIX, prefix, base.query_prefix if base else ""),
        passage_prefix=table.text("passage_prefix", _PREFIX, prefix, base.passage_prefix if base else ""),
    )


def _revision(table: Table, default: str | None) -> str | None:
    if "revision" not in table:
        return default
    return table.text("revision", _COMMIT, "a commit's 40 digits; leave it out to follow main")


def _sources(table: Table, model: str, revision: str | None, base: ModelCard | None) -> tuple[Source, ...]:
    """Those of the file; else those known of this very revision; else the source weights of the repository."""
    if "source" in table:
        return tuple(_source(one, model, revision) for one in table.tables("source", _SOURCE_KEYS))
    if base and base.revision == revision:
        return base.sources
    return (HubSource(model, revision, "weights", tuple(map(SourceFile, _NEEDED["weights"]))),)


def _source(table: Table, model: str, revision: str | None) -> HubSource:
    form = table.choice("form", _NEEDED, "weights")
    repository = table.text("repository", _REPOSITORY, "a repository of the hub, as owner/name", model)
    every = get_args(Precision)
    # What precision a finished graph has is its maker's choice, so it must be said.
    precisions = table.choices("precisions", every, every if form == "weights" else None)
    files = _files(table, form) if "files" in table else tuple(map(SourceFile, _NEEDED[form]))
    return HubSource(
        repository,
        _revision(table, revision if repository == model else None),
        cast(Form, form),
        files,
        cast(tuple[Precision, ...], precisions),
    )


def _files(table: Table, form: str) -> tuple[SourceFile, ...]:
    files = []
    for number, entry in enumerate(table.entries("files"), 1):
        values = entry if isinstance(entry, dict) else {"path": entry}
        inner = table.inner(f"file {number}", values, _FILE_KEYS)
        path = inner.text("path", re.compile(r".+"), "a path inside the repository")
        _check_path(inner, path, form)
        files.append(
            SourceFile(
                path,
                inner.text("sha256", _SHA256, "64 digits in lower case") if "sha256" in inner else None,
                inner.number("size", 1, 1 << 40) if "size" in inner else None,
            )
        )
    paths = [file.path for file in files]
    if len(set(paths)) < len(paths):
        table.refuse("files", "names one twice", "each file once")
    if missing := [name for name in _NEEDED[form] if name not in paths]:
        table.refuse("files", f"lacks {missing[0]}", f"at least {', '.join(_NEEDED[form])}")
    return tuple(files)


def _check_path(table: Table, path: str, form: str) -> None:
    if not all(_PART.fullmatch(part) for part in path.split("/")):
        table.refuse("path", f"cannot be {path!r}", "a path inside the repository, with forward slashes and no ..")
    suffix = PurePosixPath(path).suffix
    if suffix in _PICKLES and suffix not in _SUFFIXES[form]:
        table.refuse("path", f"{path!r} is a pickle, and none is ever read", "weights as model.safetensors")
    if suffix not in _SUFFIXES[form]:
        table.refuse("path", f"cannot be {path!r}", f"files that end in {', '.join(_SUFFIXES[form])}")


def _stated(card: ModelCard) -> tuple[object, ...]:
    """Whatever makes a card answer otherwise than another of its name."""
    read = (card.max_tokens, card.pooling, card.query_prefix, card.passage_prefix)
    return (card.model, card.revision, card.graph, *read, card.sources)
