"""The real ``doctor`` where settings, folders, models or the service are broken: a finding and a remedy for each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.models.catalog.model_catalog import EMBEDDING
from src.models.prepare.cache import ModelCache, seal
from tests.doctor_process import ANOTHER_USER, assert_told, doctor
from tests.integration.loopback import Answer, Loopback, closed_port

pytestmark = pytest.mark.heavy


def test_settings_that_are_invalid_come_first_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    told = doctor(tmp_path, PORT="99999", TZ="Europe/Berln", QUANTIZATION="int4")
    assert {each["check"] for each in told.findings[:3]} == {"PORT", "QUANTIZATION", "TZ"}
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


def test_a_volume_that_is_not_the_users(for_all: Path) -> None:
    for name in ("data", "models"):
        (for_all / name).mkdir(mode=0o755)
    told = doctor(for_all, within=ANOTHER_USER)
    assert_told(told, "storage", "data", "failed", "cannot be written (owned by 0:0", "chown -R 10001:10001")
    assert_told(told, "storage", "models", "failed", "this is user 10001", "MODELS_DIR")


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
    assert_told(told, "models", "hub", "warning", "nothing answers there; without reranker: similarity", "HF_ENDPOINT")
    assert told.code == 0
    assert_told(doctor(tmp_path), "models", "reranker", "warning", "HF_HUB_OFFLINE forbids", "HF_HUB_OFFLINE=0")


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
