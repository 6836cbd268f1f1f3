"""Which history a run reads: a file by its path, or one that the settings know by a word.

Addresses and passwords stand in the settings alone. What a request, a run record or the API names is a path or one of
these words, so nobody who may only ask for runs can have another host called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from src.analysis.home_view import View
from src.analysis.importing import ReadHistory, Source, file_source, is_database
from src.analysis.request import DetectRequest, refuse_address
from src.domain.home import Home
from src.domain.progress import Progress
from src.errors import HomeAssistantNotSet, InvalidSetting
from src.history.home_assistant_history import read_home_assistant, source_key
from src.history.influxdb import read_influxdb
from src.history.influxdb_server import influx_access_of
from src.history.machines import machine_users
from src.history.metadata import Registry, RegistryEntity
from src.history.recorder_url import read_recorder_url, recorder_of
from src.history.source import HistoryRead, read_in_parts
from src.home_assistant.client import HomeAssistant
from src.settings import HISTORY_WORDS, Settings

__all__ = ["Reading", "check_sources", "source_of", "standing_history"]


@dataclass(frozen=True)
class Reading:
    """What a source is read with.

    Attributes:
        ha: None where no Home Assistant is set.
        now: µs UTC.
    """

    settings: Settings
    ha: HomeAssistant | None
    view: View
    read: ReadHistory
    progress: Progress
    now: int


def standing_history(settings: Settings) -> str | None:
    """What the nightly run imports: HISTORY, else the best of the sources that are set, else nothing.

    A database in reach says most (who did what), Home Assistant's API nearly as much, InfluxDB nothing of that.
    """
    if settings.history:
        return settings.history
    if settings.recorder_url:
        return "recorder"
    if settings.ha_url or settings.supervisor_token:
        return "home_assistant"
    return "influxdb" if settings.influxdb_url else None


def check_sources(settings: Settings) -> None:
    """Refuse settings by which no source could be read, before anything is opened.

    Raises:
        InvalidSetting: RECORDER_URL or INFLUXDB_URL is none, or HISTORY is an address or names one that is not set.
    """
    if settings.recorder_url:
        recorder_of(settings.recorder_url)
    influx_access_of(settings)
    refuse_address("HISTORY", settings.history)
    missing = {
        "recorder": not settings.recorder_url,
        "influxdb": not settings.influxdb_url,
        "home_assistant": not (settings.ha_url or settings.supervisor_token),
    }
    if missing.get(settings.history, False):
        raise InvalidSetting("HISTORY", settings.history, f"{_SET_BY[settings.history]} to be set as well")


_SET_BY = {"recorder": "RECORDER_URL", "influxdb": "INFLUXDB_URL", "home_assistant": "HA_URL and HA_TOKEN"}


def source_of(request: DetectRequest, reading: Reading) -> Source | None:
    """The source that a request names; None when it names none.

    Raises:
        HomeAssistantNotSet, InvalidSetting: it names one that is not set.
        HomeAssistantError: Home Assistant's history is asked for, and it does not answer.
    """
    if request.history is None:
        return None
    if request.history not in HISTORY_WORDS:
        # Only a recorder knows who asked.
        programs = _programs(reading) if is_database(Path(request.history)) else frozenset()
        read = partial(read_in_parts, programs=programs) if programs else reading.read
        return file_source(request, read, reading.progress)
    return {"home_assistant": _home_assistant, "recorder": _recorder, "influxdb": _influxdb}[request.history](
        request, reading
    )


def _home_assistant(request: DetectRequest, reading: Reading) -> Source:
    ha = reading.ha
    if ha is None:
        raise HomeAssistantNotSet
    if reading.view.failed is not None:
        raise reading.view.failed
    home = reading.view.home
    assert home is not None
    machines = machine_users(home, reading.settings.exclude_users, reading.settings.include_users)

    def read(time_zone: str | None, since: int | None) -> Iterator[HistoryRead]:
        return read_home_assistant(
            ha,
            home if time_zone is None else _in_zone(home, time_zone),
            since=since,
            now=reading.now,
            machines=machines,
            selection=reading.settings.selection,
            progress=reading.progress,
        )

    return Source(source_key(ha.access), read)


def _recorder(request: DetectRequest, reading: Reading) -> Source:
    url = reading.settings.recorder_url
    if not url:
        raise InvalidSetting("history", "recorder", "RECORDER_URL to be set")
    key, _ = recorder_of(url)

    def read(time_zone: str | None, since: int | None) -> Iterator[HistoryRead]:
        return read_recorder_url(
            url,
            _registry(reading.view.home),
            time_zone=time_zone,
            entities=request.entities,
            since=since,
            progress=reading.progress,
            programs=_programs(reading),
        )

    return Source(key, read)


def _influxdb(request: DetectRequest, reading: Reading) -> Source:
    access = influx_access_of(reading.settings)
    if access is None:
        raise InvalidSetting("history", "influxdb", "INFLUXDB_URL to be set")
    home = reading.view.home
    zone = None if home is None else home.time_zone

    def read(time_zone: str | None, since: int | None) -> Iterator[HistoryRead]:
        return read_influxdb(
            access,
            now=reading.now,
            time_zone=time_zone or zone,
            entities=request.entities,
            since=since,
            progress=reading.progress,
        )

    return Source(access.key, read)


def _programs(reading: Reading) -> frozenset[bytes]:
    """Ids of the users that are programs, as a recorder has them."""
    home = reading.view.home or Home(version="")
    ids = machine_users(home, reading.settings.exclude_users, reading.settings.include_users)
    return frozenset(bytes.fromhex(each) for each in ids if _is_hexadecimal(each))


def _is_hexadecimal(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True


def _registry(home: Home | None) -> Registry:
    """What the registries say, for a database that they do not lie beside."""
    if home is None:
        return Registry()
    known = {each.entity_id: each for each in home.entities.values()}
    return Registry(
        entities={key: RegistryEntity(each.info, each.info) for key, each in known.items() if each.left_out is None},
        left_out={key: each.left_out for key, each in known.items() if each.left_out is not None},
        time_zone=home.time_zone,
        position=home.position,
    )


def _in_zone(home: Home, time_zone: str) -> Home:
    return replace(home, time_zone=time_zone)
