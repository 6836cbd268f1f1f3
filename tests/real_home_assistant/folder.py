"""The configuration folder of the test home's Home Assistant, as its people would have it after the first start."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tests.real_home_assistant.automated import AUTOMATIONS, SCENES, SCRIPTS
from tests.real_home_assistant.json_types import Json
from tests.real_home_assistant.things import FOLLOWERS, LATITUDE, LONGITUDE, PEOPLE, THINGS, TIME_ZONE

_HERE = Path(__file__).parent
_YEARS = 10 * 365 * 86_400  # s, as long as a long-lived token lasts


@dataclass(frozen=True)
class Folder:
    """A configuration folder that was written.

    Attributes:
        tokens: a long-lived access token by person; Anna is the owner, Ben an ordinary user.
        users: a user's id by person.
    """

    path: Path
    port: int
    tokens: dict[str, str]
    users: dict[str, str]

    @property
    def database(self) -> Path:
        return self.path / "home-assistant_v2.db"

    @classmethod
    def at(cls, path: Path) -> Folder:
        """One that :func:`write_folder` wrote before."""
        kept = json.loads((path / "people.json").read_text())
        return cls(path, kept["port"], kept["tokens"], kept["users"])


def write_folder(path: Path, port: int, *, newest: bool = False) -> Folder:
    """Write everything Home Assistant needs to start: its configuration, its users, the home's own integration.

    Args:
        newest: as versions from 2025.8 on want template entities and the address to listen on.
    """
    (path / ".storage").mkdir(parents=True)
    users = {name: uuid.uuid4().hex for name in PEOPLE}
    records, tokens = zip(*(_token(user, name) for name, user in users.items()), strict=True)
    folder = Folder(path, port, dict(zip(PEOPLE, tokens, strict=True)), users)
    (path / "people.json").write_text(json.dumps({"port": port, "tokens": folder.tokens, "users": users}), "utf-8")
    for name, written in (("automations", list(AUTOMATIONS)), ("scripts", SCRIPTS), ("scenes", list(SCENES))):
        text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
        (path / f"{name}.yaml").write_text(text, "utf-8")
    configuration = _configuration(folder, newest=newest)
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in configuration.items()]  # JSON is YAML, too
    lines += [f"{key}: !include {key}s.yaml\n" for key in ("automation", "script", "scene")]
    lines += ["recorder: !include recorder.yaml\n"]
    (path / "configuration.yaml").write_text("".join(lines), "utf-8")
    shutil.copytree(
        _HERE / "custom_components", path / "custom_components", ignore=shutil.ignore_patterns("__pycache__")
    )
    _store(path, "auth", _auth(users, list(records)))
    _store(path, "onboarding", {"done": ["user", "core_config", "analytics", "integration"]}, 4)
    _store(path, "core.config", _place(), minor=3)
    _store(path, "core.config_entries", {"entries": [_entry()]})
    if newest:
        _store(path, "http", _listening(port), 3)
    return folder


def set_pace(path: Path, *, late: tuple[float, float], commit: int) -> None:
    """Write what differs between a home that lives and one that tests wait for.

    Args:
        late: seconds after a start until the first and the last device are heard of.
        commit: seconds until the recorder has written down what happened.
    """
    step = (late[1] - late[0]) / len(THINGS)
    order = sorted(THINGS, key=lambda thing: hashlib.sha256(thing.entity_id.encode()).digest())
    things = [{**thing.to_json(), "late_seconds": late[0] + step * n} for n, thing in enumerate(order)]
    (path / "house.json").write_text(json.dumps({"things": things}), "utf-8")
    (path / "recorder.yaml").write_text(f"commit_interval: {commit}\npurge_keep_days: 400\n", "utf-8")


def _configuration(folder: Folder, *, newest: bool) -> Json:
    return {
        "http": {} if newest else {"server_host": "127.0.0.1", "server_port": folder.port},
        **{name: {} for name in ("api", "websocket_api", "config", "frontend", "history", "logbook", "sun")},
        "logger": {"default": "warning", "logs": {"homeassistant.core": "info"}},
        "person": [
            {
                "name": name,
                "id": name.lower(),
                "user_id": user,
                "device_trackers": [f"device_tracker.{name.lower()}_phone"],
            }
            for name, user in folder.users.items()
        ],
        **_followers(newest=newest),
    }


def _followers(*, newest: bool) -> Json:
    def grouped(entity_id: str, name: str) -> Json:
        unique = {"unique_id": entity_id.partition(".")[2]}
        return {"platform": "group", "name": name, **unique, "entities": list(FOLLOWERS[entity_id])}

    def mirror(entity_id: str, name: str, state: str = "on") -> Json:
        (mirrored,) = FOLLOWERS[entity_id]
        unique = entity_id.partition(".")[2]
        return {"name": name, "unique_id": unique, "state": f"{{{{ is_state('{mirrored}', '{state}') }}}}"}

    glow = mirror("light.towel_glow", "Towel glow")
    asked = {f"turn_{to}": [{"service": f"switch.turn_{to}", "target": {"entity_id": FOLLOWERS["light.towel_glow"][0]}}]
             for to in ("on", "off")}  # fmt: skip
    templates: list[Json] = [
        {
            "binary_sensor": [
                mirror("binary_sensor.tv_in_use", "TV in use"),
                mirror("binary_sensor.hallway_lit", "Hallway lit"),
            ]
        }
    ]
    lights = [
        grouped("light.living_room", "Living room"),
        grouped("light.dining_room", "Dining room"),
        grouped("light.downstairs", "Downstairs"),
    ]
    if newest:
        templates.append({"light": [glow | asked]})
    else:
        named = {"unique_id": glow["unique_id"], "friendly_name": glow["name"], "value_template": glow["state"]}
        lights.append({"platform": "template", "lights": {"towel_glow": named | asked}})
    return {
        "template": templates,
        "light": lights,
        "switch": [grouped("switch.bathroom", "Bathroom")],
        "group": {"entertainment": {"name": "Entertainment", "entities": list(FOLLOWERS["group.entertainment"])}},
    }


def _auth(users: dict[str, str], tokens: list[Json]) -> Json:
    groups = {"system-admin": "Administrators", "system-users": "Users", "system-read-only": "Read Only"}
    return {
        "users": [
            {
                "id": user,
                "name": name,
                "group_ids": ["system-admin" if name == PEOPLE[0] else "system-users"],
                "is_owner": name == PEOPLE[0],
                "is_active": True,
                "system_generated": False,
                "local_only": False,
            }
            for name, user in users.items()
        ],
        "groups": [{"id": key, "name": name} for key, name in groups.items()],
        "credentials": [],
        "refresh_tokens": tokens,
    }


def _token(user: str, name: str) -> tuple[Json, str]:
    """A long-lived access token as Home Assistant stores it, and as its owner uses it: a JWT signed with HS256."""
    made, key, number = datetime.now(UTC), secrets.token_hex(64), uuid.uuid4().hex
    issued = int(made.timestamp())
    parts = [_encoded(part) for part in ({"alg": "HS256", "typ": "JWT"},
             {"iss": number, "iat": issued, "exp": issued + _YEARS})]  # fmt: skip
    signed = hmac.new(key.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    record: Json = {
        "id": number,
        "user_id": user,
        "client_id": None,
        "client_name": f"Tests of {name}",
        "client_icon": None,
        "token_type": "long_lived_access_token",
        "created_at": made.isoformat(),
        "access_token_expiration": float(_YEARS),
        "token": secrets.token_hex(64),
        "jwt_key": key,
        "last_used_at": None,
        "last_used_ip": None,
        "expire_at": None,
        "credential_id": None,
        "version": "2024.3.3",
    }
    return record, ".".join([*parts, _base64(signed)])


def _encoded(part: Json) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _place() -> Json:
    """What a person answers when Home Assistant is new."""
    return {
        "location_name": "Test home",
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "elevation": 650,
        "unit_system_v2": "metric",
        "time_zone": TIME_ZONE,
        "currency": "EUR",
        "country": "ES",
        "language": "en",
        "internal_url": None,
        "external_url": None,
    }


def _entry() -> Json:
    """The house's integration, as if a person had added it."""
    return {
        "entry_id": uuid.uuid4().hex,
        "version": 1,
        "minor_version": 1,
        "domain": "house",
        "title": "House",
        "data": {},
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "unique_id": "house",
        "disabled_by": None,
    }


def _listening(port: int) -> Json:
    """Where the newest versions listen: a stored setting, no longer YAML's."""
    stable: Json = {
        "server_port": port,
        "server_host": ["127.0.0.1"],
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "intermediate_v6",
        "use_x_frame_options": True,
        "created_at": datetime.now(UTC).isoformat(),
        "error": None,
        "error_message": None,
    }
    return {"stable": stable, "pending": None, "yaml_migration_done": True}


def _store(path: Path, key: str, data: Json, version: int = 1, minor: int = 1) -> None:
    stored = {"version": version, "minor_version": minor, "key": key, "data": data}
    (path / ".storage" / key).write_text(json.dumps(stored), "utf-8")
