"""An InfluxDB that is away, hangs, refuses or breaks off: what was given is complete, and the rest says what to do."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from src.errors import HistoryUnreadable, InvalidSetting
from src.history.influxdb import read_influxdb
from src.history.influxdb_server import InfluxAccess, influx_access_of
from src.history.source import HistoryRead
from src.settings import load_settings
from tests.unit.history.influx_points import DAY, T0, written
from tests.unit.history.influx_servers import Answer, Handler, LoopbackServer, OurInflux2, free_ports, serving

NOW = T0 + 3 * DAY
PASSWORD, TOKEN = "p4ssw0rd", "t0k3n"
VERSIONS = [pytest.param("", id="influxdb-1"), pytest.param("home", id="influxdb-2")]


def access_to(url: str, org: str, *, timeout: float = 20.0) -> InfluxAccess:
    if org:
        return InfluxAccess(url, "ha", org, TOKEN, timeout=timeout)
    return InfluxAccess(url, "ha", username="anna", password=PASSWORD, timeout=timeout)


def failure_of(access: InfluxAccess) -> HistoryUnreadable:
    with pytest.raises(HistoryUnreadable) as caught:
        list(read_influxdb(access, now=NOW, time_zone="UTC"))
    error = caught.value
    assert error.about == access.key
    assert error.remedy
    assert not re.search(f"{PASSWORD}|{TOKEN}", f"{error} {error!r} {error.about} {access!r}")
    return error


def told_by(answer: Answer, org: str = "", *, timeout: float = 20.0) -> HistoryUnreadable:
    with serving(LoopbackServer(answer)) as server:
        return failure_of(access_to(server.url, org, timeout=timeout))


def series(*rows: tuple[int, str], entity: str = "a", **more: object) -> str:
    """A line of version 1's answer."""
    part = {
        "name": f"light.{entity}",
        "tags": {"domain": "light", "entity_id": entity},
        "columns": ["time", "state", "value"],
        "values": [[time, state, None] for time, state in rows],
    }
    return json.dumps({"results": [{"statement_id": 0, "series": [part], **more}]}) + "\n"


def table(*rows: str) -> str:
    """A table of version 2's answer."""
    lines = [
        "#datatype,string,long,dateTime:RFC3339,string,string,string,string,string",
        "#group,false,false,false,true,false,true,true,true",
        "#default,_result,,,,,,,",
        ",result,table,_time,_field,_value,_measurement,domain,entity_id",
        *rows,
    ]
    return "".join(f"{line}\r\n" for line in lines)


@pytest.mark.parametrize("org", VERSIONS)
def test_one_that_is_not_there(org: str) -> None:
    error = failure_of(access_to(f"http://127.0.0.1:{free_ports(1)[0]}", org))
    assert "does not answer" in error.message
    assert "INFLUXDB_URL" in error.remedy


@pytest.mark.parametrize("org", VERSIONS)
def test_one_that_hangs(org: str) -> None:
    def hang(handler: Handler, body: bytes) -> None:
        server = handler.server
        assert isinstance(server, LoopbackServer)
        server.let_go.wait(30)

    assert "silent for 0.2 s" in told_by(hang, org, timeout=0.2).message


@pytest.mark.parametrize("org", VERSIONS)
def test_one_that_sends_elsewhere_is_not_followed(org: str) -> None:
    with serving(LoopbackServer(lambda handler, body: handler.send(200, "{}"))) as elsewhere:

        def redirect(handler: Handler, body: bytes) -> None:
            handler.send(307, "", Location=f"{elsewhere.url}{handler.path}")

        error = told_by(redirect, org)
        assert elsewhere.requests == []
    assert "another address" in error.message


@pytest.mark.parametrize("org", VERSIONS)
@pytest.mark.parametrize("status", [200, 404, 502])
def test_another_program(org: str, status: int) -> None:
    error = told_by(lambda handler, body: handler.send(status, "<html>hello</html>\n", "text/html"), org)
    assert "INFLUXDB_URL" in error.remedy
    assert "html" not in error.message


@pytest.mark.parametrize("org", VERSIONS)
def test_a_connection_that_is_closed_without_a_word(org: str) -> None:
    def close(handler: Handler, body: bytes) -> None:
        handler.close_connection = True

    assert "broke off" in told_by(close, org).message


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([series((T0, "on"), partial=True)], True),  # more was promised
        ([series((T0, "on"), partial=True), series((T0, "on"), entity="b")[:40]], True),  # half a line
        ([series((T0, "on"), partial=True)], False),  # the connection closed
        ([], True),
    ],
    ids=["promised", "half", "closed", "nothing"],
)
def test_an_answer_of_version_1_without_its_end(pieces: list[str], whole: bool) -> None:
    assert "broke off" in told_by(lambda handler, body: handler.send_pieces(pieces, whole=whole)).message


@pytest.mark.parametrize("whole", [True, False], ids=["half a line", "closed"])
def test_an_answer_of_version_2_without_its_end(whole: bool) -> None:
    rows = table(",,0,2026-01-01T00:00:00Z,state,on,light.a,light,a")
    cut = rows[:-12] if whole else rows
    assert "broke off" in told_by(lambda handler, body: handler.send_pieces([cut], whole=whole), "home").message


def test_an_error_of_version_1_comes_with_status_200_even_after_good_parts() -> None:
    late = json.dumps({"results": [{"statement_id": 0, "error": "query-timeout limit exceeded"}]}) + "\n"
    error = told_by(lambda handler, body: handler.send_pieces([series((T0, "on"), partial=True), late]))
    assert "query-timeout limit exceeded" in error.message
    assert "[coordinator]" in error.remedy
    early = told_by(lambda handler, body: handler.send(200, json.dumps({"error": "engine: shard is disabled"})))
    assert "shard is disabled" in early.message


def test_an_error_of_version_2_comes_as_a_table_even_after_good_ones() -> None:
    good = table(",,0,2026-01-01T00:00:00Z,state,on,light.a,light,a")
    failed = (
        "\r\n#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,out of memory,897\r\n"
    )
    error = told_by(lambda handler, body: handler.send_pieces([good, failed]), "home")
    assert "out of memory" in error.message


def test_a_break_in_the_middle_loses_nothing() -> None:
    influx = OurInflux2()
    for day in range(6):
        influx.write(written("light.a", "on" if day % 2 == 0 else "off", T0 + day * DAY))
    healthy, asked = influx.answer, 0

    def breaking(handler: Handler, body: bytes) -> None:
        nonlocal asked
        asked += 1
        if asked == 6:
            handler.send_pieces([table(",,0,2026-01-03T00:00:00Z,state,on,light.a,light,a")], whole=False)
        else:
            healthy(handler, body)

    influx.answer = breaking
    now = T0 + 10 * DAY
    with serving(influx):
        given: list[HistoryRead] = []
        reading = read_influxdb(influx.access, now=now, time_zone="UTC")
        with pytest.raises(HistoryUnreadable, match="broke off"):
            given.extend(reading)
        assert 0 < sum(len(part.log) for part in given) < 6
        reached = max(part.log.span[1] for part in given)
        given += read_influxdb(influx.access, now=now, time_zone="UTC", since=reached)
    times = sorted({int(time) for part in given for time in part.log.time})
    assert times == [T0 + day * DAY for day in range(6)]


@pytest.mark.parametrize("org", VERSIONS)
def test_a_secret_travels_in_a_header_only(org: str) -> None:
    with serving(LoopbackServer(lambda handler, body: handler.send(401, "{}"))) as server:
        failure_of(access_to(server.url, org))
        ((path, headers, body),) = server.requests
    assert not re.search(f"{PASSWORD}|{TOKEN}|anna", f"{path} {body!r}")
    assert headers["Authorization"].startswith("Token " if org else "Basic ")


def test_a_name_that_means_something_in_flux_is_only_a_name() -> None:
    seen: list[str] = []

    def answer(handler: Handler, body: bytes) -> None:
        seen.append(json.loads(body)["query"])
        handler.send_pieces(["\r\n"])

    name = 'a"b\\c${d}'
    with serving(LoopbackServer(answer)) as server:
        failure_of(replace(access_to(server.url, "home"), database=name))
    assert 'from(bucket: "a\\"b\\\\c\\${d}")' in seen[0]


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ({"influxdb_url": "influx.local:8086"}, "INFLUXDB_URL"),
        ({"influxdb_url": f"http://anna:{PASSWORD}@influx.local"}, "INFLUXDB_URL"),
        ({"influxdb_url": "http://influx.local:port"}, "INFLUXDB_URL"),
        ({"influxdb_url": "file:///etc/passwd"}, "INFLUXDB_URL"),
        ({"influxdb_url": f"http://influx.local/?p={PASSWORD}"}, "INFLUXDB_URL"),
        ({"influxdb_url": "http://influx.local", "influxdb_database": ""}, "INFLUXDB_DATABASE"),
        ({"influxdb_url": "http://influx.local", "influxdb_token": TOKEN}, "INFLUXDB_ORG"),
        ({"influxdb_url": "http://influx.local", "influxdb_org": "home"}, "INFLUXDB_TOKEN"),
    ],
)
def test_settings_that_lead_nowhere_are_named(given: dict[str, str], about: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        influx_access_of(load_settings(**given))
    assert caught.value.about == about
    assert not re.search(f"{PASSWORD}|{TOKEN}", str(caught.value))


def test_settings_give_the_access() -> None:
    assert influx_access_of(load_settings()) is None
    first = influx_access_of(load_settings(influxdb_url="http://Influx.local:8086/db/", influxdb_username="anna"))
    assert first == InfluxAccess("http://influx.local:8086/db", "home_assistant", username="anna")
    assert first.key == "influxdb:influx.local:8086/home_assistant"
    second = influx_access_of(
        load_settings(influxdb_url="https://[::1]", influxdb_database="ha", influxdb_org="o", influxdb_token=TOKEN)
    )
    assert second == InfluxAccess("https://[::1]", "ha", "o", TOKEN)
