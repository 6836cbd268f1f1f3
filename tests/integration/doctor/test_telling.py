"""The real ``doctor``: whom it calls, what it leaves as it is, and how it tells what it found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from src.domain.runs import RunTrigger
from tests.doctor_process import doctor, environment, tree
from tests.fake_home_assistant import FakeHomeAssistant
from tests.integration.doctor.conftest import store_of
from tests.integration.loopback import Loopback

pytestmark = pytest.mark.heavy


def test_a_fresh_world_is_well(tmp_path: Path) -> None:
    told = doctor(tmp_path)
    assert told.code == 0, told.out
    assert told.json["well"] is True
    assert set(told.json) == {"version", "offline", "deep", "well", "counts", "contacted", "findings"}
    assert told.err == ""


def test_offline_nobody_is_called(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    with Loopback() as stranger:
        told = doctor(
            tmp_path, "--offline", HA_URL=fake.url, HA_TOKEN=fake.token, INFLUXDB_URL=stranger.url, HF_HUB_OFFLINE="0",
            HF_ENDPOINT=stranger.url, MQTT_HOST="127.0.0.1", MQTT_PORT=stranger.host.partition(":")[2],
            PORT=stranger.host.partition(":")[2], RECORDER_URL=f"mysql://a:b@{stranger.host}/ha",
            DATABASE_URL=f"postgresql://a:b@{stranger.host}/ha",
        )  # fmt: skip
        assert stranger.opened == 0
    assert fake.heads == []
    assert told.json["contacted"] == []
    assert told.about("home assistant", "home assistant")["level"] == "skipped"
    assert told.code == 0, told.out


@pytest.mark.parametrize("status", [301, 302, 307])
def test_only_the_hosts_of_the_settings_are_called(tmp_path: Path, fake: FakeHomeAssistant, status: int) -> None:
    with Loopback() as stranger, Loopback() as sending:
        sending.answering = lambda method, path, headers: (status, {"Location": f"{stranger.url}{path}"}, b"")
        fake.config |= {"external_url": stranger.url, "internal_url": stranger.url}
        proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"), stranger.url)
        world = environment(tmp_path, HA_URL=fake.url, HA_TOKEN=fake.token, INFLUXDB_URL=sending.url, **proxies)
        told = doctor(tmp_path, world=world)
        told_of_hub = doctor(
            tmp_path, HF_HUB_OFFLINE="0", HF_ENDPOINT=sending.url, HA_URL=sending.url, HA_TOKEN="x" * 20
        )
        assert stranger.opened == 0, stranger.calls
        assert len(sending.calls) >= 2
    assert told.json["contacted"] == ["HA_URL", "INFLUXDB_URL", "PORT (this machine)"]
    assert told_of_hub.json["contacted"] == ["HA_URL", "HF_ENDPOINT", "PORT (this machine)"]


def test_nothing_on_the_disk_changes_while_the_service_has_its_database_open(
    tmp_path: Path, kept: Path, fake: FakeHomeAssistant
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / ".env").write_text("TZ=Europe/Berlin\n")
    (tmp_path / "tmp").mkdir()
    store = store_of(tmp_path)
    run = store.runs.start(trigger=RunTrigger.API, request={}, now=1)
    before = tree(tmp_path)
    assert "data/ai-automation.db-wal" in before
    told = doctor(tmp_path, "--deep", HA_URL=fake.url, HA_TOKEN=fake.token)
    assert told.about("database", "rows")["fact"].count("run 1") == 1
    assert tree(tmp_path) == before
    store.runs.fail(run.id, {"code": "x", "message": "", "remedy": ""}, now=2)
    store.close()
    before = tree(tmp_path)
    assert "data/ai-automation.db-wal" not in before
    assert doctor(tmp_path, "--deep").about("database", "rows")["level"] == "ok"
    assert tree(tmp_path) == before


def test_the_table_for_people(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "src.cli", "doctor", "--offline"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip
    assert "No connection was made." in done.stdout
    assert "Nothing was changed, and no secret is shown." in done.stdout
    for group in (
        "settings",
        "software",
        "box",
        "storage",
        "database",
        "models",
        "home assistant",
        "sources",
        "mqtt",
        "runs",
        "service",
    ):
        assert f"\n{group}\n" in done.stdout


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "601"])
def test_a_timeout_that_is_none(tmp_path: Path, timeout: str) -> None:
    told = doctor(tmp_path, f"--timeout={timeout}")
    assert told.code == 2
    assert told.json["error"]["code"] == "invalid_setting"
