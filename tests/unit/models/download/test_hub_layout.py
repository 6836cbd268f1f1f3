"""The folder of downloads, as other tools of the hub expect it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.models.download.hub_layout import HubLayout, drop_forgotten

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAG = "f" * 64


@pytest.fixture
def layout(tmp_path: Path) -> HubLayout:
    layout = HubLayout(tmp_path, "sentence-transformers/all-MiniLM-L6-v2")
    layout.partial(TAG).parent.mkdir(parents=True)
    return layout


def test_it_is_laid_out_as_huggingface_hub_does(layout: HubLayout, tmp_path: Path) -> None:
    layout.partial(TAG).write_bytes(b"weights")
    layout.keep(layout.partial(TAG), TAG)
    layout.link(TAG, COMMIT, "onnx/model.onnx")
    layout.refer("main", COMMIT)
    root = tmp_path / "models--sentence-transformers--all-MiniLM-L6-v2"
    assert (root / "refs/main").read_text() == COMMIT
    file = root / f"snapshots/{COMMIT}/onnx/model.onnx"
    assert file.readlink() == Path(f"../../../blobs/{TAG}")
    assert file.read_bytes() == b"weights"
    assert sorted(path.name for path in root.rglob("*") if path.is_file()) == [TAG, "main", "model.onnx"]
    assert layout.commit("main") == COMMIT


def test_where_there_are_no_links_the_file_itself_is_in_its_place(
    layout: HubLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: str) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    layout.blob(TAG).write_bytes(b"weights")
    file = layout.link(TAG, COMMIT, "model.safetensors")
    assert not file.is_symlink()
    assert file.read_bytes() == b"weights"


def test_discarding_a_file_removes_what_it_leads_to_inside_and_nothing_outside(
    layout: HubLayout, tmp_path: Path
) -> None:
    layout.blob(TAG).write_bytes(b"weights")
    layout.discard(layout.link(TAG, COMMIT, "model.safetensors"))
    assert not layout.blob(TAG).exists()

    outside = tmp_path / "precious"
    outside.write_text("mine")
    link = layout.file(COMMIT, "config.json")
    link.symlink_to(outside)
    layout.discard(link)
    assert outside.read_text() == "mine"


def test_partial_files_of_older_content_are_dropped_unless_somebody_fetches_them(layout: HubLayout) -> None:
    older, fetched = "a" * 64, "b" * 64
    for tag in (TAG, older, fetched):
        layout.partial(tag).write_bytes(b"half")
    with layout.lock(fetched, 1.0):
        layout.drop_others({TAG})
    assert [layout.partial(tag).exists() for tag in (TAG, older, fetched)] == [True, False, True]


def test_partial_files_that_nobody_came_back_for_are_dropped_after_a_week(layout: HubLayout, tmp_path: Path) -> None:
    partial = layout.partial(TAG)
    partial.write_bytes(b"half")
    os.utime(partial, (1_000_000, 1_000_000))
    drop_forgotten(tmp_path, 1_000_000 + 7 * 86400)
    assert partial.exists()
    drop_forgotten(tmp_path, 1_000_001 + 7 * 86400)
    assert not partial.exists()


@pytest.mark.parametrize("name", ["a--b/c", "a/b/c", "../b", "/b", "", "a/.."])
def test_a_name_that_is_no_repository_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        HubLayout(tmp_path, name)


@pytest.mark.parametrize("tag", ["../x", "a/b", "", ".", ".hidden"])
def test_an_entity_tag_that_is_no_file_name_is_refused(layout: HubLayout, tag: str) -> None:
    with pytest.raises(ValueError, match="is no entity tag"):
        layout.blob(tag)
