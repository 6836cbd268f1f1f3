"""From load to unload: all three models, tiny, asked by many threads at once."""

from __future__ import annotations

import json
import pickle
import random
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.box.memory import give_back, process_memory
from src.errors import InvalidSetting, ModelBusy, ModelUnavailable, UnknownModel
from src.models import model_manager
from src.models.catalog.model_catalog import Catalog, HubSource, ModelCard, Role
from src.models.infer.runtime import Network, Runtime
from src.models.model_manager import ModelManager
from src.settings import load_settings
from tests.unit.classifier import tiny_t5
from tests.unit.models import tiny
from tests.unit.models.conftest import WEIGHTS
from tests.unit.models.loopback_hub import LoopbackHub

THREADS = 64
GIGABYTE = 1 << 30
WORDS = tiny.WORDS.split()

Make = Callable[..., ModelManager]


class Clock:
    """Seconds; ``wall`` is the same moment since the epoch."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_790_000_000.0 + self.now


def cards(catalog: Catalog) -> dict[str, ModelCard]:
    """The three, and one more embedding model."""
    classifier = replace(
        catalog[Role.CLASSIFIER],
        model="tiny/classifier",
        sources=(HubSource("tiny/classifier", None, "weights", WEIGHTS),),
    )
    embedding = catalog[Role.EMBEDDING]
    other = replace(
        embedding, name="other", model="tiny/other", sources=(HubSource("tiny/other", None, "weights", WEIGHTS),)
    )
    return {card.name: card for card in (embedding, catalog[Role.RERANKER], classifier, other)}


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    tiny.write_model(folder / "tiny/embedding", tiny.encoder_tensors(seed=1), tiny.bert_config())
    tiny.write_model(folder / "tiny/other", tiny.encoder_tensors(seed=3), tiny.bert_config())
    tiny.write_model(folder / "tiny/reranker", tiny.reranker_tensors(seed=2), tiny.xlmr_config())
    tiny_t5.write_model(folder / "tiny/classifier", tiny_t5.tensors(seed=1), tiny_t5.config())
    return folder


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, hub_folder: Path) -> dict[str, Path]:
    """The models folder with each of the models prepared, by name, made when first asked for."""
    return {"models": tmp_path_factory.mktemp("ready"), "hub": hub_folder}


@pytest.fixture
def make(catalog: Catalog, ready: Mapping[str, Path], tmp_path: Path) -> Make:
    """Makes managers whose models are in their cache."""
    everything = cards(catalog)
    if not list(ready["models"].iterdir()):
        with LoopbackHub(ready["hub"]).running() as hub:
            settings = load_settings(models_dir=ready["models"], hf_endpoint=hub.endpoint, hub_probe_timeout=10.0)
            for name in everything:
                ModelManager(settings, catalog=everything).prepare(name)
    models = tmp_path / "models"
    shutil.copytree(ready["models"], models)

    def make(*, clock: Clock | None = None, memory: int | None = None, **overrides: object) -> ModelManager:
        settings = load_settings(models_dir=models, hf_hub_offline=True, inference_threads=1, **overrides)
        told = clock or Clock()
        return ModelManager(settings, catalog=everything, clock=told, wall=told.wall, memory=lambda: memory)

    return make


def sentence(rng: random.Random, most: int = 49) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(1, most)))


def answers(manager: ModelManager, texts: list[str]) -> list[Any]:
    """What all three make of some texts."""
    return [
        manager.generate_embeddings(texts).tolist(),
        sorted((ranked.index, ranked.score) for ranked in manager.rerank("save energy", texts, top_k=len(texts))),
        [label.to_json() for label in manager.classify(texts)],
    ]


def test_sixty_four_threads_cause_one_load_of_each(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, start, loads = make(), threading.Barrier(THREADS), list[str]()
    load = Runtime.load

    def counted(runtime: Runtime, graph: Path, **options: bool) -> Network:
        loads.append(graph.parent.parent.name)
        return load(runtime, graph, **options)

    monkeypatch.setattr(Runtime, "load", counted)
    first: list[Callable[[], object]] = [
        # Callers that are answered together have a batch of another shape, which the last bits of a sum show.
        lambda: manager.generate_embeddings(["hall motion"]).round(4).tolist(),
        lambda: [round(ranked.score, 4) for ranked in manager.rerank("save energy", ["hall motion"])],
        lambda: {name: manager.classify_pattern("hall motion")[name] for name in ("category", "made_by")},
    ]

    def ask(thread: int) -> str:
        start.wait()
        turns = first[thread % 3 :] + first[: thread % 3]
        return json.dumps(sorted(str(turn()) for turn in turns))

    with ThreadPoolExecutor(THREADS) as pool:
        got = set(pool.map(ask, range(THREADS)))
    assert sorted(loads) == ["classifier", "embedding", "reranker"]
    assert len(got) == 1


def test_answers_are_the_same_whoever_asks_at_the_same_time(make: Make) -> None:
    manager, rng = make(), random.Random(5)
    texts = [sentence(rng) for _ in range(30)]
    alone = {text: answers(manager, [text]) for text in texts}

    def ask(seed: int) -> None:
        chosen = random.Random(seed).choices(texts, k=seed % 20 + 1)
        vectors, scores, labels = answers(manager, chosen)
        for place, text in enumerate(chosen):
            (vector,), ((_, score),), (label,) = alone[text]
            # To the last bits: another shape of a batch sums up in another order, and padding is zeros in a sum.
            assert vectors[place] == pytest.approx(vector, abs=1e-6)
            assert scores[place] == (place, pytest.approx(score, abs=1e-6))
            assert labels[place]["category"] == label["category"]
            assert labels[place]["category_probabilities"] == pytest.approx(label["category_probabilities"], abs=1e-6)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(32)))


def test_one_callers_endless_question_does_not_hurt_the_others(make: Make) -> None:
    manager = make()

    def ask(number: int) -> str:
        try:
            return str(manager.rerank("light " * (100 if number % 3 == 0 else 1), ["hall motion"]))
        except InvalidSetting as error:
            return error.code

    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(ask, range(60)))
    assert set(got[::3]) == {"invalid_setting"}
    assert set(got) == {"invalid_setting", str(manager.rerank("light ", ["hall motion"]))}


def test_a_full_queue_says_when_to_come_back(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, entered, go_on = make(model_queue=1), threading.Semaphore(0), threading.Event()
    manager.load("embedding")
    run = Network.__call__

    def held_up(network: Network, inputs: Mapping[str, Any]) -> list[Any]:
        entered.release()
        assert go_on.wait(60)
        return run(network, inputs)

    monkeypatch.setattr(Network, "__call__", held_up)
    with ThreadPoolExecutor(8) as pool:
        running = pool.submit(manager.generate_embeddings, ["light"])
        assert entered.acquire(timeout=60)
        others = [pool.submit(manager.generate_embeddings, ["light"]) for _ in range(2)]
        (busy,), (waiting,) = wait(others, timeout=60, return_when=FIRST_COMPLETED)
        go_on.set()
        assert running.result(60).shape == waiting.result(60).shape == (1, tiny.WIDTH)
    assert isinstance(busy.exception(), ModelBusy)
    assert manager.get_model_info()["embedding"]["last_error"] is None


def test_requests_leave_memory_where_it_was(make: Make) -> None:
    # Fewer here, and of few shapes, most of which are known before the first look.
    manager = make()

    def ask(seed: int) -> None:
        rng = random.Random(seed)
        texts = [sentence(rng, most=7) for _ in range(rng.choice((1, 1, 2, 5, 12)))]
        rng.choice((manager.generate_embeddings, manager.classify, lambda texts: manager.rerank("heating", texts)))(
            texts
        )

    def kept() -> tuple[int, int]:
        """Bytes that are no file pages, and Python's own pieces of memory."""
        give_back()
        now = process_memory()
        assert now
        return now.anonymous, sys.getallocatedblocks()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(150)))
        before = kept()
        list(pool.map(ask, range(150, 450)))
        after = kept()
    assert after[0] - before[0] < 12e6
    assert after[1] - before[1] < 200  # one of each request would be 300


def test_nothing_is_lost_by_threads_that_load_use_and_unload(make: Make) -> None:
    manager = make(model_idle_unload=1e-9)
    texts = ["hall motion", "save energy at night"]
    expected = answers(manager, texts)

    def work(thread: int) -> None:
        rng = random.Random(thread)
        for _ in range(12):
            name = rng.choice(tuple(Role))
            match rng.randrange(5):
                case 0:
                    manager.unload(name, timeout=0.0)
                case 1:
                    manager.sweep()
                case 2:
                    manager.load(name)
                case _:
                    with manager.use(name) as model:
                        assert answers(manager, texts) == expected
                        assert manager.get_model_info()[name]["state"] == "loaded"
                        with manager.use(name) as same:
                            assert same is model

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert [manager.unload(role) == "in_use" for role in Role] == [False] * 3
    assert {manager.get_model_info()[role]["in_use"] for role in Role} == {0}
    manager.close()


@pytest.mark.parametrize("role", list(Role))
def test_an_unloaded_model_is_gone(make: Make, role: Role) -> None:
    manager = make()
    with manager.use(role) as model:
        answers(manager, ["hall motion"])
        gone = weakref.ref(model)
        del model
    assert gone() is not None
    assert manager.unload(role) == "unloaded"
    assert gone() is None
    assert manager.get_model_info()[role]["state"] == "unloaded"
    assert manager.unload(role) == "not_loaded"
    answers(manager, ["hall motion"])
    assert manager.get_model_info()[role]["state"] == "loaded"


def test_who_holds_a_model_without_a_lease_can_go_on_using_it(make: Make) -> None:
    manager = make()
    model = manager.get_embedding_model()
    before = model.embed(["hall motion"])
    assert manager.unload("embedding") == "unloaded"
    np.testing.assert_array_equal(model.embed(["hall motion"]), before)


def test_a_model_in_use_stays(make: Make) -> None:
    clock = Clock()
    manager = make(clock=clock, model_idle_unload=600.0)
    with manager.use("embedding"):
        clock.now += 10_000
        assert manager.unload("embedding", timeout=0.0) == "in_use"
        assert manager.sweep() == []
        assert manager.get_model_info()["embedding"]["in_use"] == 1
    manager.close()


def test_what_is_idle_is_unloaded(make: Make) -> None:
    clock = Clock()
    manager = make(clock=clock, model_idle_unload=600.0)
    manager.generate_embeddings(["hall motion"])
    clock.now += 300
    manager.rerank("save energy", ["hall motion"])
    clock.now += 300
    assert manager.sweep() == ["embedding"]
    assert [manager.get_model_info()[role]["state"] for role in Role] == ["unloaded", "loaded", "not_loaded"]
    clock.now += 300
    assert manager.sweep() == ["reranker"]
    assert manager.sweep() == []
    manager.close()


@pytest.mark.parametrize(
    ("setting", "memory", "unloads"),
    [
        (-1.0, 2 * GIGABYTE, True),
        (-1.0, 4 * GIGABYTE, False),
        (-1.0, None, False),
        (0.0, 2 * GIGABYTE, False),
        (60.0, 64 * GIGABYTE, True),
    ],
    ids=["small", "large", "unknown", "never", "asked-for"],
)
def test_idle_models_are_unloaded_where_memory_is_short_or_when_it_was_asked_for(
    make: Make, setting: float, memory: int | None, unloads: bool
) -> None:
    clock = Clock()
    manager = make(clock=clock, memory=memory, model_idle_unload=setting)
    manager.load("embedding")
    clock.now += 601
    assert manager.sweep() == (["embedding"] if unloads else [])
    manager.close()


def test_a_thread_sweeps_from_the_first_load_on(make: Make) -> None:
    def sweepers() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "model-sweeper"}

    before = sweepers()
    manager = make(model_idle_unload=600.0)
    assert not sweepers() - before
    manager.load("embedding")
    (thread,) = sweepers() - before
    manager.close()
    assert not thread.is_alive()


def test_a_person_may_try_again_at_once(make: Make) -> None:
    clock = Clock()
    manager = make(clock=clock)
    entry = manager.prepare("reranker").folder
    aside = entry.rename(entry.parent / "aside")
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE"):
        manager.rerank("save energy", ["hall motion"])
    aside.rename(entry)
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE"):
        manager.rerank("save energy", ["hall motion"])

    info = manager.get_model_info()["reranker"]
    assert info["state"] == "failed"
    assert "HF_HUB_OFFLINE" in info["error"]
    assert info["retry_at"] == "2026-09-21T14:31:00Z"
    assert info["last_error"] == {"at": "2026-09-21T14:30:00Z", "message": info["last_error"]["message"]}
    assert "HF_HUB_OFFLINE" in info["last_error"]["message"]

    manager.load("reranker")
    info = manager.get_model_info()["reranker"]
    assert (info["state"], info["error"], info["retry_at"]) == ("loaded", None, None)
    assert "HF_HUB_OFFLINE" in info["last_error"]["message"]


def test_what_is_told_of_a_model(make: Make, tmp_path: Path) -> None:
    clock = Clock()
    manager = make(clock=clock)
    folder = manager.prepare("embedding").folder
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "parity": {"cosine_mean": 0.9997}}))
    before = manager.get_model_info()
    assert list(before) == ["embedding", "reranker", "classifier", "other"]
    assert before["embedding"]["last_used"] is None
    assert before["embedding"]["memory_bytes"] is None

    manager.generate_embeddings(["hall motion"])
    clock.now += 60
    info = manager.get_model_info()["embedding"]
    assert info["name"] == "embedding"
    assert info["role"] == "embedding"
    assert info["last_used"] == "2026-09-21T14:30:00Z"
    assert info["parity"] == {"cosine_mean": 0.9997}
    if process_memory() is not None:
        assert info["memory_bytes"] > 0
        assert info["anonymous_bytes"] <= info["memory_bytes"]
    assert json.loads(json.dumps(info)) == info


def test_warming_up_loads_what_can_be_had_and_says_what_cannot(make: Make) -> None:
    manager = make()
    shutil.rmtree(manager.prepare("classifier").folder)
    failed = manager.warm_up()
    assert list(failed) == ["classifier"]
    assert isinstance(failed["classifier"], ModelUnavailable)
    states = {name: info["state"] for name, info in manager.get_model_info().items()}
    assert states == {"embedding": "loaded", "reranker": "loaded", "classifier": "failed", "other": "not_loaded"}
    assert manager.warm_up(["other"]) == {}
    assert manager.get_model_info()["other"]["state"] == "loaded"


def test_another_embedding_model_is_asked_for_by_name(make: Make) -> None:
    manager = make()
    ours, others = (manager.generate_embeddings(["hall motion"], model=name) for name in (None, "other"))
    assert ours.shape == others.shape
    assert abs(float((ours * others).sum())) < 0.99
    assert manager.generate_embeddings([], model="other").shape == (0, tiny.WIDTH)
    assert manager.identifier("other").startswith("tiny/other@")
    with pytest.raises(InvalidSetting, match="embedding, other"):
        manager.generate_embeddings(["hall motion"], model="reranker")


@pytest.mark.parametrize("ask", ["load", "unload", "prepare", "identifier", "generate_embeddings"])
def test_a_name_that_is_no_models(make: Make, ask: str) -> None:
    manager = make()
    with pytest.raises(UnknownModel, match="captions"):
        manager.generate_embeddings(["x"], "captions") if ask == "generate_embeddings" else getattr(manager, ask)(
            "captions"
        )


SERVES = """
import json, pickle, sys
from pathlib import Path
from src.models.model_manager import ModelManager
from src.settings import load_settings
models, catalog = sys.argv[1], pickle.loads(Path(sys.argv[2]).read_bytes())
manager = ModelManager(load_settings(models_dir=Path(models), hf_hub_offline=True), catalog=catalog)
assert manager.generate_embeddings(["hall motion"]).shape == (1, 32)
assert len(manager.rerank("save energy", ["hall motion", "light"])) == 2
assert manager.classify_pattern("hall motion")["made_by"].startswith("tiny/classifier@")
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_a_process_that_serves_all_three_imports_no_training_library(
    make: Make, catalog: Catalog, tmp_path: Path
) -> None:
    make()
    (tmp_path / "catalog").write_bytes(pickle.dumps(cards(catalog)))
    done = subprocess.run(
        [sys.executable, "-c", SERVES, str(tmp_path / "models"), str(tmp_path / "catalog")],
        cwd=Path(model_manager.__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert {"openvino", "tokenizers"} <= loaded
    assert not loaded & {"torch", "transformers", "huggingface_hub", "optimum", "nncf", "sentence_transformers"}
