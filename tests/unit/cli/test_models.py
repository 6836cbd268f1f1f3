"""``models`` over a cache that was made here: list, verify, info, remove."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest

from src.cli import main
from src.commands import models_arguments
from src.commands.models_measure import rate, texts
from src.models.catalog.model_card import Precision
from src.models.catalog.model_catalog import DEPLOYMENTS, EMBEDDING, RERANKER, HubSource, ModelCard, Role
from src.models.prepare.cache import ModelCache, seal
from src.settings import Settings

ROLES = [role.value for role in Role]


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("HF_", "MODEL_", "EMBEDDING_", "QUANTIZATION"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # where no .env is
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    """The embedding model at int8 and fp32."""
    cache = ModelCache(tmp_path / "models")
    publish(cache, EMBEDDING, "int8")
    publish(cache, EMBEDDING, "fp32")
    return cache


def publish(cache: ModelCache, card: ModelCard, precision: Precision) -> None:
    stated = {"model": card.model, "revision": "f" * 40, "precision": precision, "parity": {"mean": 0.9}}
    with cache.lock(card.name, 10.0):
        staged = cache.stage(card.name)
        (staged / "model.bin").write_bytes(b"w" * 1_500_000)
        seal(staged, {"source": "hub tiny@main", **stated})
        cache.publish(staged, card.key(precision))


def run(*arguments: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> Any:
    assert main(["models", *arguments, "--format", "json"]) == code
    return json.loads(capsys.readouterr().out)


def test_list_tells_what_is_here_of_what_is_used(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    listed = run("list", capsys=capsys)
    assert list(listed) == ROLES
    assert [model["state"] for model in listed.values()] == ["present", "absent", "absent"]
    assert (listed["embedding"]["source"], listed["embedding"]["megabytes"]) == ("hub tiny@main", 1.5)


def test_what_is_here_at_another_precision_is_not_here(
    cache: ModelCache, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANTIZATION", "fp16")
    assert run("list", capsys=capsys)["embedding"]["state"] == "absent"


@pytest.mark.parametrize("profile", [profile for profile in DEPLOYMENTS if profile])
def test_a_deployment_is_its_models_and_those_of_the_roles(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = run("list", "--deployment", profile, capsys=capsys)
    assert set(listed) == {*ROLES, *DEPLOYMENTS[profile]}
    assert all(profile in listed[name]["deployments"] for name in DEPLOYMENTS[profile])


def test_the_command_line_offers_the_deployments_and_precisions_there_are() -> None:
    assert set(models_arguments.DEPLOYMENTS) == {profile for profile in DEPLOYMENTS if profile}
    assert set(models_arguments.PRECISIONS) == set(get_args(Settings.model_fields["quantization"].annotation))


def test_the_whole_catalog_is_every_deployment(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run("list", "--all", capsys=capsys)
    assert set(listed) == {*ROLES, *(name for names in DEPLOYMENTS.values() for name in names)}
    assert [name for name, model in listed.items() if not model["deployments"]] == ROLES


def test_what_is_used_follows_the_settings(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_DEPLOYMENT", "minimal")
    assert set(run("list", capsys=capsys)) == {*ROLES, *DEPLOYMENTS["minimal"]}


def test_the_list_for_people_fits_a_pipe(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--all"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 100
    assert "minimal and up" in shown
    assert "present" in shown


@pytest.mark.parametrize("action", ["list", "download", "verify", "remove", "info", "convert", "bench"])
def test_an_unknown_name_exits_with_2_and_lists_the_known(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = run(action, "captions", capsys=capsys, code=2)["error"]
    assert (error["code"], error["about"]) == ("unknown_model", "captions")
    assert all(name in error["remedy"] for name in (*ROLES, "bge-m3"))


@pytest.mark.parametrize("action", ["list", "download", "verify"])
def test_names_and_all_of_them_cannot_be_asked_for_at_once(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(action, "embedding", "--all", capsys=capsys, code=2)["error"]["code"] == "usage"


def test_verify_reads_every_byte(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "embedding", capsys=capsys)["embedding"]["state"] == "verified"
    assert run("verify", capsys=capsys, code=3)["error"]["about"] == "reranker"
    with (cache.root / "embedding" / EMBEDDING.key("int8") / "model.bin").open("r+b") as weights:
        weights.seek(700_000)
        weights.write(b"x")
    assert run("verify", "embedding", capsys=capsys, code=3)["error"]["code"] == "model_corrupt"


def test_info_tells_the_card_and_the_manifest(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    info = run("info", "embedding", capsys=capsys)
    assert (info["model"], info["licence"], info["dimensions"]) == (EMBEDDING.model, EMBEDDING.licence, 384)
    assert info["manifest"]["outputs"]["model.bin"]["bytes"] == 1_500_000
    assert info["manifest"]["parity"] == {"mean": 0.9}
    assert sorted(Path(folder).name for folder in info["kept"]) == sorted(
        [EMBEDDING.key("int8"), EMBEDDING.key("fp32")]
    )
    assert run("info", "reranker", capsys=capsys)["manifest"] is None


def test_info_for_people_has_hashes_and_parity(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "info", "embedding"]) == 0
    shown = capsys.readouterr().out
    manifest = cache.peek("embedding", EMBEDDING.key("int8"))
    assert manifest is not None
    for part in (manifest["outputs"]["model.bin"]["sha256"], "mean 0.9", "Apache-2.0", "hub tiny@main"):
        assert part in shown


def test_remove_frees_the_space_and_says_how_much(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    removed = run("remove", "embedding", "--yes", capsys=capsys)
    assert removed["bytes"] > 3_000_000
    assert sorted(Path(folder).name for folder in removed["removed"]) == sorted(
        [EMBEDDING.key("int8"), EMBEDDING.key("fp32")]
    )
    assert run("info", "embedding", capsys=capsys)["kept"] == []
    assert run("remove", "embedding", "--yes", capsys=capsys) == {"name": "embedding", "removed": [], "bytes": 0}


def downloaded(card: ModelCard, cache: ModelCache) -> Path:
    source = next(source for source in card.sources if isinstance(source, HubSource))
    folder = cache.root / "hub" / f"models--{source.repository.replace('/', '--')}"
    (folder / "blobs").mkdir(parents=True)
    (folder / "blobs/a").write_bytes(b"12345")
    return folder


def test_downloads_are_removed_only_when_that_is_asked_for(
    cache: ModelCache, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched = downloaded(EMBEDDING, cache)
    run("remove", "embedding", "--yes", capsys=capsys)
    assert fetched.is_dir()
    removed = run("remove", "embedding", "--yes", "--downloads", capsys=capsys)
    assert removed == {"name": "embedding", "removed": [str(fetched)], "bytes": 5}
    assert not fetched.exists()


class Person(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "gone"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("", False)]
)
def test_remove_asks_a_person(
    cache: ModelCache,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    gone: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", Person(answer))
    assert main(["models", "remove", "embedding"]) == 0
    assert "3.0 MB of embedding?" in capsys.readouterr().err
    assert (cache.find("embedding", EMBEDDING.key("int8")) is None) is gone


def test_remove_without_a_person_needs_a_yes(
    cache: ModelCache, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    error = run("remove", "embedding", capsys=capsys, code=2)["error"]
    assert error["code"] == "not_sure"
    assert "--yes" in error["remedy"]
    assert cache.find("embedding", EMBEDDING.key("int8")) is not None


@pytest.mark.parametrize("action", [["remove", "--yes"], ["convert"]], ids=["remove", "convert"])
def test_a_model_that_another_process_prepares_is_left_alone(
    cache: ModelCache, capsys: pytest.CaptureFixture[str], action: list[str]
) -> None:
    with cache.lock("embedding", 10.0):
        error = run(*action, "embedding", capsys=capsys, code=3)["error"]
    assert error["code"] == "model_locked"
    assert cache.find("embedding", EMBEDDING.key("int8")) is not None


def test_a_conversion_that_fails_leaves_what_was_there(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    publish(cache, RERANKER, "int8")
    error = run("convert", "reranker", capsys=capsys, code=3)["error"]
    assert "HF_HUB_OFFLINE is set" in error["message"]
    entry = cache.find("reranker", RERANKER.key("int8"))
    assert entry is not None
    assert entry.manifest["source"] == "hub tiny@main"


def test_what_is_here_already_is_only_checked(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    fetched = run("download", "embedding", capsys=capsys)["embedding"]
    assert (fetched["ready"], fetched["source"], fetched["bytes"]) == (True, "hub tiny@main", 1_500_000)


def test_what_cannot_be_had_is_told_after_what_can(cache: ModelCache, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "download"]) == 3
    streams = capsys.readouterr()
    assert "hub tiny@main" in streams.out
    assert "reranker: failed" in streams.err
    assert "Error: The reranker model could not be had" in streams.err


def test_a_rate_is_that_of_the_middle_round() -> None:
    # Rounds of 0.1, 0.8 and 0.4 s: that is more than a second, so no fourth. The first round of all is not timed.
    moments = iter([0.0, 0.1, 1.0, 1.8, 2.0, 2.4])
    rounds: list[int] = []
    assert rate(lambda batch: rounds.append(len(batch)), ["a"] * 8, lambda: next(moments)) == 20.0
    assert (rounds, next(moments, None)) == ([8] * 4, None)


def test_texts_differ_and_the_long_ones_are_longer() -> None:
    short, long = texts("short", 256), texts("long", 256)
    assert len({*short, *long}) == 512
    assert all(len(b.split()) > 2 * len(a.split()) for a, b in zip(short, long, strict=True))
