"""Every setting in one table: name, type, default, one line of help.

Read once from the environment (and a ``.env`` file beside the process); unchangeable afterwards.
``docs/settings.md`` repeats the table for people, and a test fails when the two differ.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args, get_origin
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from src.domain.cron import wall_trigger
from src.domain.labels import CATEGORIES, PRIORITIES, Labels, parse_labels
from src.domain.local_time import zone
from src.domain.position import Position, position_of
from src.domain.selection import Selection
from src.errors import InvalidSetting

# What HISTORY may name besides a path; the settings of each say where it is.
HISTORY_WORDS = ("home_assistant", "recorder", "influxdb")


class Settings(BaseSettings):
    """The service's settings. Field names are the environment's names in lower case.

    Those with ``repr=False`` are a password or a token, or an address that may hold one.
    """

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8018, ge=1, le=65535, description="Port the API listens on.")
    allowed_hosts: str = Field(
        "", description="Further domain names to answer to, by comma; addresses and local names always are."
    )
    data_dir: Path = Field(Path("data"), description="Folder of the default database.")
    database_url: str = Field(
        "", repr=False, description="SQLAlchemy URL of the store (SQLite or PostgreSQL); empty: SQLite in DATA_DIR."
    )
    models_dir: Path = Field(Path("models"), description="Folder the verified models are cached in.")
    history: str = Field(
        "",
        description="What the nightly run imports first: a file's path, `home_assistant`, `recorder` or `influxdb`;"
        " empty: whichever of these is set, else only what was imported.",
    )
    history_entities: str = Field("", description="CSV of entity metadata that goes with HISTORY.")
    ha_url: str = Field("", description="Home Assistant's address, as http://homeassistant.local:8123.")
    ha_token: str = Field("", repr=False, description="Long-lived access token of an administrator.")
    ha_token_file: str = Field("", description="File that holds the token, instead of HA_TOKEN.")
    supervisor_token: str = Field("", repr=False, description="Set by Home Assistant inside an add-on.")
    ha_timeout: float = Field(30.0, gt=0, description="Seconds Home Assistant has to answer a question.")
    ha_live: bool = Field(True, description="Listen to Home Assistant as things happen, where it is set.")
    ha_notify: bool = Field(False, description="Tell Home Assistant's people of a run that found something new.")
    recorder_url: str = Field(
        "", repr=False, description="SQLAlchemy URL of a recorder database in MariaDB or PostgreSQL, to be read only."
    )
    influxdb_url: str = Field("", repr=False, description="Address of an InfluxDB that Home Assistant writes to.")
    influxdb_database: str = Field("home_assistant", description="Database of InfluxDB 1, or bucket of InfluxDB 2.")
    influxdb_org: str = Field("", description="Organisation of InfluxDB 2; empty: InfluxDB 1.")
    influxdb_token: str = Field("", repr=False, description="Token of InfluxDB 2.")
    influxdb_username: str = Field("", description="User of InfluxDB 1, if it asks for one.")
    influxdb_password: str = Field("", repr=False, description="Password of that user.")
    include: str = Field(
        "",
        description="Only these are learned from, by comma: `light.*`, `domain:light`, `area:Kitchen`, `label:routine`;"
        " empty: all.",
    )
    exclude: str = Field("", description="These are not learned from; the same forms as INCLUDE.")
    include_users: str = Field(
        "", description="Names or ids of the only users whose acts are learned from, by comma; empty: all."
    )
    exclude_users: str = Field(
        "", description="Names or ids of users that are programs (Node-RED, a voice assistant), by comma."
    )
    mqtt_host: str = Field("", description="MQTT broker that status sensors are announced to; empty: none.")
    mqtt_port: int = Field(1883, ge=1, le=65535, description="Port of the broker.")
    mqtt_username: str = Field("", description="User of the broker, if it asks for one.")
    mqtt_password: str = Field("", repr=False, description="Password of that user.")
    mqtt_discovery_prefix: str = Field("homeassistant", description="Where Home Assistant looks for announcements.")
    analysis_schedule: str = Field("0 3 * * *", description="Cron expression of the nightly run, in the home's zone.")
    tz: str = Field("", description="IANA time zone of the home; empty: the history's own, else UTC.")
    latitude: float | None = Field(
        None, ge=-90, le=90, description="Degrees north of the home; empty: what Home Assistant's history says."
    )
    longitude: float | None = Field(
        None,
        ge=-180,
        le=180,
        validate_default=True,
        description="Degrees east of the home; both or none, for routines that follow the sun.",
    )
    retention_days: int = Field(
        400, ge=14, le=3660, description="Days of events that a run mines, counted from the newest."
    )
    quantization: Literal["fp32", "fp16", "int8_weights", "int8"] = Field(
        "int8", description="Precision of the models; `int8_weights` leaves what flows between the weights exact."
    )
    embedding_deployment: str = Field(
        "", description="Larger embedding models to have as well: minimal, balanced, full or complete; empty: none."
    )
    model_catalog: str = Field(
        "", description="TOML file with models of your own; empty: catalog.toml in MODELS_DIR, if there is one."
    )
    model_download_timeout: float = Field(
        600.0, gt=0, description="Seconds that fetching one model may take, retries included."
    )
    model_download_retries: int = Field(
        3, ge=0, le=20, description="Tries after a failed one, for each file of a model and in a row."
    )
    model_convert_memory: int = Field(
        1500, ge=200, description="Megabytes that converting a model may hold, in a process of its own."
    )
    model_convert_python: str = Field(
        "", description="Interpreter that converts models, where another than the service's has what that needs."
    )
    hub_probe_timeout: float = Field(3.0, gt=0, description="Seconds the hub has to answer before the next source.")
    hf_endpoint: str = Field("https://huggingface.co", repr=False, description="The models' hub, or a mirror of it.")
    hf_token: str = Field("", repr=False, description="Token for the hub; the default models need none.")
    hf_hub_offline: bool = Field(False, description="Never ask the hub for anything.")
    inference_threads: int = Field(0, ge=0, description="Threads for inference; 0: what the container may use.")
    model_queue: int = Field(
        4096, ge=1, description="Texts that may wait for a model; beyond it answers that it is busy."
    )
    model_idle_unload: float = Field(
        -1.0,
        ge=-1,
        description="Seconds without use until a model is unloaded; 0: never; -1: 600 with less than 4 GB, else never.",
    )
    categories: str = Field(",".join(CATEGORIES), description="What a routine may be about: 2 to 12 labels, by comma.")
    priorities: str = Field(
        ",".join(PRIORITIES), description="How much a routine may matter, most first: 2 to 12 labels, by comma."
    )
    metrics: bool = Field(True, description="Serve Prometheus' metrics at /metrics.")
    otel_exporter_otlp_endpoint: str = Field(
        "",
        repr=False,
        description="Address of an OpenTelemetry collector (OTLP over HTTP) that traces go to; empty: none are made.",
    )
    otel_exporter_otlp_headers: str = Field(
        "", repr=False, description="Headers for it, as `name=value`, by comma; values are percent-encoded."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        # POSIX lets TZ name a file, as in ":/etc/localtime"; the zone is where its link leads.
        name = value.removeprefix(":")
        if name.startswith("/"):
            name = str(Path(name).resolve()).partition("/zoneinfo/")[2]
        if name:
            zone(name)
        return name

    @field_validator("latitude", "longitude", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("longitude")
    @classmethod
    def _both_or_none(cls, value: float | None, info: ValidationInfo) -> float | None:
        if "latitude" in info.data and (info.data["latitude"] is None) != (value is None):
            raise ValueError("degrees east from -180 to 180 if LATITUDE is set, and nothing if it is not")
        return value

    @field_validator("embedding_deployment")
    @classmethod
    def _known_deployment(cls, value: str) -> str:
        if value not in ("", "minimal", "balanced", "full", "complete"):
            raise ValueError("minimal, balanced, full, complete or nothing")
        return value

    @field_validator("categories", "priorities")
    @classmethod
    def _plain_labels(cls, value: str) -> str:
        return ",".join(parse_labels(value))

    @field_validator("include", "exclude")
    @classmethod
    def _known_rules(cls, value: str, info: ValidationInfo) -> str:
        if info.field_name == "include":
            Selection.parse(value, "")
        else:
            Selection.parse("", value)
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("analysis_schedule")
    @classmethod
    def _valid_cron(cls, value: str) -> str:
        wall_trigger(value)
        return value

    @field_validator("influxdb_token", "hf_token")
    @classmethod
    def _plain_token(cls, value: str) -> str:
        # A header cannot carry others, and what refuses them quotes them.
        token = value.strip()
        if not token.isascii() or any(letter.isspace() or not letter.isprintable() for letter in token):
            raise ValueError("a token as it was given out, without spaces or line ends in it")
        return token

    @property
    def secrets(self) -> frozenset[str]:
        """Every password and token of the settings; of an address, the password in it."""
        hidden = [str(getattr(self, name)).strip() for name in hidden_settings()]
        headers = [pair.partition("=")[2].strip() for pair in self.otel_exporter_otlp_headers.split(",")]
        hidden += [*headers, *map(unquote, headers)]
        return frozenset(part for value in hidden for part in _secret_parts(value) if part)

    @property
    def labels(self) -> Labels:
        """``categories`` and ``priorities``."""
        return Labels(parse_labels(self.categories), parse_labels(self.priorities))

    @property
    def selection(self) -> Selection:
        """``include`` and ``exclude``."""
        return Selection.parse(self.include, self.exclude)

    @property
    def position(self) -> Position | None:
        """``latitude`` and ``longitude``."""
        return position_of(self.latitude, self.longitude)

    @property
    def store_url(self) -> str:
        """``database_url``, or the SQLite file in ``data_dir``."""
        # SQLAlchemy decodes what stands in a URL, so a folder's own "%" and "?" must be written for it.
        return self.database_url or f"sqlite:///{quote(str((self.data_dir / 'ai-automation.db').absolute()))}"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with overrides by field name (tests, the CLI's options).

    Raises:
        InvalidSetting: names the first setting that is out of range.
        UnknownTimeZone: TZ is no zone.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # values are checked by pydantic
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        wanted = str(first["ctx"]["error"]) if first["type"] == "value_error" else _wanted(name)
        given = "what is set" if name in hidden_settings() else _as_number(name, first["input"])
        raise InvalidSetting(name.upper(), given, wanted) from None


def environment_of_children() -> dict[str, str]:
    """The environment for programs that this one starts: without passwords and tokens, which a list of processes shows.

    What a child needs of them it is told over its standard input.
    """
    hidden = {name.upper() for name in hidden_settings()}
    return {name: value for name, value in os.environ.items() if name.upper() not in hidden}


def hidden_settings() -> list[str]:
    """Names of the settings that are not to be shown: passwords, tokens, and addresses that may hold one."""
    return [name for name, field in Settings.model_fields.items() if not field.repr]


def _secret_parts(value: str) -> tuple[str, ...]:
    if "://" not in value:
        return (value,)
    try:
        password = urlsplit(value).password or ""
    except ValueError:
        return (value,)
    return (password, unquote(password))


def _wanted(name: str) -> str:
    """What a setting takes, in words that end a sentence, from its type and its bounds."""
    field = Settings.model_fields[name]
    if get_origin(field.annotation) is Literal:
        *most, last = get_args(field.annotation)
        return f"{', '.join(most)} or {last}"
    if field.annotation is bool:
        return "true or false"
    kind = _number_type(name)
    if kind is None:
        return "a path" if field.annotation is Path else "text"
    noun = "a whole number" if kind is int else "a number"
    low, high, above = (
        next((getattr(rule, bound) for rule in field.metadata if hasattr(rule, bound)), None)
        for bound in ("ge", "le", "gt")
    )
    if above is not None:
        return f"{noun} greater than {above}"
    return f"{noun} of at least {low}" if high is None else f"{noun} from {low} to {high}"


def _number_type(name: str) -> type[int] | type[float] | None:
    """What sort of number a setting is, if it is one; some may be empty."""
    annotation = Settings.model_fields[name].annotation
    sorts = (annotation, *get_args(annotation))
    return int if int in sorts else float if float in sorts else None


def _as_number(name: str, value: object) -> object:
    """What the environment says of a number, which is text, as that number if it is one."""
    if isinstance(value, str) and _number_type(name) is not None:
        with suppress(ValueError):
            return int(value)
        with suppress(ValueError):
            return float(value)
    return value


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings, read once."""
    return load_settings()
