"""What the doctor says is pasted where everybody reads: no secret in it, wherever it was put and whoever repeats it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.doctor_process import Told, doctor, environment
from tests.fake_home_assistant import FakeHomeAssistant, Say
from tests.integration.loopback import Loopback, closed_port
from tests.integration.test_secrets import SECRETS, echo, found_in, postgresql_url

pytestmark = pytest.mark.heavy

HOME = "anna-and-ben.example.org"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str], FakeHomeAssistant]]:
    """Each secret in its setting, and servers that repeat what they are shown."""
    home = tmp_path_factory.mktemp("doctor")
    (home / "token.txt").write_text(SECRETS["TOKEN_IN_A_FILE"] + "\n")
    with FakeHomeAssistant() as fake, Loopback(echo) as server:
        fake.token = SECRETS["HA_TOKEN"]
        settings = {
            "HA_URL": fake.url,
            "HA_TOKEN": SECRETS["HA_TOKEN"],
            "SUPERVISOR_TOKEN": SECRETS["SUPERVISOR_TOKEN"],
            "RECORDER_URL": postgresql_url("RECORDER_PASSWORD"),
            "DATABASE_URL": postgresql_url("DATABASE_PASSWORD"),
            "INFLUXDB_URL": server.url,
            "INFLUXDB_ORG": "home",
            "INFLUXDB_TOKEN": SECRETS["INFLUXDB_TOKEN"],
            "MQTT_HOST": "127.0.0.1",
            "MQTT_PORT": str(closed_port()),
            "MQTT_USERNAME": "ha",
            "MQTT_PASSWORD": SECRETS["MQTT_PASSWORD"],
            "HF_HUB_OFFLINE": "0",
            "HF_ENDPOINT": server.url,
            "HF_TOKEN": SECRETS["HF_TOKEN"],
            "LOG_LEVEL": "DEBUG",
        }
        yield home, environment(home, **settings), fake


def assert_silent(told: Told) -> None:
    assert told.findings
    said = (told.out + told.err).encode()
    assert found_in(said) == []
    assert found_in(said.decode("unicode_escape", "replace").encode()) == []


def test_secrets_in_their_settings(world: tuple[Path, dict[str, str], FakeHomeAssistant]) -> None:
    home, settings, fake = world
    for trouble in (None, "refused", "echoed"):
        fake.trouble.clear()
        fake.token = "another" if trouble == "refused" else SECRETS["HA_TOKEN"]
        if trouble == "echoed":
            fake.trouble["*"] = Say(f'{{"message": "Bearer {SECRETS["HA_TOKEN"]} is wrong"}}', 400)
        told = doctor(home, world=settings)
        fake.token = SECRETS["HA_TOKEN"]
        assert told.code == 1
        assert_silent(told)
    fake.trouble.clear()
    shown = told.about("settings", "changed")["fact"]
    assert f"HA_TOKEN=set ({len(SECRETS['HA_TOKEN'])} characters)" in shown


def test_the_other_way_in_to_each(world: tuple[Path, dict[str, str], FakeHomeAssistant]) -> None:
    home, settings, _ = world
    of_version_1 = {"INFLUXDB_ORG": "", "INFLUXDB_TOKEN": "", "INFLUXDB_USERNAME": "ha"}
    of_a_file = {"HA_TOKEN": "", "HA_TOKEN_FILE": str(home / "token.txt")}
    changed = settings | of_version_1 | of_a_file | {"INFLUXDB_PASSWORD": SECRETS["INFLUXDB_PASSWORD"]}
    assert_silent(doctor(home, world=changed))


# Settings that take anything, and where people put what belongs elsewhere.
WRONG = {
    "HA_URL": "HA_TOKEN",
    "PORT": "HA_TOKEN",
    "TZ": "HA_TOKEN",
    "LATITUDE": "HF_TOKEN",
    "LONGITUDE": "HF_TOKEN",
    "QUANTIZATION": "SUPERVISOR_TOKEN",
    "HISTORY": "INFLUXDB_TOKEN",
    "HISTORY_ENTITIES": "RECORDER_PASSWORD",
    "INCLUDE": "HA_TOKEN",
    "EXCLUDE_USERS": "MQTT_PASSWORD",
    "ANALYSIS_SCHEDULE": "INFLUXDB_PASSWORD",
    "CATEGORIES": "DATABASE_PASSWORD",
    "MQTT_HOST": "MQTT_PASSWORD",
    "MQTT_USERNAME": "MQTT_PASSWORD",
    "MQTT_DISCOVERY_PREFIX": "MQTT_PASSWORD",
    "HA_TOKEN_FILE": "TOKEN_IN_A_FILE",
    "MODEL_CATALOG": "TOKEN_IN_A_FILE",
    "INFLUXDB_ORG": "INFLUXDB_TOKEN",
    "INFLUXDB_DATABASE": "INFLUXDB_PASSWORD",
    "EMBEDDING_DEPLOYMENT": "SUPERVISOR_TOKEN",
    "LOG_LEVEL": "HF_TOKEN",
    "ALLOWED_HOSTS": "HA_TOKEN",
    "DATA_DIR": "HA_TOKEN",
    "HOST": "SUPERVISOR_TOKEN",
    "HF_ENDPOINT": "HF_TOKEN",
}


@pytest.mark.parametrize("part", range(3))
def test_secrets_in_the_wrong_place(
    world: tuple[Path, dict[str, str], FakeHomeAssistant], tmp_path: Path, part: int
) -> None:
    """Nowhere else, so that nothing tells what they are but how they look."""
    pasted = {name: SECRETS[secret] for name, secret in list(WRONG.items())[part::3]}
    assert_silent(doctor(tmp_path, "--timeout", "3", world=environment(tmp_path, **pasted)))


def test_secrets_in_addresses(world: tuple[Path, dict[str, str], FakeHomeAssistant], tmp_path: Path) -> None:
    def pasted(secret: str, host: str = "127.0.0.1:1") -> str:
        return f"http://ha:{quote(SECRETS[secret], safe='')}@{host}/{SECRETS[secret]}?x={SECRETS[secret]}"

    addresses = {
        "HA_URL": pasted("HA_TOKEN"),
        "HA_TOKEN": "x",
        "INFLUXDB_URL": pasted("INFLUXDB_TOKEN"),
        "HF_ENDPOINT": pasted("HF_TOKEN"),
        "HISTORY": pasted("RECORDER_PASSWORD"),
        "MQTT_HOST": pasted("MQTT_PASSWORD"),
        "DATABASE_URL": f"postgresql://ha:{SECRETS['DATABASE_PASSWORD']}@127.0.0.1:1/ha",
        "HF_HUB_OFFLINE": "0",
    }
    assert_silent(doctor(tmp_path, "--timeout", "3", world=environment(tmp_path, **addresses)))
    raw = dict.fromkeys(("RECORDER_URL", "DATABASE_URL"), f"mysql://ha:{SECRETS['RECORDER_PASSWORD']}@127.0.0.1:1/ha")
    assert_silent(doctor(tmp_path, "--timeout", "3", world=environment(tmp_path, **raw)))


def test_a_misspelt_name_keeps_its_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"HA_TOKNE={SECRETS['HA_TOKEN']}\nMQTT_PASWORD='{SECRETS['MQTT_PASSWORD']}'\n")
    told = doctor(tmp_path, "--offline", INFLUX_TOKEN=SECRETS["INFLUXDB_TOKEN"])
    assert told.about("settings", "HA_TOKNE")["level"] == "warning"
    assert told.about("settings", "MQTT_PASWORD")["level"] == "warning"
    assert_silent(told)


def test_whose_home_it_is_is_not_told(tmp_path: Path) -> None:
    told = doctor(
        tmp_path,
        "--timeout",
        "1",
        HA_URL=f"https://{HOME}:8123",
        HA_TOKEN="x" * 30,
        MQTT_HOST=HOME,
        ALLOWED_HOSTS=HOME,
        INFLUXDB_URL=f"http://{HOME}:8086",
        RECORDER_URL=f"mysql://anna:secret-word@{HOME}/ha",
        LATITUDE="52.5219",
        LONGITUDE="13.4132",
        INCLUDE="light.annas_room,area:Annas Zimmer",
        EXCLUDE_USERS="Anna",
    )
    for name in (HOME, "example.org", "52.52", "13.41", "anna", "Anna", "Zimmer"):
        assert name not in told.out, name
    assert "https://…(public name):8123 (public)" in told.about("settings", "changed")["fact"]
