"""What was given by hand, and what the settings make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.doctor.given import Given, read_given, settle


def test_names_that_look_like_slips() -> None:
    names = ["HA_TOKNE", "MODEL_DIR", "DATABASE_URI", "HASS_TOKEN", "MQTT_PASWORD"]
    meant = ["HA_TOKEN", "MODELS_DIR", "DATABASE_URL", "HA_TOKEN", "MQTT_PASSWORD"]
    assert Given(dict.fromkeys(names, "x"), {}).suspects == dict(zip(names, meant, strict=True))


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "HOSTNAME", "HISTFILE", "HISTSIZE", "HF_HUB_CACHE", "HF_HOME", "LANG", "OTEL_SERVICE_NAME",
     "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "HASSIO_TOKEN", "LOGNAME", "GPG_KEY", "PYTHON_VERSION", "HA_URL", "TZ"],
)  # fmt: skip
def test_names_that_do_not(name: str) -> None:
    assert Given({name: "x"}, {}).suspects == {}


def test_the_secret_under_a_wrong_name_is_one() -> None:
    assert Given({"HA_TOKNE": "letmein"}, {"INFLUXDB_TOKEN": "too"}).secrets == {"letmein", "too"}


def test_every_invalid_setting_is_told_and_has_its_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "PORT": "x",
        "TZ": "Mars/North",
        "INCLUDE": "area:",
        "LATITUDE": "52",
        "QUANTIZATION": "int4",
        "HOST": "::1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings, errors = settle(read_given(tmp_path))
    assert {error.about for error in errors} >= {"PORT", "Mars/North", "INCLUDE", "QUANTIZATION"}
    assert (settings.port, settings.tz, settings.host, settings.latitude) == (8018, "", "::1", None)


def test_an_env_file(tmp_path: Path) -> None:
    assert read_given(tmp_path).file_exists is False
    (tmp_path / ".env").write_text("ha_token='a b'\n# word\nPORT=1\n")
    assert read_given(tmp_path).file == {"HA_TOKEN": "a b", "PORT": "1"}
    (tmp_path / ".env").write_bytes(b"PORT=\xff\n")
    given = read_given(tmp_path)
    assert given.unreadable
    assert settle(given)[0].port == 8018
