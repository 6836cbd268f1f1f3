"""What the Supervisor reads of the add-on: valid by its rules, and in step with the settings."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml

from src import __version__
from src.addon import DECIDED, PORT, WANTS_MQTT
from src.settings import Settings, load_settings

REPO = Path(__file__).resolve().parents[3]
FOLDER = REPO / "infra" / "home-assistant-addon"
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / "config.yaml").read_text("utf-8"))
PAGE = (REPO / "docs" / "home-assistant-addon.md").read_text("utf-8")
LANGUAGES = ("en", "de")

# What each key takes, from supervisor/addons/validate.py of https://github.com/home-assistant/supervisor. A key that
# is not known there is dropped without a word, so it would be a mistake here.
_TYPE = re.compile(
    r"(?:bool|email|url|port"
    r"|(?:str|password|int|float)(?:\((?:[\d.]+)?,(?:[\d.]+)?\))?"
    r"|match\(.*\)|list\(.+\))\??"
)


def _one_of(*values: object) -> Any:
    return lambda value: value in values


def _text(pattern: str = r"(?s).+") -> Any:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _all(rule: Any) -> Any:
    return lambda value: isinstance(value, list) and value and all(rule(each) for each in value)


def _folder(value: object) -> bool:
    folders = {
        "data", "homeassistant_config", "addon_config", "all_addon_configs", "ssl", "addons", "backup", "share",
        "media",
    }  # fmt: skip
    if not isinstance(value, dict) or value.get("type") not in folders or value.keys() - {"type", "read_only", "path"}:
        return False
    return isinstance(value.get("read_only", True), bool)


REQUIRED = {"name", "version", "slug", "description", "arch"}
RULES: dict[str, Any] = {
    "name": _text(),
    "version": _text(r"\d+\.\d+\.\d+"),
    "slug": _text(r"[-_.A-Za-z0-9]+"),
    "description": _text(),
    "arch": _all(_one_of("armhf", "armv7", "aarch64", "amd64", "i386")),
    "image": _text(r"([a-zA-Z\-.:\d{}]+/)*?([\-\w{}]+)/([\-\w{}]+)"),
    "url": _text(r"https?://.+"),
    "stage": _one_of("stable", "experimental", "deprecated"),
    "startup": _one_of("initialize", "system", "services", "application", "once"),
    "boot": _one_of("auto", "manual", "manual_only"),
    "homeassistant": _text(r"\d{4}\.\d+\.\d+"),
    "init": _one_of(True, False),
    "timeout": lambda value: isinstance(value, int) and 10 <= value <= 300,
    "ingress": _one_of(True, False),
    "ingress_port": lambda value: isinstance(value, int) and 0 <= value <= 65535,
    "ingress_stream": _one_of(True, False),
    "panel_icon": _text(r"mdi:[a-z-]+"),
    "panel_title": _text(),
    "panel_admin": _one_of(True, False),
    "watchdog": _text(r"(?:https?|tcp)://\[HOST\]:(\[PORT:\d+\]|\d+).*"),
    "homeassistant_api": _one_of(True, False),
    "services": _all(_text(r"(mqtt|mysql):(provide|want|need)")),
    "map": _all(_folder),
    "backup": _one_of("hot", "cold"),
    "backup_exclude": _all(_text()),
    "options": lambda value: isinstance(value, dict),
    "schema": lambda value: isinstance(value, dict) and all(_TYPE.fullmatch(each) for each in value.values()),
}


def test_the_supervisor_takes_the_configuration() -> None:
    assert CONFIG.keys() >= REQUIRED
    assert CONFIG.keys() <= RULES.keys(), "the Supervisor would drop these"
    assert [key for key, value in CONFIG.items() if not RULES[key](value)] == []


def test_the_supervisor_finds_the_repository_and_in_it_one_add_on() -> None:
    """It takes every ``config`` at any depth for an add-on's, but in hidden folders and in those called rootfs."""
    about = yaml.safe_load((REPO / "repository.yaml").read_text("utf-8"))
    assert about["name"]
    assert about.keys() <= {"name", "url", "maintainer"}
    found = [
        path.relative_to(REPO).as_posix()
        for path in REPO.glob("**/config.*")
        if path.suffix in (".yaml", ".yml", ".json")
        and not any(part.startswith(".") or part in ("rootfs", "build") for part in path.relative_to(REPO).parts)
    ]
    assert found == ["infra/home-assistant-addon/config.yaml"]


def test_the_version_is_the_services() -> None:
    assert CONFIG["version"] == __version__


def test_no_door_but_the_ingress_and_nothing_more_than_is_needed() -> None:
    assert CONFIG["ingress_port"] == PORT
    assert f"[PORT:{PORT}]" in CONFIG["watchdog"]
    assert [(each["type"], each["read_only"]) for each in CONFIG["map"]] == [("homeassistant_config", True)]
    assert not CONFIG.keys() & {"ports", "host_network", "privileged", "full_access", "hassio_api", "docker_api"}


def test_every_setting_is_an_option_or_the_docs_say_why_not() -> None:
    left_out = set(re.findall(r"^\| `([a-z_]+)` \| \S", PAGE, re.MULTILINE))
    options = CONFIG["schema"].keys() - {WANTS_MQTT}
    assert options & left_out == set()
    assert options | left_out == Settings.model_fields.keys()
    assert left_out >= DECIDED


def _type_of(name: str) -> str:
    kinds: dict[object, str] = {bool: "bool", int: "int", float: "float", float | None: "float"}
    annotation = Settings.model_fields[name].annotation
    if get_args(annotation) and get_origin(annotation) is not None and annotation not in kinds:
        return f"list({'|'.join(get_args(annotation))})"
    return next((kind for one, kind in kinds.items() if one == annotation), "str")


@pytest.mark.parametrize("name", sorted(CONFIG["schema"].keys() - {WANTS_MQTT, "embedding_deployment"}))
def test_an_option_takes_what_its_setting_takes(name: str) -> None:
    kind = CONFIG["schema"][name].removesuffix("?")
    field = Settings.model_fields[name]
    if not field.repr:
        assert kind == "password", "what the settings hide is hidden in Home Assistant as well"
    elif kind == "port":
        assert name.endswith("_port")
    else:
        assert kind.partition("(")[0] == _type_of(name).partition("(")[0]
    if kind.startswith("list"):
        assert kind == _type_of(name)
    limits = re.fullmatch(r"int\((\d*),(\d*)\)", kind)
    bounds = {type(rule).__name__: rule for rule in field.metadata}
    if limits:
        assert limits[1] == (str(bounds["Ge"].ge) if "Ge" in bounds else "")
        assert limits[2] == (str(bounds["Le"].le) if "Le" in bounds else "")


def test_the_larger_models_are_those_that_the_settings_take() -> None:
    for choice in CONFIG["schema"]["embedding_deployment"].removeprefix("list(").removesuffix(")?").split("|"):
        assert load_settings(embedding_deployment=choice).embedding_deployment == choice


def test_what_is_not_asked_for_has_a_default_and_it_is_the_settings() -> None:
    asked = {name for name, kind in CONFIG["schema"].items() if not kind.endswith("?")}
    assert asked == CONFIG["options"].keys(), "else it cannot be started as it is"
    for name, value in CONFIG["options"].items():
        if name != WANTS_MQTT:
            assert value == Settings.model_fields[name].default


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_has_a_name_and_a_sentence(language: str) -> None:
    texts = yaml.safe_load((FOLDER / "translations" / f"{language}.yaml").read_text("utf-8"))
    assert texts.keys() == {"configuration"}
    assert list(texts["configuration"]) == list(CONFIG["schema"])
    for name, text in texts["configuration"].items():
        assert text.keys() == {"name", "description"}, name
        assert text["name"].strip(), name
        assert text["description"].endswith("."), name


@pytest.mark.parametrize(("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_the_pictures_have_the_sizes_that_are_asked_for(name: str, size: tuple[int, int]) -> None:
    data = (FOLDER / name).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == size


def test_the_store_finds_its_pages() -> None:
    for name in ("README.md", "DOCS.md", "CHANGELOG.md"):
        assert (FOLDER / name).read_text("utf-8").strip()
    assert f"## {__version__}" in (FOLDER / "CHANGELOG.md").read_text("utf-8")
    guide = (FOLDER / "DOCS.md").read_text("utf-8")
    assert [name for name in CONFIG["options"] if f"`{name}`" not in guide] == []
