"""Settings say at once, and by name, what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import InvalidSetting, UnknownTimeZone
from src.jobs.nights import Schedule
from src.settings import Settings, environment_of_children, load_settings
from src.store import Store


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 0),
        ("retention_days", 1),
        ("quantization", "int4"),
        ("log_level", "LOUD"),
        ("analysis_schedule", "at three"),
        ("analysis_schedule", "61 3 * * *"),
        ("analysis_schedule", ""),
        ("analysis_schedule", "0 3 * * 8"),
        ("model_download_timeout", -1),
    ],
)
def test_a_wrong_value_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting) as caught:
        load_settings(**{name: value})
    assert caught.value.about == name.upper()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("HUB_PROBE_TIMEOUT", "-1", "cannot be -1. It takes a number greater than 0."),
        ("MODEL_DOWNLOAD_TIMEOUT", "soon", "cannot be 'soon'. It takes a number greater than 0."),
        ("MODEL_IDLE_UNLOAD", "-1.5", "cannot be -1.5. It takes a number of at least -1."),
        ("PORT", "99999", "cannot be 99999. It takes a whole number from 1 to 65535."),
        ("PORT", "80.5", "cannot be 80.5. It takes a whole number from 1 to 65535."),
        ("INFERENCE_THREADS", "two", "cannot be 'two'. It takes a whole number of at least 0."),
        ("HF_HUB_OFFLINE", "perhaps", "cannot be 'perhaps'. It takes true or false."),
        ("QUANTIZATION", "int4", "cannot be 'int4'. It takes fp32, fp16, int8_weights or int8."),
        ("LOG_LEVEL", "loud", "cannot be 'LOUD'. It takes DEBUG, INFO, WARNING or ERROR."),
        (
            "EMBEDDING_DEPLOYMENT",
            "most",
            "cannot be 'most'. It takes minimal, balanced, full, complete or nothing.",
        ),
        (
            "CATEGORIES",
            "energy",
            "cannot be 'energy'. It takes 2 to 12 labels, separated by commas; these are 1.",
        ),
        (
            "ANALYSIS_SCHEDULE",
            "0 3 * * 8",
            "cannot be '0 3 * * 8'. It takes a cron expression of five fields, such as 0 3 * * * ('8' is no weekday).",
        ),
    ],
    ids=lambda text: text.split(".")[0] if " " in text else text,
)
def test_a_wrong_value_is_told_in_sentences(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    assert str(caught.value) == f"{variable} {sentence}"


def test_every_setting_can_say_what_it_takes() -> None:
    class NoValue:
        """Nothing that any setting takes."""

    for name in Settings.model_fields:
        with pytest.raises(InvalidSetting) as caught:
            load_settings(**{name: NoValue()})
        assert caught.value.about == name.upper()
        assert "None" not in caught.value.remedy


BOTH_OR_NEITHER = "It takes degrees east from -180 to 180 if LATITUDE is set, and nothing if it is not."


@pytest.mark.parametrize(
    ("latitude", "longitude", "sentence"),
    [
        ("91", "13.4", "LATITUDE cannot be 91. It takes a number from -90 to 90."),
        ("52.5", "181", "LONGITUDE cannot be 181. It takes a number from -180 to 180."),
        ("north", "13.4", "LATITUDE cannot be 'north'. It takes a number from -90 to 90."),
        ("nan", "13.4", "LATITUDE cannot be nan. It takes a number from -90 to 90."),
        (
            "52.5",
            "",
            f"LONGITUDE cannot be empty. {BOTH_OR_NEITHER}",
        ),
        (
            "",
            "13.4",
            f"LONGITUDE cannot be 13.4. {BOTH_OR_NEITHER}",
        ),
    ],
)
def test_a_place_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, latitude: str, longitude: str, sentence: str
) -> None:
    monkeypatch.setenv("LATITUDE", latitude)
    monkeypatch.setenv("LONGITUDE", longitude)
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    assert str(caught.value) == sentence


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's environment file often names a setting and leaves it empty."""
    for name in ("PORT", "HA_LIVE", "CATEGORIES", "MODELS_DIR", "QUANTIZATION"):
        monkeypatch.setenv(name, "")
    assert load_settings() == Settings(_env_file=None)


def test_half_a_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATITUDE", "52.5")
    with pytest.raises(InvalidSetting, match="LONGITUDE"):
        load_settings()


@pytest.mark.parametrize(
    ("latitude", "longitude", "position"), [("-33.87", "151.21", (-33.87, 151.21)), ("", "", None), ("0", "0", (0, 0))]
)
def test_the_place_of_the_home_is_both_or_nothing(
    monkeypatch: pytest.MonkeyPatch, latitude: str, longitude: str, position: tuple[float, float] | None
) -> None:
    monkeypatch.setenv("LATITUDE", latitude)
    monkeypatch.setenv("LONGITUDE", longitude)
    assert load_settings().position == position


def test_an_unknown_zone_is_told() -> None:
    with pytest.raises(UnknownTimeZone):
        load_settings(tz="Mars/Olympus")


def test_sunday_may_be_seven() -> None:
    """As in cron, and unlike in APScheduler."""
    schedule = load_settings(analysis_schedule="0 3 * * 7").analysis_schedule
    night = Schedule(schedule, "UTC").next(1_771_650_000_000_000)  # Saturday, 21 February 2026
    assert night is not None
    assert night.date == "2026-02-22"


@pytest.mark.parametrize("folder", ["100%41", "what?", "a b", "é#1"])
def test_the_default_database_lies_in_the_data_folder_whatever_its_name(tmp_path: Path, folder: str) -> None:
    data = tmp_path / folder
    Store.open(load_settings(data_dir=data).store_url).close()
    assert (data / "ai-automation.db").is_file()


@pytest.mark.parametrize("name", ["HF_TOKEN", "INFLUXDB_TOKEN"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "secret-token\r\nX: y")
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name} cannot be 'what is set'.")
    assert "secret-token" not in str(caught.value)
    monkeypatch.setenv(name, " secret-token\n")
    assert "secret-token" in load_settings().secrets


def test_no_password_is_shown_and_every_one_is_known() -> None:
    settings = load_settings(
        ha_token="home-token",
        mqtt_password="mqtt password",
        recorder_url="mysql://ha:p%40ss%2Fword@db/ha",
        database_url="postgresql://svc:database-word@db/svc",
    )
    assert settings.secrets == {"home-token", "mqtt password", "p%40ss%2Fword", "p@ss/word", "database-word"}
    assert not [secret for secret in settings.secrets if secret in repr(settings)]


def test_a_child_is_given_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HA_TOKEN", "supervisor_token", "RECORDER_URL", "MQTT_PASSWORD", "HF_TOKEN", "DATABASE_URL"):
        monkeypatch.setenv(name, "a secret of this home")
    monkeypatch.setenv("HF_HOME", "/cache")
    given = environment_of_children()
    assert "a secret of this home" not in given.values()
    assert given["HF_HOME"] == "/cache"
    assert "PATH" in given


def test_the_value_of_each_header_for_a_collector_is_a_secret() -> None:
    settings = load_settings(otel_exporter_otlp_headers="authorization=Basic%20c2VjcmV0, x-key = tokened")
    assert {"Basic%20c2VjcmV0", "Basic c2VjcmV0", "tokened"} <= settings.secrets
