"""The real ``doctor`` in worlds that are broken as those of users are: each has its finding and the right remedy."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from src.domain.runs import RunTrigger
from src.models.cache import ModelCache, seal
from src.models.catalog import EMBEDDING
from src.store import Store
from tests.doctor_process import Told, doctor, environment, tree
from tests.fake_home_assistant import FakeHomeAssistant, Hang
from tests.integration.loopback import Answer, Loopback

pytestmark = pytest.mark.heavy


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def fake() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as fake:
        fake.add_entity("light.grandmas_bedside_lamp", "off", name="Grandma's bedside lamp")
        yield fake


def store_of(home: Path) -> Store:
    return Store.open(f"sqlite:///{home / 'data' / 'ai-automation.db'}")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A database that the service made, and that nobody has open."""
    (tmp_path / "data").mkdir()
    store_of(tmp_path).close()
    return tmp_path / "data" / "ai-automation.db"


def assert_told(told: Told, group: str, check: str, level: str, fact: str, remedy: str) -> None:
    found = told.about(group, check)
    assert (found["level"], fact in found["fact"], remedy in found["remedy"]) == (level, True, True), found
    assert told.code == (1 if any(each["level"] == "failed" for each in told.findings) else 0)
    assert "Traceback" not in told.err


def test_a_fresh_world_is_well(tmp_path: Path) -> None:
    told = doctor(tmp_path)
    assert told.code == 0, told.out
    assert told.json["well"] is True
    assert set(told.json) == {"version", "offline", "deep", "well", "counts", "contacted", "findings"}
    assert told.err == ""


def test_a_token_that_is_not_taken(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN="a-token-of-yesterday")
    assert_told(told, "home assistant", "home assistant", "failed", "does not take the token", "new long-lived access")
    assert told.code == 1


def test_a_home_assistant_that_is_well(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    fake.config["time_zone"] = "Europe/Berlin"
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN=fake.token, TZ="Europe/Berlin")
    assert told.code == 0, told.out
    assert told.about("home assistant", "administrator")["level"] == "ok"
    assert told.about("home assistant", "entities")["fact"].startswith("1 of 1")
    assert told.json["contacted"] == ["HA_URL", "PORT (this machine)"]
    for name in ("grandma", "Grandma", str(fake.config["latitude"])):
        assert name not in told.out


def test_a_token_of_somebody_who_is_no_administrator(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN=fake.guest_token)
    assert_told(told, "home assistant", "administrator", "warning", "no administrator's", "as an administrator")


def test_a_home_assistant_elsewhere_than_it_is_said(tmp_path: Path) -> None:
    port = closed_port()
    told = doctor(tmp_path, HA_URL=f"http://localhost:{port}", HA_TOKEN="some-token-or-other")
    assert_told(
        told, "home assistant", "home assistant", "failed", "nothing listens there", "as seen from this service"
    )


def test_another_zone_than_home_assistants(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    fake.config["time_zone"] = "America/New_York"
    told = doctor(tmp_path, HA_URL=fake.url, HA_TOKEN=fake.token, TZ="Europe/Berlin")
    assert_told(told, "home assistant", "time zone", "warning", "America/New_York", "Set TZ=America/New_York")


def test_a_home_assistant_that_hangs(tmp_path: Path, fake: FakeHomeAssistant) -> None:
    fake.trouble["*"] = Hang()
    told = doctor(tmp_path, "--timeout", "0.5", HA_URL=fake.url, HA_TOKEN=fake.token)
    assert told.about("home assistant", "home assistant")["level"] == "failed"
    assert told.code == 1


def test_settings_that_are_invalid_come_first_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    told = doctor(tmp_path, PORT="99999", TZ="Europe/Berln", QUANTIZATION="int4")
    assert [each["check"] for each in told.findings[:3]] == ["PORT", "QUANTIZATION", "TZ"] or {
        each["check"] for each in told.findings[:3]
    } == {"PORT", "QUANTIZATION", "TZ"}
    assert_told(told, "settings", "PORT", "failed", "99999", "whole number from 1 to 65535")
    assert_told(told, "settings", "TZ", "failed", "Europe/Berln", "Europe/Berlin or")
    assert told.about("software", "python")["level"] == "ok"
    assert told.code == 1


def test_slips_in_names_and_values(tmp_path: Path) -> None:
    told = doctor(
        tmp_path,
        HA_TOKNE="the-token-itself-4711",
        HA_URL='"http://192.168.1.4:8123"',
        MQTT_PORT="1883 ",
        MODEL_DIR="/m",
    )
    assert_told(told, "settings", "HA_TOKNE", "warning", "HA_TOKEN is", "set that instead")
    assert_told(told, "settings", "MODEL_DIR", "warning", "MODELS_DIR is", "set that instead")
    assert_told(told, "settings", "HA_URL", "warning", "quotes around it", "without quotes")
    assert_told(told, "settings", "MQTT_PORT", "warning", "ends with spaces", "Remove them")
    assert "4711" not in told.out


def test_an_env_file_that_is_read_and_one_that_is_not(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MQTT_PORT=1884\nTZ=Europe/Paris\n")
    told = doctor(tmp_path, TZ="Europe/Berlin")
    found = told.about("settings", "env file")
    assert found["level"] == "note"
    assert "goes before it for TZ" in found["fact"]
    (tmp_path / ".env").write_bytes(b"TZ=\xff\xfe\n")
    told = doctor(tmp_path)
    assert_told(told, "settings", "env file", "failed", "cannot be read", "UTF-8")


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A folder of root's that everybody may enter, which those of pytest are not."""
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        (path / "tmp").mkdir()
        (path / "tmp").chmod(0o777)
        yield path


ANOTHER_USER = ("setpriv", "--reuid=10001", "--regid=10001", "--clear-groups")


def test_a_volume_that_is_not_the_users(for_all: Path) -> None:
    for name in ("data", "models"):
        (for_all / name).mkdir(mode=0o755)
    told = doctor(for_all, within=ANOTHER_USER)
    assert_told(told, "storage", "data", "failed", "cannot be written (owned by 0:0", "chown -R 10001:10001")
    assert_told(told, "storage", "models", "failed", "this is user 10001", "MODELS_DIR")


def test_a_database_that_is_damaged(tmp_path: Path, kept: Path) -> None:
    with kept.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)
    before = tree(tmp_path)
    told = doctor(tmp_path)
    damaged = [each for each in told.findings if each["group"] == "database" and each["level"] == "failed"]
    assert damaged
    assert "damaged" in damaged[0]["fact"]
    assert "backup" in damaged[0]["remedy"]
    assert told.code == 1
    assert {name: what for name, what in tree(tmp_path).items() if name != "tmp"} == before | {}


def test_a_database_of_a_later_version(tmp_path: Path, kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    told = doctor(tmp_path)
    assert_told(told, "database", "schema", "failed", "later version (schema 9999", "Upgrade the service")


def test_a_database_of_an_earlier_version_is_not_upgraded(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "ai-automation.db"
    old = Path(__file__).parents[1] / "unit" / "store" / "revision_0001.sql"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(old.read_text("utf-8"))
    before = path.read_bytes()
    told = doctor(tmp_path)
    assert_told(told, "database", "schema", "note", "revision 0001", "copy of it before the upgrade")
    assert path.read_bytes() == before


def test_a_database_of_another_program(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    told = doctor(tmp_path, DATABASE_URL=f"sqlite:///{other}")
    assert_told(told, "database", "schema", "failed", "another program", "database of its own")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ai-automation.db").write_text("shopping list" * 100)
    told = doctor(tmp_path)
    assert_told(told, "database", "database", "failed", "not an SQLite database", "backup")


def test_a_database_that_a_writer_keeps_locked(tmp_path: Path, kept: Path) -> None:
    hold = (
        "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None);"
        " held.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(kept)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        told = doctor(tmp_path)
        assert_told(told, "database", "database", "warning", f"process {holder.pid} keeps it locked", "two services")
        assert holder.stdin is not None
        holder.stdin.close()


def test_a_postgresql_that_is_away(tmp_path: Path) -> None:
    told = doctor(tmp_path, DATABASE_URL=f"postgresql://ha:a-password@localhost:{closed_port()}/home")
    found = told.about("database", "database")
    assert found["level"] == "failed"
    assert "server runs" in found["remedy"]
    assert "a-password" not in told.out
    assert told.code == 1


def test_models_that_are_cut_off(tmp_path: Path) -> None:
    cache = ModelCache(tmp_path / "models")
    with cache.lock(EMBEDDING.name, 1.0):
        staged = cache.stage(EMBEDDING.name)
        (staged / "model.bin").write_bytes(b"weights" * 100)
        seal(staged, {"source": "hub somebody/something@main"})
        cache.publish(staged, EMBEDDING.key("int8"))
    found = doctor(tmp_path).about("models", EMBEDDING.name)
    assert found["level"] == "ok"
    assert "hub somebody/something@main" in found["fact"]
    bin_file = tmp_path / "models" / EMBEDDING.name / EMBEDDING.key("int8") / "model.bin"
    bin_file.write_bytes(b"w-ights" * 100)
    assert doctor(tmp_path).about("models", EMBEDDING.name)["level"] == "ok", "the size alone is looked at"
    assert_told(doctor(tmp_path, "--deep"), "models", EMBEDDING.name, "failed", "sha256", "download-models.py")
    bin_file.write_bytes(b"weights")
    assert_told(doctor(tmp_path), "models", EMBEDDING.name, "failed", "model.bin", "download-models.py")


def test_a_hub_that_is_away_and_models_that_are_missing(tmp_path: Path) -> None:
    hub = f"http://127.0.0.1:{closed_port()}"
    told = doctor(tmp_path, HF_HUB_OFFLINE="0", HF_ENDPOINT=hub)
    assert_told(told, "models", "hub", "failed", "nothing answers there; models are missing", "HF_ENDPOINT")
    assert_told(doctor(tmp_path), "models", EMBEDDING.name, "warning", "HF_HUB_OFFLINE forbids", "HF_HUB_OFFLINE=0")


def test_a_history_that_is_not_there(tmp_path: Path) -> None:
    told = doctor(tmp_path, HISTORY=str(tmp_path / "config" / "home-assistant_v2.db"))
    assert_told(told, "sources", "history", "failed", "there is nothing at", "as seen from the service")


def test_a_history_that_may_not_be_read(for_all: Path) -> None:
    history = for_all / "home.csv"
    history.write_text("timestamp,entity_id,state\n")
    history.chmod(0o600)
    told = doctor(for_all, within=ANOTHER_USER, HISTORY=str(history))
    assert_told(told, "sources", "history", "failed", "may not be read (owned by 0:0, mode 600", "chmod o+r")


def test_a_history_that_is_another_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "home-assistant_v2.db")) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    told = doctor(tmp_path, HISTORY=str(tmp_path / "home-assistant_v2.db"))
    assert_told(told, "sources", "recorder file", "failed", "not Home Assistant's", "home-assistant_v2.db")


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_a_recorder_that_is_away(tmp_path: Path, scheme: str) -> None:
    told = doctor(tmp_path, RECORDER_URL=f"{scheme}://ha:a-password@127.0.0.1:{closed_port()}/homeassistant")
    found = [each for each in told.findings if each["group"] == "sources" and each["level"] == "failed"]
    assert len(found) == 1
    assert "cannot be reached" in found[0]["fact"]
    assert "host and port of RECORDER_URL" in found[0]["remedy"]
    assert "a-password" not in told.out


def test_an_influxdb_that_is_away(tmp_path: Path) -> None:
    told = doctor(tmp_path, INFLUXDB_URL=f"http://127.0.0.1:{closed_port()}")
    assert_told(told, "sources", "influxdb", "failed", "does not answer", "INFLUXDB_URL is right")


def test_a_broker_that_is_away(tmp_path: Path) -> None:
    told = doctor(tmp_path, MQTT_HOST="127.0.0.1", MQTT_PORT=str(closed_port()))
    assert_told(told, "mqtt", "mqtt", "failed", "nothing listens there", "MQTT_HOST and MQTT_PORT")


def test_runs_that_fail(tmp_path: Path, kept: Path) -> None:
    store = store_of(tmp_path)
    now = 1_760_000_000_000_000
    for day in range(3):
        run = store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=now + day)
        error = {"code": "home_assistant_refused", "message": "light.grandmas_lamp", "remedy": ""}
        store.runs.fail(run.id, error, now=now + day)
    store.close()
    told = doctor(tmp_path)
    assert_told(
        told, "runs", "runs", "failed", "the last 3 failed, the newest with home_assistant_refused", "Home Assistant"
    )
    assert "grandma" not in told.out


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with Loopback() as other:
        told = doctor(tmp_path, PORT=other.host.partition(":")[2])
    assert_told(told, "service", "service", "failed", "another program answers", "PORT")


def test_a_service_of_another_version(tmp_path: Path) -> None:
    def answer(method: str, path: str, headers: dict[str, str]) -> Answer:
        told = {"status": "ok" if path == "/health" else "ready", "version": "9.9.9"}
        return 200, {}, json.dumps(told).encode()

    with Loopback(answer) as other:
        told = doctor(tmp_path, PORT=other.host.partition(":")[2])
    assert_told(told, "service", "service", "warning", "9.9.9", "Restart the service")


def test_a_service_that_does_not_run(tmp_path: Path) -> None:
    told = doctor(tmp_path, PORT=str(closed_port()))
    assert_told(told, "service", "service", "warning", "does not run", "docker exec")


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
