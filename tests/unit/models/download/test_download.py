"""A hub that misbehaves in every way: each case ends in a whole verified model or in a clear error."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from src.models.catalog.model_card import HubSource, SourceFile
from src.models.download.fetch import Fetched, Fetcher, Room, find
from src.models.download.hub import SourceFailed
from src.models.download.hub_layout import HubLayout
from src.models.download.progress import Meter, Progress
from src.models.download.retry import RetryPolicy
from src.models.download.web import Web
from tests.unit.models.conftest import WEIGHTS
from tests.unit.models.loopback_hub import (
    COMMIT,
    Asked,
    Content,
    Cut,
    Fault,
    Hang,
    LoopbackHub,
    NoRanges,
    Redirect,
    Status,
    Trickle,
)

WEIGHT_FILE = "model.safetensors"
PATIENT = RetryPolicy(first_wait=0.25, patience=60.0)  # a busy machine must not look like a server that hangs
IMPATIENT = replace(PATIENT, patience=0.3)
SOURCE = HubSource("tiny/embedding", None, "weights", WEIGHTS)


class Download:
    """Fetches ``tiny/embedding`` into a folder of the test's own.

    Attributes:
        waits: the seconds it would have waited between tries.
        reports: its progress.
        asked_room: what it asked room for.
    """

    def __init__(self, hub: LoopbackHub, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        self.layout = HubLayout(folder, "tiny/embedding")
        self.waits: list[float] = []
        self.reports: list[Progress] = []
        self.asked_room: list[tuple[int, int]] = []

    def __call__(
        self,
        source: HubSource = SOURCE,
        policy: RetryPolicy = PATIENT,
        seconds: float = 60.0,
        token: str = "",
        endpoint: str | None = None,
        room: Room | None = None,
    ) -> Fetched:
        endpoint = endpoint or self.hub.endpoint
        with Web(endpoint, token, policy, time.monotonic() + seconds) as web:
            return Fetcher(
                source,
                self.folder,
                web,
                endpoint,
                policy,
                Meter(self.reports.append),
                room or (lambda to_come, total: self.asked_room.append((to_come, total))),
                chance=lambda: 0.5,
                sleep=self.waits.append,
            ).fetch()

    def find(self, source: HubSource = SOURCE) -> Fetched:
        return find(source, self.folder, Meter(lambda progress: None))

    def is_whole(self, fetched: Fetched) -> bool:
        """Every file is the hub's own, and nothing else is left lying about."""
        served = {file.path: (self.hub.folder / "tiny/embedding" / file.path).read_bytes() for file in SOURCE.files}
        blobs = {path.name for path in (self.layout.root / "blobs").iterdir()}
        return {name: path.read_bytes() for name, path in fetched.files.items()} == served and len(blobs) == len(served)


@pytest.fixture
def download(hub: LoopbackHub, tmp_path: Path) -> Download:
    return Download(hub, tmp_path / "downloads")


def flipped(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def policy_for(*faults: Fault) -> RetryPolicy:
    return IMPATIENT if any(isinstance(fault, Hang | Trickle) for fault in faults) else PATIENT


SOON_MENDED: dict[str, tuple[Fault, ...]] = {
    "dropped at once": (Cut(0),),
    "dropped": (Cut(5000),),
    "reset": (Cut(5000, reset=True),),
    "dropped three times": (Cut(3000), Cut(4096), Cut(1)),
    "hangs before its head": (Hang(),),
    "hangs before its body": (Hang(0),),
    "hangs": (Hang(5000),),
    "trickles": (Trickle(),),
    "trickles its head": (Trickle(0.01, headers=True),),
    "500": (Status(500),),
    "502, 503, 504": (Status(502), Status(503), Status(504)),
    "429 with seconds": (Status(429, {"Retry-After": "2"}),),
    "429 with a rate limit": (Status(429, {"RateLimit": '"resolvers";r=0;t=2'}),),
    "408": (Status(408),),
    "another hash": (Content(flipped),),
    "too short": (Content(lambda content: content[:-7]),),
    "too long": (Content(lambda content: content + b"too much"),),
    "dropped and then no ranges": (Cut(5000), NoRanges()),
    "nothing the first time, half the second": (Status(500), Cut(9000)),
    "headers 500": (Status(500, method="HEAD"), Status(503, method="HEAD")),
    "headers hang": (Hang(method="HEAD"),),
    "headers 429": (Status(429, {"Retry-After": "2"}, method="HEAD"),),
}


@pytest.mark.parametrize("redirects", [False, True], ids=["direct", "redirected"])
@pytest.mark.parametrize("faults", SOON_MENDED.values(), ids=SOON_MENDED.keys())
def test_what_a_further_try_mends_ends_in_a_whole_model(
    download: Download, hub: LoopbackHub, faults: tuple[Fault, ...], redirects: bool
) -> None:
    # Where the weights are redirected, their head is; the small file's goes all the way.
    hub.redirects = redirects
    hub.misbehave("config.json" if redirects and faults[0].method == "HEAD" else WEIGHT_FILE, *faults)
    assert download.is_whole(download(policy=policy_for(*faults)))
    assert download.is_whole(download.find())


FOR_GOOD: dict[str, tuple[Fault, str]] = {
    "404": (Status(404), r"model\.safetensors: 404 Not Found"),
    "401": (Status(401), r"model\.safetensors: 401 .*set HF_TOKEN"),
    "403": (Status(403), r"model\.safetensors: 403 .*set HF_TOKEN"),
    "410": (Status(410), r"model\.safetensors: 410 Gone"),
    "500": (Status(500), r"model\.safetensors: 500 Internal Server Error, tried 4 times"),
    "429": (Status(429), r"model\.safetensors: 429 Too Many Requests, tried 4 times"),
    "429 for an hour": (
        Status(429, {"Retry-After": "3600"}),
        r"429 Too Many Requests, and asked to come back in 3600 s, tried 1 times; MODEL_DOWNLOAD_TIMEOUT leaves no",
    ),
    "drops at once": (Cut(0), r"model\.safetensors: .*tried 4 times"),
    "hangs": (Hang(100), r"model\.safetensors: the server sent \d+ bytes a second for .* s, tried 4 times"),
    "trickles": (Trickle(0.05), r"model\.safetensors: the server sent \d+ bytes a second for .* s, tried 4 times"),
    "another hash": (Content(flipped), r"model\.safetensors has hash [0-9a-f]{64}, not [0-9a-f]{64}"),
    "too short": (Content(lambda content: content[:50]), r"model\.safetensors: .* has less of it .*, tried 4 times"),
    "too long": (Content(lambda content: content + b"x"), r"model\.safetensors: .* more than the \d+ bytes it stated"),
    "redirects to no address": (Redirect("ftp://host/file"), r"model\.safetensors: ftp://host/file is no http address"),
    "redirects in a circle": (
        Redirect(f"/tiny/embedding/resolve/{COMMIT}/model.safetensors"),
        r"model\.safetensors: .* redirects more than 8 times",
    ),
    "redirects to nobody": (Redirect("http://127.0.0.1:9/x"), r"model\.safetensors: .*refused.* tried 4 times"),
}


@pytest.mark.parametrize(("fault", "message"), FOR_GOOD.values(), ids=FOR_GOOD.keys())
def test_what_no_try_mends_ends_in_a_clear_error(
    download: Download, hub: LoopbackHub, fault: Fault, message: str
) -> None:
    hub.misbehave(WEIGHT_FILE, fault, times=40)
    with pytest.raises(SourceFailed, match=message):
        download(policy=policy_for(fault))
    with pytest.raises(SourceFailed, match="was not downloaded before"):
        download.find()
    assert all(path.stat().st_size for path in (download.layout.root / "blobs").glob("*"))


@pytest.mark.parametrize("seed", range(8))
def test_drops_at_random_bytes_of_every_file_are_resumed(download: Download, hub: LoopbackHub, seed: int) -> None:
    chance = random.Random(seed)
    hub.redirects, hub.piece = seed % 2 == 0, 512
    for file in WEIGHTS:
        size = (hub.folder / "tiny/embedding" / file.path).stat().st_size
        for _ in range(3):
            hub.misbehave(file.path, Cut(chance.randrange(size // 4), reset=chance.random() < 0.5))
    assert download.is_whole(download())
    assert [len(hub.bodies(file.path)) for file in WEIGHTS] == [4, 4, 4]


def test_a_try_that_brought_much_starts_the_count_anew(download: Download, hub: LoopbackHub) -> None:
    hub.misbehave(WEIGHT_FILE, Cut(3000), times=12)
    size = (hub.folder / "tiny/embedding" / WEIGHT_FILE).stat().st_size
    assert size > 12 * 3000
    with pytest.raises(SourceFailed, match="tried 4 times"):
        download()
    assert download.is_whole(download(policy=replace(PATIENT, forgiven=2000)))


def test_waits_grow_and_are_never_less_than_the_server_asked_for(download: Download, hub: LoopbackHub) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    hub.misbehave(WEIGHT_FILE, Status(500), Status(429, {"Retry-After": "7"}), Status(429, {"Retry-After": later}))
    download()
    first, second, third = download.waits
    assert (first, second) == (0.1875, 7.0)  # three quarters of the first wait, at an even chance
    assert 20 < third <= 30


def test_a_retry_takes_up_where_the_last_try_ended(download: Download, hub: LoopbackHub) -> None:
    hub.misbehave(WEIGHT_FILE, Cut(5000))
    assert download.is_whole(download())
    assert [asked.range for asked in hub.bodies(WEIGHT_FILE)] == [None, "bytes=5000-"]


def test_a_later_process_takes_up_where_an_earlier_one_ended(download: Download, hub: LoopbackHub) -> None:
    hub.misbehave(WEIGHT_FILE, Cut(5000), Status(404))
    with pytest.raises(SourceFailed):
        download()
    assert download.is_whole(download())
    assert hub.bodies(WEIGHT_FILE)[-1].range == "bytes=5000-"
    total = sum((hub.folder / "tiny/embedding" / file.path).stat().st_size for file in WEIGHTS)
    assert download.asked_room == [(total, total), (total - 5000, total)]


def test_a_partial_file_of_other_content_is_dropped(download: Download, hub: LoopbackHub) -> None:
    hub.misbehave(WEIGHT_FILE, Cut(5000), Status(404))
    with pytest.raises(SourceFailed):
        download()
    file = hub.folder / "tiny/embedding" / WEIGHT_FILE
    file.write_bytes(flipped(file.read_bytes()))
    hub.commit = "f" * 40
    fetched = download()
    assert fetched.commit == "f" * 40
    assert hub.bodies(WEIGHT_FILE)[-1].range is None
    assert download.is_whole(fetched)


@pytest.mark.parametrize("redirects", [False, True], ids=["direct", "redirected"])
def test_a_file_that_changes_between_the_question_and_the_answer_is_not_mixed(
    download: Download, hub: LoopbackHub, redirects: bool
) -> None:
    hub.redirects = redirects
    file = hub.folder / "tiny/embedding" / WEIGHT_FILE

    def change(asked: Asked) -> None:
        if asked.method == "GET":
            file.write_bytes(b"other")

    hub.on_request = change
    with pytest.raises(SourceFailed, match="it changed on the hub while it was fetched, tried 4 times"):
        download()
    assert download.is_whole(download())


@pytest.mark.parametrize("damage", [flipped, lambda content: content + b"more", lambda content: b""])
def test_a_partial_file_that_a_crash_left_wrong_is_fetched_from_its_first_byte(
    download: Download, hub: LoopbackHub, damage: Callable[[bytes], bytes]
) -> None:
    content = (hub.folder / "tiny/embedding" / WEIGHT_FILE).read_bytes()
    partial = download.layout.partial(hashlib.sha256(content).hexdigest())
    partial.parent.mkdir(parents=True)
    partial.write_bytes(damage(content))
    assert download.is_whole(download())
    assert hub.bodies(WEIGHT_FILE)[-1].range is None


def test_the_token_goes_to_the_hub_alone(download: Download, hub: LoopbackHub) -> None:
    hub.redirects = True
    hub.misbehave("tokenizer.json", Redirect(f"{hub.elsewhere}/tiny/embedding/resolve/{COMMIT}/tokenizer.json"))
    assert download.is_whole(download(token="hf_secret"))
    assert {asked.token for asked in hub.asked if asked.large} == {None}
    assert {asked.token for asked in hub.asked if not asked.large} == {"Bearer hf_secret"}
    assert {asked.file for asked in hub.asked if asked.large} == {WEIGHT_FILE, "tokenizer.json"}


def test_no_error_tells_a_secret(download: Download, hub: LoopbackHub) -> None:
    hub.redirects = True
    hub.misbehave(WEIGHT_FILE, Redirect("ftp://name:password@host/file?signature=secret"), times=9)
    with pytest.raises(SourceFailed) as failure:
        download(token="hf_secret", endpoint=hub.endpoint.replace("//", "//name:password@"))
    assert "secret" not in str(failure.value)
    assert "password" not in str(failure.value)


def test_files_that_are_there_and_right_are_not_asked_for_again(download: Download, hub: LoopbackHub) -> None:
    download()
    hub.asked.clear()
    download()
    assert {asked.method for asked in hub.asked} == {"HEAD"}
    assert download.asked_room[-1][0] == 0


@pytest.mark.parametrize("place", ["blob", "copy"])
def test_a_file_that_is_there_and_wrong_is_fetched_again(download: Download, hub: LoopbackHub, place: str) -> None:
    path = download().files[WEIGHT_FILE]
    if place == "blob":
        path.resolve().write_bytes(b"rot")
    else:
        path.unlink()
        path.write_bytes(b"rot")
    assert download.is_whole(download())


def test_of_a_moving_head_all_files_are_of_one_commit(download: Download, hub: LoopbackHub) -> None:
    assert download().commit == COMMIT
    assert [asked.path for asked in hub.asked][:3] == [
        "/tiny/embedding/resolve/main/model.safetensors",
        f"/tiny/embedding/resolve/{COMMIT}/tokenizer.json",
        f"/tiny/embedding/resolve/{COMMIT}/config.json",
    ]
    assert {asked.path.split("/")[4] for asked in hub.asked[3:]} == {COMMIT}


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", "a\\b", "", "a//b", "c:/x"])
def test_a_path_that_leads_out_of_the_folder_is_refused(download: Download, hub: LoopbackHub, path: str) -> None:
    with pytest.raises(ValueError, match="is no path inside a folder"):
        download(HubSource("tiny/embedding", None, "weights", (SourceFile(path),)))
    with pytest.raises(ValueError, match="is no path inside a folder"):
        HubLayout(download.folder, f"tiny/{path}")
    assert not hub.asked


def test_a_disk_that_becomes_full_is_told_of_and_gets_its_space_back(download: Download, hub: LoopbackHub) -> None:
    content = (hub.folder / "tiny/embedding" / WEIGHT_FILE).read_bytes()
    partial = download.layout.partial(hashlib.sha256(content).hexdigest())
    partial.parent.mkdir(parents=True)
    partial.symlink_to("/dev/full")  # takes no byte, as a full disk does
    with pytest.raises(OSError, match="No space left on device"):
        download()
    assert not partial.is_symlink()
    assert download.is_whole(download())


def test_without_room_nothing_is_fetched(download: Download, hub: LoopbackHub) -> None:
    def refuse(to_come: int, total: int) -> None:
        raise SourceFailed(f"no room for {to_come} of {total}")

    total = sum((hub.folder / "tiny/embedding" / file.path).stat().st_size for file in WEIGHTS)
    with pytest.raises(SourceFailed, match=f"no room for {total} of {total}"):
        download(room=refuse)
    assert {asked.method for asked in hub.asked} == {"HEAD"}


def test_progress_counts_the_bytes_of_all_files(download: Download, hub: LoopbackHub) -> None:
    hub.misbehave(WEIGHT_FILE, Cut(5000))
    download()
    total = sum((hub.folder / "tiny/embedding" / file.path).stat().st_size for file in WEIGHTS)
    counted = [report for report in download.reports if report.bytes_total is not None]
    assert {report.bytes_total for report in counted} == {total}
    assert [report.bytes_done for report in counted] == sorted(report.bytes_done for report in counted)
    assert counted[-1].bytes_done == total
    assert {(report.stage, report.file, report.attempt) for report in counted} >= {
        ("downloading", WEIGHT_FILE, 1),
        ("downloading", WEIGHT_FILE, 2),
        ("verifying", WEIGHT_FILE, 2),
        ("verifying", "config.json", 1),
    }
    json.dumps([report.to_json() for report in counted])
