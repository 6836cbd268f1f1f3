"""The histories that the settings name: a file, a recorder in a database server, an InfluxDB."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from src.analysis.request import refuse_address
from src.analysis.sources import check_sources, standing_history
from src.box.disk import existing
from src.doctor.about_storage import network_share, whose
from src.doctor.finding import Finding, failed, note, ok, skipped, warning
from src.doctor.places import place_of
from src.doctor.situation import Situation
from src.domain.events import MICROSECONDS
from src.domain.local_time import DAY
from src.errors import HistoryEmpty, HistoryUnreadable, InvalidSetting
from src.history.formats import recognised
from src.history.influxdb_1 import InfluxPoints1
from src.history.influxdb_2 import InfluxPoints2
from src.history.influxdb_server import influx_access_of
from src.history.recorder_database import DatabaseChanged, RecorderDatabase
from src.history.recorder_file import way_in
from src.history.recorder_schema import checked_schema
from src.history.recorder_sqlite import SqliteRecorder
from src.history.recorder_url import recorder_of
from src.settings import HISTORY_WORDS

_MOST = 2000  # points of InfluxDB that are looked at


def look_at_history(situation: Situation) -> Iterator[Finding]:
    """What the nightly run imports, and the file if it is one."""
    settings = situation.settings
    try:
        check_sources(settings)
    except InvalidSetting as error:
        yield failed(str(error.about), f"{error.about} cannot be used", error.remedy)
    history = standing_history(settings)
    if history is None:
        yield warning(
            "history",
            "nothing is set that a night could read; only what was imported by hand is mined",
            "Set HA_URL and HA_TOKEN, or HISTORY (a file, or `recorder`, `influxdb`).",
        )
    elif history in HISTORY_WORDS:
        yield ok("history", f"the nights read `{history}`" + ("" if settings.history else ", the best that is set"))
    else:
        try:
            refuse_address("HISTORY", history)
        except InvalidSetting:
            return  # said above
        yield from _file("HISTORY", Path(history), situation)
    if settings.history_entities:
        path = Path(settings.history_entities)
        if not path.is_file() or not os.access(path, os.R_OK):
            yield failed(
                "HISTORY_ENTITIES",
                "leads to no file that can be read",
                "Check the path as seen from the service, and who may read it.",
            )


def _file(setting: str, path: Path, situation: Situation) -> Iterator[Finding]:
    mount = f" Mount its folder into the container (Compose: HISTORY_FOLDER, then {setting}=/history/…)."
    mount = mount if situation.container else ""
    shown = str(path) if path.is_absolute() else "the path of HISTORY"
    try:
        exists = path.exists()
    except OSError as error:
        yield failed(
            "history", f"{shown} cannot be reached ({(error.strerror or '').lower()})", f"Check the path.{mount}"
        )
        return
    if not exists:
        above = existing(path)
        closed = not os.access(above, os.X_OK | os.R_OK)
        empty = not closed and above.is_dir() and not any(above.iterdir())
        why = "is empty" if empty else "is there, the rest is not"
        why = f"may not be entered ({whose(above)})" if closed else why
        made = " Docker makes a folder that is not there, empty." if empty and mount else ""
        yield failed(
            "history",
            f"there is nothing at {shown}: {above} {why}",
            f"Check the path as seen from the service.{mount}{made}",
        )
        return
    if path.is_dir():
        yield failed("history", f"{shown} is a folder", "Name the file in it, as home-assistant_v2.db.")
        return
    if not os.access(path, os.R_OK):
        yield failed(
            "history",
            f"{shown} may not be read ({whose(path)})",
            "Let the service's user read it (chmod o+r, or its group), with its -wal and -shm files.",
        )
        return
    share = network_share(path, situation.root)
    if share:
        yield warning(
            "network share",
            f"{shown} is on a network share ({share}), where a database in use cannot be read reliably",
            "Read Home Assistant over HA_URL instead, or run the service on its machine, or copy the file.",
        )
    try:
        form = recognised(path)
    except (HistoryUnreadable, HistoryEmpty) as error:
        yield failed("history", f"{shown} cannot be used: {_why(error)}", error.remedy)
        return
    size = f"{path.stat().st_size / 1e6:,.1f} MB"
    if form != "recorder":
        yield ok("history", f"{shown}: {form}, {size}")
    elif way_in(path) == "copy":
        yield note(
            "history", f"{shown}: a recorder, {size}, with a -wal file from a crash or a copy; it is read by copying"
        )
    else:
        yield from _recorder("recorder file", f"{shown}: {size}", lambda: SqliteRecorder(path), situation.clock())


def look_at_recorder(situation: Situation) -> Iterator[Finding]:
    """The server of RECORDER_URL."""
    url = situation.settings.recorder_url
    if not url:
        yield skipped("recorder", "RECORDER_URL is not set")
        return
    place = place_of(url)
    try:
        _, opened = recorder_of(url)
    except InvalidSetting as error:
        yield failed("recorder", "RECORDER_URL cannot be used", error.remedy)
        return
    situation.connects("RECORDER_URL")
    shown = place.shown if place else "RECORDER_URL"
    for found in _recorder("recorder", shown, opened, situation.clock()):
        unreachable = "cannot be reached" in found.fact
        yield replace(found, remedy=situation.remedy(place, found.remedy)) if unreachable else found


def _recorder(name: str, shown: str, opened: Callable[[], RecorderDatabase], now: int) -> Iterator[Finding]:
    try:
        with opened() as database:
            schema, remarks = checked_schema(database, database.tables())
            newest = database.rows("SELECT max(last_updated_ts) FROM states")[0][0]
            database.confirm()
    except HistoryUnreadable as error:
        yield failed(name, f"{shown} cannot be used: {_why(error)}", error.remedy)
        return
    except DatabaseChanged:
        yield note(name, f"{shown}: it was written while it was looked at", "Ask again.")
        return
    if remarks:
        yield note(f"{name} schema", remarks[0], "Look for a later version of this service.")
    age = "without states" if newest is None else f"newest state {_ago(now / MICROSECONDS - float(newest))}"
    yield ok(name, f"{shown}: schema {schema}, {age}")


def look_at_influxdb(situation: Situation) -> Iterator[Finding]:
    """The server of INFLUXDB_URL, asked for what was written in the last day."""
    try:
        access = influx_access_of(situation.settings)
    except InvalidSetting as error:
        yield failed("influxdb", f"{error.about} cannot be used", error.remedy)
        return
    if access is None:
        yield skipped("influxdb", "INFLUXDB_URL is not set")
        return
    place = place_of(access.url)
    situation.connects("INFLUXDB_URL")
    shown = place.shown if place else "INFLUXDB_URL"
    patient = replace(access, timeout=situation.answer_within)
    now = situation.clock()
    count = 0
    try:
        with (
            (InfluxPoints2 if access.org else InfluxPoints1)(patient) as points,
            closing(points.newest(now - DAY, now)) as stream,
        ):
            for count, _ in enumerate(stream, 1):
                if count >= _MOST:
                    break
    except HistoryUnreadable as error:
        yield failed("influxdb", f"{shown} cannot be used: {_why(error)}", situation.remedy(place, error.remedy))
        return
    version = "InfluxDB 2" if access.org else "InfluxDB 1"
    if count == 0:
        yield warning(
            "influxdb",
            f"{shown}, {version}: nothing was written to it in the last day",
            "Check INFLUXDB_DATABASE, and Home Assistant's `influxdb:` integration.",
        )
    else:
        yield ok("influxdb", f"{shown}, {version}: {count:,} series were written to in the last day")


def _why(error: HistoryUnreadable | HistoryEmpty) -> str:
    """Without the path or address, which is told already, as far as that may be."""
    text = error.message
    return text.partition("cannot be read: ")[2].rstrip(".") or "it is empty"


def _ago(seconds: float) -> str:
    hours = max(0.0, seconds / 3600)
    return f"{hours:.1f} hours ago" if hours < 48 else f"{hours / 24:.0f} days ago"
