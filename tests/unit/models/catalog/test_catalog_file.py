"""A person's own models, from a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from src.errors import CatalogInvalid
from src.models.catalog.catalog_file import OwnModels, read_catalog_file
from src.models.catalog.model_catalog import (
    CATALOG,
    EMBEDDING,
    KNOWN,
    RERANKER,
    HubSource,
    Role,
    SourceFile,
    load_catalog,
)
from src.models.model_manager import ModelManager
from src.settings import load_settings
from tests.unit.models import tiny
from tests.unit.models.conftest import MakeSettings
from tests.unit.models.loopback_hub import COMMIT, LoopbackHub

PAGE = Path(__file__).resolve().parents[4] / "docs" / "catalog.md"
OTHER_COMMIT = "0123456789abcdef0123456789abcdef01234567"
NOTES = """
[[model]]
name = "notes"
role = "embedding"
model = "example/notes-encoder"
max_tokens = 512
dimensions = 768
pooling = "cls"
licence = "MIT"
"""


def read(folder: Path, text: str) -> OwnModels:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return read_catalog_file(path, KNOWN)


def test_a_new_model_needs_no_more_than_what_cannot_be_known(tmp_path: Path) -> None:
    own = read(tmp_path, NOTES)
    (card,) = own.cards
    assert (card.name, card.role, card.model, card.revision) == (
        "notes",
        Role.EMBEDDING,
        "example/notes-encoder",
        None,
    )
    assert (card.graph, card.max_tokens, card.dimensions, card.pooling) == ("bert-embedding", 512, 768, "cls")
    assert (card.query_prefix, card.passage_prefix, card.licence) == ("", "", "MIT")
    files = tuple(SourceFile(name) for name in ("model.safetensors", "tokenizer.json", "config.json"))
    assert card.sources == (HubSource("example/notes-encoder", None, "weights", files),)
    assert own.defaults == {}


def test_the_example_of_the_docs_is_read(tmp_path: Path) -> None:
    (example_text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    own = read(tmp_path, example_text)
    paraphrase, reranker, notes = own.cards
    assert own.defaults == {Role.EMBEDDING: "paraphrase-multilingual"}
    assert paraphrase.dimensions == 384
    assert (reranker.max_tokens, reranker.sources) == (384, RERANKER.sources)
    finished, weights = notes.sources
    assert isinstance(finished, HubSource)
    assert isinstance(weights, HubSource)
    assert (finished.repository, finished.revision, finished.form) == (
        "example/notes-encoder-int8-ov",
        None,
        "openvino",
    )
    assert finished.precisions == ("int8",)
    assert weights.revision == notes.revision == OTHER_COMMIT
    assert weights.files == (
        SourceFile("model.safetensors", "0" * 64, 437_955_512),
        SourceFile("tokenizer.json"),
        SourceFile("config.json"),
    )


def test_the_docs_tell_of_every_key() -> None:
    page = PAGE.read_text("utf-8")
    for name in ("name", "role", "revision", "graph", "max_tokens", "dimensions", "pooling", "licence", "default"):
        assert f"`{name}`" in page
    for name in ("query_prefix", "passage_prefix", "repository", "form", "precisions", "files", "sha256", "size"):
        assert f"`{name}`" in page


def test_own_models_are_used_beside_ours(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text(NOTES)
    catalog = load_catalog(load_settings(models_dir=tmp_path))
    assert list(catalog) == ["embedding", "reranker", "classifier", "notes"]
    assert catalog[Role.EMBEDDING] is EMBEDDING


def test_a_model_can_take_the_place_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text(NOTES + "default = true\n")
    catalog = load_catalog(load_settings(models_dir=tmp_path, model_catalog=str(path)))
    assert list(catalog) == ["notes", "reranker", "classifier"]
    assert catalog[Role.EMBEDDING].name == "notes"
    assert catalog.by_name("embedding").name == "notes"


def test_one_of_a_deployment_can_take_it_too(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('[[model]]\nname = "e5-large-v2"\ndefault = true\n')
    catalog = load_catalog(load_settings(models_dir=tmp_path))
    assert list(catalog) == ["e5-large-v2", "reranker", "classifier"]
    assert catalog[Role.EMBEDDING] == KNOWN.by_name("e5-large-v2")


def test_what_is_not_said_of_ours_stays(tmp_path: Path) -> None:
    (card,) = read(tmp_path, '[[model]]\nname = "e5-large-v2"\nmax_tokens = 256\n').cards
    ours = KNOWN.by_name("e5-large-v2")
    assert (card.max_tokens, card.sources, card.pooling) == (256, ours.sources, ours.pooling)
    assert (card.query_prefix, card.passage_prefix, card.licence) == ("query: ", "passage: ", "MIT")
    assert card.key("int8") != ours.key("int8")
    assert card.identifier("int8") != ours.identifier("int8")


def test_what_changes_no_answer_leaves_the_cache_as_it_is(tmp_path: Path) -> None:
    (card,) = read(tmp_path, '[[model]]\nname = "embedding"\nlicence = "Apache 2.0"\n').cards
    assert card.licence == "Apache 2.0"
    assert card.key("int8") == EMBEDDING.key("int8")
    assert card.identifier("int8") == EMBEDDING.identifier("int8")


def test_another_revision_of_ours_is_not_checked_against_our_hashes(tmp_path: Path) -> None:
    (card,) = read(tmp_path, f'[[model]]\nname = "reranker"\nrevision = "{OTHER_COMMIT}"\n').cards
    (source,) = card.sources
    assert isinstance(source, HubSource)
    assert (source.repository, source.revision, source.form) == (RERANKER.model, OTHER_COMMIT, "weights")
    assert {file.sha256 for file in source.files} == {None}
    assert card.key("int8") != RERANKER.key("int8")


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text("")
    assert dict(load_catalog(load_settings(models_dir=tmp_path))) == dict(CATALOG)


def source(text: str) -> str:
    return f"{NOTES}[[model.source]]\n{text}\n"


def files(*entries: str) -> str:
    return source(f'files = ["model.safetensors", "tokenizer.json", "config.json", {", ".join(entries)}]')


def changed(old: str, new: str) -> str:
    assert old in NOTES
    return NOTES.replace(old, new)


WRONG = {
    "top-key": ("models = []", "no key is called 'models'. It takes only model"),
    "no-tables": ("model = 3", "model is no array of tables"),
    "misspelt": (NOTES + 'pooling_mode = "cls"', "model 1: no key is called 'pooling_mode'"),
    "no-name": ("[[model]]\nrole = 'embedding'", "model 1: name is missing. It takes letters"),
    "name-up": (changed('"notes"', '"../notes"'), "name cannot be '../notes'"),
    "name-path": (changed('"notes"', '"a/b"'), "name cannot be 'a/b'"),
    "name-dots": (changed('"notes"', '".."'), r"name cannot be '\.\.'"),
    "name-hidden": (changed('"notes"', '".notes"'), r"name cannot be '\.notes'"),
    "name-last-dot": (changed('"notes"', '"notes."'), r"name cannot be 'notes\.'"),
    "name-folder": (changed('"notes"', '"Hub"'), "name cannot be 'Hub'. It takes a name that no other folder"),
    "name-layout": (changed('"notes"', '"models--a--b"'), "name cannot be 'models--a--b'"),
    "name-case": (changed('"notes"', '"GTE-large"'), "name cannot be 'GTE-large'. It takes the name of a known model"),
    "name-twice": (NOTES + changed('"notes"', '"Notes"'), "name 'Notes' stands here twice"),
    "role": (changed('"embedding"', '"judge"'), "model 'notes': role cannot be 'judge'"),
    "role-of-ours": ('[[model]]\nname = "reranker"\nrole = "embedding"', "role cannot be 'embedding'"),
    "repository": (changed("example/notes-encoder", "a/b/c"), "model cannot be 'a/b/c'"),
    "repository-up": (changed("example/notes-encoder", "../x"), "model cannot be"),
    "repository-dashes": (changed("example/notes-encoder", "a--b/c"), "model cannot be"),
    "revision": (NOTES + 'revision = "main"', "revision cannot be 'main'. It takes a commit's 40 digits"),
    "graph": (NOTES + 'graph = "t5-classifier"', "graph cannot be 't5-classifier'. It takes bert-embedding or"),
    "tokens-truth": (changed("512", "true"), "max_tokens cannot be True. It takes a whole number from 8"),
    "tokens-none": (changed("512", "0"), "max_tokens cannot be 0"),
    "width": (changed("dimensions = 768", ""), "dimensions is missing"),
    "width-of-reranker": ('[[model]]\nname = "reranker"\ndimensions = 4', "dimensions is not for this role"),
    "pooling": (changed('"cls"', '"max"'), "pooling cannot be 'max'. It takes mean or cls"),
    "no-pooling": (changed('pooling = "cls"', ""), "pooling is missing"),
    "prefix": (NOTES + 'query_prefix = "a\\nb"', "query_prefix cannot be"),
    "licence": (changed('licence = "MIT"', ""), "licence is missing"),
    "default": (NOTES + 'default = "yes"', "default cannot be 'yes'. It takes true or false"),
    "defaults": (
        NOTES + 'default = true\n[[model]]\nname = "gte-large"\ndefault = true',
        "model 'gte-large': default is true of 'notes' already",
    ),
    "source": (NOTES + "source = 3", "model 'notes': source is no array of tables"),
    "source-key": (source('url = "http://x"'), "model 'notes', source 1: no key is called 'url'"),
    "form": (source('form = "onnx"'), "source 1: form cannot be 'onnx'. It takes weights or openvino"),
    "finished-precision": (source('form = "openvino"'), "precisions is missing"),
    "precisions": (source('precisions = ["int4"]'), r"precisions cannot be \['int4'\]"),
    "precisions-twice": (source('precisions = ["int8", "int8"]'), "precisions names one twice"),
    "no-files": (source("files = []"), r"files cannot be \[\]"),
    "file-kind": (files("3"), "source 1, file 4: path cannot be 3"),
    "file-up": (files('"../x.json"'), "file 4: path cannot be '../x.json'. It takes a path inside the repository"),
    "file-root": (files('"/etc/x.json"'), "path cannot be '/etc/x.json'"),
    "file-slash": (files('"a\\\\b.json"'), "path cannot be"),
    "file-drive": (files('"c:/x.json"'), "path cannot be 'c:/x.json'"),
    "file-folder": (files('"x/"'), "path cannot be 'x/'"),
    "file-code": (files('"modeling.py"'), r"path cannot be 'modeling.py'. It takes files that end in \.safetensors"),
    "file-twice": (files('"config.json"'), "files names one twice"),
    "file-sha256": (files('{ path = "x.json", sha256 = "ABC" }'), "file 4: sha256 cannot be 'ABC'"),
    "file-size": (files('{ path = "x.json", size = 0 }'), "file 4: size cannot be 0"),
    "file-key": (files('{ path = "x.json", md5 = "0" }'), "file 4: no key is called 'md5'"),
    "file-lacks": (source('files = ["model.safetensors"]'), "files lacks tokenizer.json"),
    "pickle": (files('"pytorch_model.bin"'), "'pytorch_model.bin' is a pickle, and none is ever read"),
    "pickle-pt": (
        source('form = "openvino"\nprecisions = ["int8"]\nfiles = ["model.pt"]'),
        "'model.pt' is a pickle, and none is ever read",
    ),
    "not-toml": ("[[model", "it is not TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_told_with_what_can(tmp_path: Path, case: str) -> None:
    text, complaint = WRONG[case]
    with pytest.raises(CatalogInvalid, match=complaint) as caught:
        read(tmp_path, text)
    assert caught.value.about == str(tmp_path / "own.toml")
    assert str(tmp_path / "own.toml") in caught.value.message


def test_openvinos_bin_is_no_pickle(tmp_path: Path) -> None:
    (card,) = read(tmp_path, source('form = "openvino"\nprecisions = ["int8"]')).cards
    assert [file.path for file in card.sources[0].files] == [
        "openvino_model.xml",
        "openvino_model.bin",
        "tokenizer.json",
    ]


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "own.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "bytes":
        path.write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogInvalid, match=re.escape(str(path))):
        load_catalog(load_settings(models_dir=tmp_path, model_catalog=str(path)))


# Rather many names with dots, slashes and drives than many with letters nobody would try.
awkward = st.text(st.sampled_from("abZ09._-+/\\:~ \0\n\u00e9"), max_size=30) | st.text(max_size=20)


@tries(max_examples=200, deadline=None)
@given(path=awkward)
@example(path="a/../../x.json")
@example(path="./x.json")
@example(path="x.json\n")
def test_no_path_of_a_file_leaves_its_folder(path: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.getbasetemp() / "snapshot"
    try:
        own = read(tmp_path_factory.getbasetemp(), files(f"{json.dumps(path + '.json')}"))
    except CatalogInvalid:
        return
    (card,) = own.cards
    for file in card.sources[0].files:
        assert (root / file.path).resolve().is_relative_to(root)
        assert (root / file.path).resolve() != root


@tries(max_examples=200, deadline=None)
@given(name=awkward)
@example(name="notes/")
@example(name="notes\n")
def test_every_name_is_a_folder_of_its_own(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.getbasetemp() / "models"
    try:
        (card,) = read(tmp_path_factory.getbasetemp(), changed('"notes"', json.dumps(name))).cards
    except CatalogInvalid:
        return
    assert (root / card.name).resolve().parent == root
    assert not card.name.startswith(".")


def test_a_model_of_a_persons_own_serves(settings: MakeSettings, hub: LoopbackHub, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        f"""
        [[model]]
        name = "mine"
        role = "embedding"
        model = "tiny/embedding"
        max_tokens = 64
        dimensions = {tiny.WIDTH}
        pooling = "mean"
        licence = "MIT"
        default = true
        """
    )
    manager = ModelManager(settings(model_catalog=str(path), quantization="fp32"))
    vectors = manager.generate_embeddings(["hall motion at night"])

    ids = tiny.tokenizer().encode("hall motion at night").ids
    np.testing.assert_allclose(vectors[0], tiny.reference_vector(tiny.encoder_tensors(seed=1), ids), atol=2e-5)
    assert manager.embedding_id.startswith(f"tiny/embedding@{COMMIT[:7]}:fp32+")
    assert any("tiny/embedding" in request for request in hub.requests)
