"""The start of the Home Assistant add-on: its options become the service's environment, and root is left behind.

The Supervisor starts the container as root, and what it writes (the options) and maps (the configuration of Home
Assistant) is root's. So this reads the options, gives ``/data`` to the service's user, becomes that user for good, and
turns into ``python -m src.cli serve``. See https://developers.home-assistant.io/docs/add-ons/configuration
"""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import os
import pwd
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from src.errors import InvalidSetting, ServiceError
from src.logging_setup import configure_logging
from src.settings import Settings

logger = logging.getLogger(__name__)

SUPERVISOR = "http://supervisor"
USER = 10001  # uid and gid, as the image has them
PORT = 8018  # ingress_port of config.yaml
RECORDER = "home-assistant_v2.db"

WANTS_MQTT = "mqtt"
"""The one option that is no setting: whether to ask the Supervisor for the broker that Home Assistant uses."""

DECIDED = frozenset({"host", "port", "data_dir", "models_dir", "supervisor_token", "tz"})
"""Settings that the add-on decides itself."""

_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS of linux/prctl.h
_FRESH = 86400.0  # s; a recorder that is in use is written to every few seconds
_PATIENCE = 10.0  # s, for the Supervisor's answer

Options = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is; elsewhere only in tests.

    Attributes:
        data: what the add-on may write; the Supervisor puts ``options.json`` there.
        configuration: Home Assistant's own folder, mapped to be read.
        supervisor: its address, without a slash at the end.
        user: uid and gid that the service runs as.
        port: that the ingress calls.
    """

    data: Path = Path("/data")
    configuration: Path = Path("/homeassistant")
    supervisor: str = SUPERVISOR
    user: int = USER
    port: int = PORT


def read_options(file: Path) -> Options:
    """What the user set in Home Assistant.

    Raises:
        InvalidSetting: the file is not there, or no JSON object.
    """
    try:
        options = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        wanted = f"the add-on's options as the Supervisor writes them ({type(error).__name__})"
        raise InvalidSetting("options", file, wanted) from error
    if not isinstance(options, dict):
        raise InvalidSetting("options", file, "a JSON object with the add-on's options")
    return options


def settings_of(options: Options) -> dict[str, str]:
    """The options as an environment; what is empty is left out, what is no setting is told and left out.

    Raises:
        InvalidSetting: a value that no environment can hold.
    """
    environment: dict[str, str] = {}
    for name, value in options.items():
        if name == WANTS_MQTT:
            continue
        if name not in Settings.model_fields or name in DECIDED:
            logger.warning("option_unknown", extra={"option": name})
        elif isinstance(value, bool):
            environment[name.upper()] = str(value).lower()
        elif isinstance(value, str | int | float) and "\0" not in str(value):
            if value != "":
                environment[name.upper()] = str(value)
        elif value is not None:
            raise InvalidSetting(name, "what is set", "text, a number, true or false")
    return environment


def broker_of(supervisor: str, token: str) -> dict[str, str]:
    """The settings of the MQTT broker that the Supervisor knows; none, and the reason told, if there is none to use.

    See https://developers.home-assistant.io/docs/api/supervisor/endpoints#service
    """
    try:
        with httpx.Client(trust_env=False, timeout=_PATIENCE) as client:
            answer = client.get(f"{supervisor}/services/mqtt", headers={"Authorization": f"Bearer {token}"})
        found = answer.json().get("data") or {}
        host, port = found["host"], int(found["port"])
    except (httpx.HTTPError, ValueError, TypeError, KeyError, AttributeError) as error:
        why = "Home Assistant knows no broker: install the Mosquitto add-on, or set mqtt_host"
        logger.warning("mqtt_not_offered", extra={"why": why, "error": type(error).__name__})
        return {}
    if found.get("ssl"):
        why = "the broker asks for TLS, which is not supported: set mqtt_host to one without"
        logger.warning("mqtt_not_offered", extra={"why": why})
        return {}
    given = {"host": host, "port": port, "username": found.get("username"), "password": found.get("password")}
    return {f"MQTT_{name.upper()}": str(value or "") for name, value in given.items()}


def recorder_of(configuration: Path, now: float) -> Path | None:
    """Home Assistant's own database, if this user may read it and it is in use; otherwise None, and the reason told.

    Without it the history comes through Home Assistant's API, which knows less and is slower.

    Args:
        now: s since the epoch.
    """
    file = configuration / RECORDER
    beside = [file, *(file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))]
    try:
        written = max(each.stat().st_mtime for each in beside if each.exists())
    except ValueError:
        logger.info("recorder_not_read", extra={"why": f"there is no {RECORDER}; Home Assistant records elsewhere"})
        return None
    except OSError as error:
        logger.warning("recorder_not_read", extra={"why": (error.strerror or str(error)).lower()})
        return None
    if not all(os.access(each, os.R_OK) for each in beside if each.exists()):
        why = f"only root may read it: `chmod a+r {RECORDER}*` in Home Assistant's configuration folder allows it"
        logger.warning("recorder_not_read", extra={"why": why})
        return None
    if now - written > _FRESH:
        why = "nothing was written to it for a day; if Home Assistant records elsewhere, set recorder_url"
        logger.warning("recorder_not_read", extra={"why": why})
        return None
    return file


def give(folder: Path, user: int, keep: Path) -> None:
    """Make ``user`` the owner of everything in a folder, itself included, but of ``keep``. Links are not followed.

    Raises:
        ServiceError: this is not allowed.
    """
    try:
        for parent, folders, files in os.walk(folder):
            here = Path(parent)
            for each in (here, *(here / name for name in (*folders, *files))):
                state = each.lstat()
                if each != keep and (state.st_uid, state.st_gid) != (user, user):
                    os.chown(each, user, user, follow_symlinks=False)
    except OSError as error:
        raise ServiceError(
            f"The folder {folder} cannot be given to the service's user: {(error.strerror or str(error)).lower()}.",
            "Restart the add-on; if that does not help, look at the disk.",
            about=str(folder),
        ) from error


def leave_root(user: int) -> None:
    """Become ``user``, without any group but its own, and with no way back."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # Nor through a program of the image that always runs as root: https://docs.kernel.org/userspace-api/no_new_privs.html
    if ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0))):
        raise ServiceError("The rights of root cannot be given up for good.", "Run the add-on on Linux 3.5 or later.")


def environment_of(
    options: Options, inherited: Mapping[str, str], place: Place, broker: Mapping[str, str], now: float
) -> dict[str, str]:
    """What the service is started with. Called as the user that it runs as, to see what that user may read.

    Args:
        inherited: the add-on's own environment; the Supervisor sets TZ and SUPERVISOR_TOKEN in it.
        broker: of the Supervisor; a user or password in the options is another broker's, so it goes before them.
        now: s since the epoch.
    """
    environment = dict(inherited)
    environment.pop("HASSIO_TOKEN", None)  # the old name of SUPERVISOR_TOKEN
    environment |= {**settings_of(options), **broker}
    environment |= {
        "HOST": "0.0.0.0",  # noqa: S104 - the ingress comes from outside of the container; others are refused
        "PORT": str(place.port),
        "DATA_DIR": str(place.data),
        "MODELS_DIR": str(place.data / "models"),
        "HOME": _home_folder(place.user),
    }
    if place.supervisor != SUPERVISOR:
        environment.setdefault("HA_URL", f"{place.supervisor}/core")
        environment.setdefault("HA_TOKEN", environment.get("SUPERVISOR_TOKEN", ""))
    if not any(environment.get(name) for name in ("HISTORY", "RECORDER_URL")):
        recorder = recorder_of(place.configuration, now)
        if recorder is not None:
            environment["HISTORY"] = str(recorder)
    return environment


def _home_folder(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_dir
    except KeyError:
        return "/"


def start(place: Place, inherited: Mapping[str, str], now: float) -> dict[str, str]:
    """All that comes before the service; the environment to execute it with.

    Raises:
        ServiceError: the options cannot be used, or the data cannot be given to the service's user.
    """
    file = place.data / "options.json"
    options = read_options(file)
    broker: dict[str, str] = {}
    if options.get(WANTS_MQTT) is True and not options.get("mqtt_host"):
        broker = broker_of(place.supervisor, inherited.get("SUPERVISOR_TOKEN", ""))
    if os.geteuid() == 0:
        # The options may hold passwords; they stay root's.
        give(place.data, place.user, keep=file)
        leave_root(place.user)
    return environment_of(options, inherited, place, broker, now)


def main(arguments: Sequence[str] | None = None) -> None:
    """Turn into the service; comes back only as SystemExit, when that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m src.addon", description="Start inside a Home Assistant add-on.")
    usual = Place()
    parser.add_argument("--data", type=Path, default=usual.data)
    parser.add_argument("--configuration", type=Path, default=usual.configuration)
    parser.add_argument("--supervisor", default=usual.supervisor)
    parser.add_argument("--user", type=int, default=usual.user)
    parser.add_argument("--port", type=int, default=usual.port)
    place = Place(**vars(parser.parse_args(arguments)))
    token = os.environ.get("SUPERVISOR_TOKEN", "")
    configure_logging("INFO", [token] if token else [])
    try:
        environment = start(place, os.environ, time.time())
    except ServiceError as error:
        logger.error("not_started", extra={"code": error.code, "why": str(error)})
        sys.exit(2)
    command = [sys.executable, "-m", "src.cli", "serve"]
    os.execve(command[0], command, environment)  # noqa: S606 - a program of ours, without a shell


if __name__ == "__main__":
    main()
