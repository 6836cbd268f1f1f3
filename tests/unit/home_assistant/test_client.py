"""Calling Home Assistant: what works, and what is said when it does not."""

from __future__ import annotations

import dataclasses
import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from src.errors import (
    HomeAssistantError,
    HomeAssistantFailed,
    HomeAssistantRefused,
    HomeAssistantUnreachable,
    InvalidSetting,
)
from src.home_assistant.access import access_of
from src.home_assistant.client import HomeAssistant
from src.settings import load_settings
from tests.fake_home_assistant import Drop, FakeHomeAssistant, Hang, Say, Trickle, Trouble, redirect

NO_HOME_ASSISTANT = "what answers there is no Home Assistant"
CUT = "the connection broke off before the whole answer was there"
SLOW = "it did not answer within 0.25 s"
ELSEWHERE = "it sends callers on to http://elsewhere:81, which is not followed"
DOWN = "it is not up: what stands before it answers 502"

Call = Callable[[HomeAssistant], Any]


def over_websocket(ha: HomeAssistant) -> Any:
    return ha.command("get_config")


def over_rest(ha: HomeAssistant) -> Any:
    return ha.request("GET", "config")


BOTH = pytest.mark.parametrize("call", [over_websocket, over_rest])


@BOTH
def test_an_answer_comes_back(ha: HomeAssistant, call: Call) -> None:
    assert call(ha)["version"] == "2024.3.3"


def test_a_service_does_its_work(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    fake.add_entity("light.kitchen", "off")
    ha.call_service("light.turn_on", {"brightness_pct": 30}, {"entity_id": "light.kitchen"})
    assert fake.states["light.kitchen"]["state"] == "on"
    assert fake.asked[-1]["service_data"] == {"brightness_pct": 30}


def test_an_automation_is_written_read_and_deleted(ha: HomeAssistant) -> None:
    place = "config/automation/config/41"
    assert ha.request("GET", place) is None
    ha.request("POST", place, {"alias": "Night", "trigger": [], "action": []})
    assert ha.request("GET", place)["alias"] == "Night"
    assert ha.command("automation/config", entity_id="automation.night")["config"]["id"] == "41"
    ha.request("DELETE", place)
    assert ha.request("GET", place) is None


TROUBLES: list[tuple[Trouble, str, str]] = [
    (Hang(), SLOW, SLOW),
    (Drop(), CUT, CUT),
    (Trickle(), SLOW, SLOW),
    (Say("<html>Bad gateway</html>", 502), DOWN, DOWN),
    (Say("<html>It works!</html>", 200), f"{NO_HOME_ASSISTANT} (it answers 200)", NO_HOME_ASSISTANT),
    (redirect("http://elsewhere:81/login?secret=1"), ELSEWHERE, ELSEWHERE),
    (redirect("/login"), "it sends callers on to {url}, which is not followed", "it sends callers on to {url}, which"),
    (redirect("http://[nonsense"), "it sends callers on to another address", "it sends callers on to another address"),
]


@pytest.mark.parametrize("way", [0, 1], ids=["websocket", "rest"])
@pytest.mark.parametrize(
    ("trouble", "why_websocket", "why_rest"),
    TROUBLES,
    ids=["hang", "drop", "trickle", "502", "html", "redirect", "relative", "nonsense"],
)
def test_what_is_no_answer_of_home_assistant_is_unreachable(
    fake: FakeHomeAssistant, impatient: HomeAssistant, trouble: Trouble, why_websocket: str, why_rest: str, way: int
) -> None:
    fake.trouble["GET websocket" if way == 0 else "GET config"] = trouble
    with pytest.raises(HomeAssistantUnreachable) as caught:
        (over_websocket, over_rest)[way](impatient)
    assert (why_websocket, why_rest)[way].format(url=fake.url) in caught.value.message
    assert caught.value.url == fake.url
    assert "HA_URL" in caught.value.remedy


@pytest.mark.parametrize(
    ("trouble", "why"),
    [(Hang(), SLOW), (Drop(), CUT), (Say("<html>"), NO_HOME_ASSISTANT), (Say("[]"), NO_HOME_ASSISTANT)],
    ids=["hang", "drop", "html", "list"],
)
@pytest.mark.parametrize("when", ["auth", "get_config"])
def test_a_websocket_that_goes_wrong_later_is_unreachable(
    fake: FakeHomeAssistant, impatient: HomeAssistant, when: str, trouble: Trouble, why: str
) -> None:
    fake.trouble[when] = trouble
    with pytest.raises(HomeAssistantUnreachable, match=why):
        over_websocket(impatient)


def test_another_programs_websocket_is_not_told_the_token(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    fake.greeting = {"type": "hello"}
    with pytest.raises(HomeAssistantUnreachable, match=NO_HOME_ASSISTANT):
        over_websocket(ha)
    assert fake.heard == []


@BOTH
def test_a_restart_is_waited_for_by_asking_again(fake: FakeHomeAssistant, ha: HomeAssistant, call: Call) -> None:
    fake.stop()
    with pytest.raises(HomeAssistantUnreachable, match="nothing listens there"):
        call(ha)
    fake.start()
    assert call(ha)["version"] == "2024.3.3"


@BOTH
def test_a_token_that_was_revoked_is_refused(fake: FakeHomeAssistant, ha: HomeAssistant, call: Call) -> None:
    fake.revoke()
    with pytest.raises(HomeAssistantRefused) as caught:
        call(ha)
    assert "HA_TOKEN" in caught.value.remedy


@BOTH
def test_a_machine_that_was_banned_is_told_where_that_stands(
    fake: FakeHomeAssistant, ha: HomeAssistant, call: Call
) -> None:
    fake.trouble["*"] = Say("403: Forbidden", 403)
    with pytest.raises(HomeAssistantRefused, match=r"ip_bans\.yaml"):
        call(ha)


@pytest.mark.parametrize(
    "call",
    [
        lambda ha: ha.command("config/auth/list"),
        lambda ha: ha.request("POST", "config/automation/config/1", {"trigger": [], "action": []}),
    ],
    ids=["websocket", "rest"],
)
def test_what_only_an_administrator_may_is_refused_by_name(fake: FakeHomeAssistant, call: Call) -> None:
    with pytest.raises(HomeAssistantRefused, match="config/") as caught:
        call(HomeAssistant(fake.access(token=fake.guest_token)))
    assert "administrator" in caught.value.remedy


REFUSALS: list[tuple[Call, str, str]] = [
    (lambda ha: ha.command("nonsense"), "unknown_command", "could not do nonsense: Unknown command"),
    (lambda ha: ha.call_service("light.fly"), "not_found", r"Service light\.fly not found"),
    (
        lambda ha: ha.request("POST", "config/automation/config/1", {"surprise": 1}),
        "http_400",
        r"extra keys not allowed @ data\['surprise'\]",
    ),
    (lambda ha: ha.request("DELETE", "config/automation/config/1"), "http_400", "Resource not found"),
    (lambda ha: ha.request("GET", "nonsense"), "not_found", "no such address"),
    (
        lambda ha: ha.request("GET", "config/automation/config/broken"),
        "http_500",
        "GET config/automation/config/broken",
    ),
]


@pytest.mark.parametrize(("call", "reason", "why"), REFUSALS, ids=[why for _, _, why in REFUSALS])
def test_what_home_assistant_cannot_do_has_its_own_reason(
    fake: FakeHomeAssistant, ha: HomeAssistant, call: Call, reason: str, why: str
) -> None:
    fake.trouble["GET config/automation/config/broken"] = Say("<html>500 Internal Server Error</html>", 500)
    with pytest.raises(HomeAssistantFailed, match=why) as caught:
        call(ha)
    assert caught.value.reason == reason
    assert "\n" not in caught.value.message


def test_a_thing_is_not_taken_for_gone_while_the_api_is_not_there_yet(
    fake: FakeHomeAssistant, ha: HomeAssistant
) -> None:
    fake.trouble["GET config/automation/config/1"] = Say("404: Not Found", 404)
    with pytest.raises(HomeAssistantFailed, match="still starting"):
        ha.request("GET", "config/automation/config/1")


@pytest.mark.parametrize("path", ["../auth/token", "config/../../x", "./config"])
def test_no_path_leads_out_of_the_api(fake: FakeHomeAssistant, ha: HomeAssistant, path: str) -> None:
    with pytest.raises(ValueError, match="out of the API"):
        ha.request("GET", path)
    assert fake.heads == []


@pytest.mark.parametrize("path", ["//elsewhere/x", "@elsewhere/x", "http://elsewhere/x", "a\\b", "ö?x=1#y"])
def test_whatever_the_path_no_other_host_is_called(fake: FakeHomeAssistant, ha: HomeAssistant, path: str) -> None:
    with pytest.raises(HomeAssistantFailed, match="no such address"):
        ha.request("GET", path)
    assert fake.heads[0][1]["Host"] == fake.url.removeprefix("http://")


@BOTH
def test_a_redirect_is_not_followed_with_the_token(fake: FakeHomeAssistant, ha: HomeAssistant, call: Call) -> None:
    with FakeHomeAssistant() as other:
        for scheme in ("http", "ws"):
            fake.trouble["*"] = redirect(f"{scheme}{other.url.removeprefix('http')}/api/websocket")
            with pytest.raises(HomeAssistantUnreachable, match="not followed"):
                call(ha)
        assert other.heads == []


@BOTH
def test_a_proxy_of_the_environment_is_not_used(
    fake: FakeHomeAssistant, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    with FakeHomeAssistant() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY", "ws_proxy", "socks_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert call(HomeAssistant(fake.access()))["version"] == "2024.3.3"
        assert proxy.heads == []


def test_a_large_home_is_one_answer(fake: FakeHomeAssistant, ha: HomeAssistant) -> None:
    for number in range(5000):
        fake.add_entity(f"sensor.s{number}", "1", attributes={"friendly_name": "x" * 500})
    assert len(ha.command("get_states")) == 5000
    assert len(ha.request("GET", "states")) == 5000


@BOTH
def test_threads_may_share_one(ha: HomeAssistant, call: Call) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call(ha), range(24)))
    assert [answer["version"] for answer in answers] == ["2024.3.3"] * 24


def test_the_token_is_nowhere_but_where_it_belongs(
    fake: FakeHomeAssistant, impatient: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [repr(impatient), repr(impatient.access)]
    with impatient.session() as session:
        told.append(repr(session))

    def provoke(ha: HomeAssistant, call: Call) -> None:
        with pytest.raises(HomeAssistantError) as caught:
            call(ha)
        told.extend(traceback.format_exception(caught.value))
        told.append(repr(caught.value.__dict__))

    calls: list[Call] = [over_websocket, over_rest, lambda ha: ha.request("POST", "config/x", {"a": 1})]
    for call in calls:
        for trouble in (Hang(), Drop(), Say("<html>"), redirect("http://elsewhere/")):
            fake.trouble["*"] = trouble
            provoke(impatient, call)
        fake.trouble.clear()
        if call is not over_rest and call is not over_websocket:
            provoke(impatient, call)
        provoke(HomeAssistant(dataclasses.replace(impatient.access, token="not-" + fake.token)), call)
    fake.stop()
    for call in calls:
        provoke(impatient, call)
    told += [record.getMessage() + str(record.exc_text) for record in caplog.records]
    # A part of it would be too much; a library may shorten what it logs.
    assert not [text for text in told if fake.token[:8] in text]
    # Over HTTP it is in one header alone, and the WebSocket is opened without it.
    for line, headers in fake.heads:
        assert fake.token not in line
        carrying = [name for name, value in headers.items() if fake.token in value]
        assert carrying == ([] if "websocket" in line else ["Authorization"])


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://api", "http://api"),
        (" http://Home.Local:8123/api/ ", "http://home.local:8123"),
        ("https://[::1]/ha/api", "https://[::1]/ha"),
    ],
)
def test_an_address_may_end_with_that_of_its_api(given: str, url: str) -> None:
    access = access_of(load_settings(ha_url=given, ha_token="t0k3n"))
    assert access is not None
    assert (access.url, access.websocket) == (url, f"ws{url.removeprefix('http')}/api/websocket")


def test_the_supervisors_token_goes_to_the_supervisor_alone() -> None:
    with pytest.raises(InvalidSetting, match="HA_TOKEN"):
        access_of(load_settings(ha_url="http://192.168.1.4:8123", supervisor_token="s" * 40))
    inside = access_of(load_settings(ha_url="http://supervisor/core", supervisor_token="s" * 40))
    assert inside is not None
    assert inside.token == "s" * 40
