"""Removing entries, and having them made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import ModelLocked
from src.models.prepare.cache import ModelCache, seal
from src.models.prepare.upkeep import kept, remove_entries, replacing, size_of


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    """Two entries of one model and one of another."""
    cache = ModelCache(tmp_path)
    for name, key in (("embedding", "int8-a"), ("embedding", "fp32-a"), ("reranker", "int8-b")):
        add(cache, name, key, f"{name} {key}")
    return cache


def add(cache: ModelCache, name: str, key: str, content: str) -> None:
    with cache.lock(name, 10.0):
        staged = cache.stage(name)
        (staged / "model.bin").write_text(content)
        seal(staged, {"source": "here"})
        cache.publish(staged, key)


def test_what_is_kept_are_whole_entries(cache: ModelCache) -> None:
    (cache.root / "embedding/.staging-7").mkdir()
    (cache.root / "embedding/half").mkdir()
    assert [folder.name for folder in kept(cache, "embedding")] == ["fp32-a", "int8-a"]
    assert kept(cache, "classifier") == []


def test_every_entry_of_a_model_is_removed_and_no_other(cache: ModelCache) -> None:
    folders = kept(cache, "embedding")
    assert remove_entries(cache, "embedding") == folders
    assert [path.name for path in (cache.root / "embedding").iterdir()] == [".lock"]
    assert cache.find("reranker", "int8-b") is not None


def test_a_process_that_has_an_entry_open_keeps_its_files(cache: ModelCache) -> None:
    with (cache.root / "embedding/int8-a/model.bin").open() as mapped:
        remove_entries(cache, "embedding")
        assert mapped.read() == "embedding int8-a"


def test_nothing_is_removed_or_replaced_while_a_process_prepares_the_model(cache: ModelCache) -> None:
    with cache.lock("embedding", 10.0):
        with pytest.raises(ModelLocked):
            remove_entries(cache, "embedding")
        with pytest.raises(ModelLocked), replacing(cache, "embedding", "int8-a"):
            pass
    assert len(kept(cache, "embedding")) == 2


def test_what_was_made_anew_takes_the_place_of_what_was_there(cache: ModelCache) -> None:
    with replacing(cache, "embedding", "int8-a"):
        assert cache.find("embedding", "int8-a") is None
        add(cache, "embedding", "int8-a", "new")
    assert (cache.root / "embedding/int8-a/model.bin").read_text() == "new"
    assert {folder.name for folder in (cache.root / "embedding").iterdir()} == {".lock", "int8-a", "fp32-a"}


def test_what_was_there_comes_back_when_nothing_new_was_made(cache: ModelCache) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(cache, "embedding", "int8-a"):
        raise KeyboardInterrupt
    assert (cache.root / "embedding/int8-a/model.bin").read_text() == "embedding int8-a"


def test_what_a_killed_process_had_set_aside_does_not_stand_in_the_way(cache: ModelCache) -> None:
    # Killed after it had made the new one, and before: then what it had set aside is all there is.
    (cache.root / "embedding/int8-a").rename(cache.root / "embedding/.replaced-int8-a")
    add(cache, "embedding", "int8-a", "new")
    with replacing(cache, "embedding", "int8-a"):
        pass
    assert (cache.root / "embedding/int8-a/model.bin").read_text() == "new"

    (cache.root / "embedding/int8-a").rename(cache.root / "embedding/.replaced-int8-a")
    with replacing(cache, "embedding", "int8-a"):
        pass
    assert (cache.root / "embedding/int8-a/model.bin").read_text() == "new"


def test_the_first_conversion_has_nothing_to_set_aside(cache: ModelCache) -> None:
    with replacing(cache, "classifier", "int8-c"):
        add(cache, "classifier", "int8-c", "new")
    assert cache.find("classifier", "int8-c") is not None


def test_links_take_no_space(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs/a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "blobs/a")
    assert size_of(tmp_path) == 5
