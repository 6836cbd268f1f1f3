"""What Home Assistant says of the home, and what people said, in a run; and runs while Home Assistant is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from src.analysis.answering import Answers
from src.analysis.pipeline import DetectRequest, Pipeline
from src.analysis.sources import check_sources, standing_history
from src.domain.answers import Reason, Verdict
from src.domain.automations import KnownAutomation
from src.domain.corrections import Correction
from src.domain.home import Home, HomeEntity, HomeUser
from src.domain.local_time import DAY
from src.domain.patterns import Action, Kind, Status, SunTrigger, TimeTrigger
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import (
    HistoryNotFound,
    HomeAssistantNotSet,
    HomeAssistantRefused,
    HomeAssistantUnreachable,
    InvalidSetting,
    NoHistory,
    ServiceError,
)
from src.home_assistant.access import Access
from src.models.model_manager import ModelManager
from src.settings import Settings, load_settings
from src.store import Store
from tests.unit.analysis.worlds import WORKDAYS, Clockwork, CountingModels, Found, Source, after, at

URL = "http://home.test:8123"
LAMP = at("07:12:00", ("light.kitchen", "on"), id="p_lamp")
EVENING = at("18:00:00", ("light.kitchen", "on"), id="p_evening")
DOOR = after(("binary_sensor.front_door", "on"), ("light.hall", "on"), id="p_door")
AUTOMATION = KnownAutomation(
    "Kitchen", "automation.kitchen", True, (TimeTrigger("07:10:00", WORKDAYS),), (Action("light.kitchen", "on"),)
)
Detect = Callable[..., Run]


def home_of(**changes: Any) -> Home:
    return Home("2026.11.0", time_zone="Europe/Berlin", **changes)


class Ha:
    """Stands for a client; what it describes is what the test says."""

    access = Access(URL, "ws://home.test:8123/api/websocket", "secret")

    def __init__(self) -> None:
        self.home: Home | ServiceError = home_of()

    def describe(self, _: object) -> Home:
        if isinstance(self.home, ServiceError):
            raise self.home
        return self.home


@pytest.fixture
def ha() -> Ha:
    return Ha()


@pytest.fixture
def detect(store: Store, models: CountingModels, source: Source, found: Found, clock: Clockwork, ha: Ha) -> Detect:
    def run(request: DetectRequest | None = None, **settings: Any) -> Run:
        pipeline = Pipeline(
            store,
            cast("ModelManager", models),
            load_settings(**{"tz": "", "history": "", **settings}),
            clock=clock,
            home_assistant=cast(Any, lambda: ha),
            describe_home=ha.describe,
            read=source.read,
            mine=found.mine,
        )
        request = request or DetectRequest(history=str(source.path))
        started = store.runs.start(trigger=RunTrigger.API, request=request.to_json(), now=clock())
        return pipeline.run(started, request)

    found.patterns = [LAMP, EVENING, DOOR]
    return run


def shown(store: Store) -> set[str]:
    return {pattern.id for pattern in store.patterns.page(limit=500).items if pattern.status is Status.NEW}


class TestTheHome:
    def test_names_are_the_homes_own(self, detect: Detect, store: Store, ha: Ha) -> None:
        ha.home = home_of(entities={"light.kitchen": HomeEntity("light.kitchen", name="Big Lamp")})
        detect()
        assert "Big Lamp" in store.patterns.get("p_lamp").sentence

    def test_what_an_automation_of_the_home_does_is_marked(self, detect: Detect, store: Store, ha: Ha) -> None:
        ha.home = home_of(automations=(AUTOMATION,))
        detect()
        covered = {each.id: each.covered_by for each in store.patterns.all()}
        assert covered == {"p_lamp": "Kitchen", "p_evening": None, "p_door": None}

    def test_what_is_hidden_is_not_mined_even_while_home_assistant_is_away(
        self, detect: Detect, store: Store, ha: Ha, found: Found
    ) -> None:
        ha.home = home_of(entities={"light.kitchen": HomeEntity("light.kitchen", hidden=True)})
        run = detect()
        assert run.left_out["hidden_entity"] == 30
        assert len(found.logs[-1]) == 0
        ha.home = HomeAssistantUnreachable(URL, "it refuses the connection")
        assert detect().left_out["hidden_entity"] == 30

    def test_a_home_that_is_still_starting_takes_nothing_back(
        self, detect: Detect, store: Store, ha: Ha, found: Found
    ) -> None:
        hidden = HomeEntity("light.kitchen", hidden=True, labels=("Nobody's",))
        ha.home = home_of(entities={"light.kitchen": hidden}, automations=(AUTOMATION,))
        detect()
        ha.home = home_of(whole=False)
        run = detect()
        assert run.left_out["hidden_entity"] == 30
        assert store.entities.described()["light.kitchen"].labels == ("Nobody's",)
        assert store.patterns.get("p_lamp").covered_by == "Kitchen"

    @pytest.mark.parametrize(
        "rule",
        ["domain:light", "light.kit*", "label:nobody's", "area:main_kitchen"],
        ids=["domain", "id", "label", "area"],
    )
    def test_what_is_excluded_is_not_mined(self, detect: Detect, ha: Ha, found: Found, rule: str) -> None:
        kitchen = HomeEntity("light.kitchen", area="Main Kitchen", labels=("Nobody's",))
        ha.home = home_of(entities={"light.kitchen": kitchen})
        assert detect(exclude=rule).left_out["not_selected"] == 30
        ha.home = HomeAssistantUnreachable(URL, "it refuses the connection")
        assert detect(exclude=rule).left_out["not_selected"] == 30
        assert "not_selected" not in detect().left_out

    def test_what_is_excluded_later_is_not_shown_any_more(self, detect: Detect, store: Store, found: Found) -> None:
        detect()
        found.patterns = [DOOR]
        detect(exclude="light.kitchen")
        assert shown(store) == {"p_door"}

    def test_a_position_that_was_set_goes_before_the_homes(self, detect: Detect, ha: Ha, found: Found) -> None:
        ha.home = home_of(position=(40.71, -74.0))
        detect()
        assert found.logs[-1].position == (40.71, -74.0)
        detect(latitude=52.5, longitude=13.4)
        assert found.logs[-1].position == (52.5, 13.4)

    def test_users_that_cannot_be_looked_up_are_told(self, detect: Detect, ha: Ha) -> None:
        ha.home = HomeAssistantUnreachable(URL, "it refuses the connection")
        told = detect(include_users="anna").inputs["warnings"]
        assert any("INCLUDE_USERS" in warning for warning in told)

    def test_a_program_that_is_no_user_is_told(self, detect: Detect, ha: Ha) -> None:
        ha.home = home_of(users=(HomeUser("ab12", "Node-RED"),))
        told = detect(exclude_users="node-red, AB12, alexa").inputs["warnings"]
        assert [warning for warning in told if "EXCLUDE_USERS" in warning] == [
            "EXCLUDE_USERS names 'alexa', and no user of Home Assistant is called so."
        ]

    def test_a_rule_that_fits_nothing_is_told(self, detect: Detect) -> None:
        told = detect(exclude="light.kitchen, label:Ruotine").inputs["warnings"]
        assert [warning for warning in told if "rule" in warning] == [
            "The rule label:ruotine of INCLUDE or EXCLUDE fits no entity of this home."
        ]

    @pytest.mark.parametrize(
        "error", [HomeAssistantUnreachable(URL, "it refuses the connection"), HomeAssistantRefused(URL)]
    )
    def test_without_home_assistant_a_file_is_mined_and_the_remedy_told(
        self, detect: Detect, store: Store, ha: Ha, error: ServiceError
    ) -> None:
        ha.home = error
        run = detect()
        assert run.state is RunState.SUCCEEDED
        assert any(error.remedy in warning for warning in run.inputs["warnings"])
        assert shown(store) == {"p_lamp", "p_evening", "p_door"}


class TestHomeAssistantsOwnHistory:
    def test_while_it_is_away_what_was_imported_is_mined(self, detect: Detect, store: Store, ha: Ha) -> None:
        detect()
        ha.home = HomeAssistantUnreachable(URL, "it refuses the connection")
        run = detect(DetectRequest(history="home_assistant"))
        assert run.state is RunState.SUCCEEDED
        assert run.inputs["source"] is None
        told = [warning for warning in run.inputs["warnings"] if URL in warning]
        assert len(told) == 1

    def test_an_import_that_breaks_off_is_no_success(
        self, detect: Detect, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        detect()

        def breaks_off(*_: object, **__: object) -> None:
            raise HomeAssistantUnreachable(URL, "the connection broke")

        monkeypatch.setattr("src.analysis.sources.read_home_assistant", breaks_off)
        with pytest.raises(HomeAssistantUnreachable):
            detect(DetectRequest(history="home_assistant"))
        assert store.runs.page().items[0].state is RunState.FAILED
        assert shown(store) == {"p_lamp", "p_evening", "p_door"}

    def test_a_first_import_without_it_fails_and_says_why(self, detect: Detect, store: Store, ha: Ha) -> None:
        ha.home = HomeAssistantRefused(URL)
        with pytest.raises(HomeAssistantRefused):
            detect(DetectRequest(history="home_assistant"))
        [run] = store.runs.page().items
        assert run.error is not None
        assert run.error["code"] == "home_assistant_refused"
        assert "HA_TOKEN" in run.error["remedy"]

    def test_none_is_set(self, store: Store, models: CountingModels, clock: Clockwork) -> None:
        pipeline = Pipeline(store, cast("ModelManager", models), load_settings(tz="", history=""), clock=clock)
        request = DetectRequest(history="home_assistant")
        run = store.runs.start(trigger=RunTrigger.API, request=request.to_json(), now=clock())
        with pytest.raises(HomeAssistantNotSet):
            pipeline.run(run, request)


class TestSources:
    @pytest.mark.parametrize(
        ("settings", "name"),
        [
            ({}, None),
            ({"history": "/config/home-assistant_v2.db", "ha_url": URL}, "/config/home-assistant_v2.db"),
            ({"recorder_url": "mysql://u:p@db/ha", "ha_url": URL}, "recorder"),
            ({"ha_url": URL, "influxdb_url": "http://influx:8086"}, "home_assistant"),
            ({"supervisor_token": "x"}, "home_assistant"),
            ({"influxdb_url": "http://influx:8086"}, "influxdb"),
        ],
    )
    def test_the_nightly_run_reads_the_best_there_is(self, settings: dict[str, Any], name: str | None) -> None:
        assert standing_history(load_settings(**{"history": "", **settings})) == name

    @pytest.mark.parametrize("word", ["home_assistant", "recorder", "influxdb"])
    def test_a_source_that_is_not_set_is_refused_at_the_start(self, word: str) -> None:
        with pytest.raises(InvalidSetting, match="HISTORY"):
            check_sources(load_settings(history=word))

    @pytest.mark.parametrize("word", ["recorder", "influxdb"])
    def test_a_source_that_is_not_set_is_refused_by_name(self, detect: Detect, word: str) -> None:
        with pytest.raises(InvalidSetting, match=f"{word.upper()}_URL"):
            detect(DetectRequest(history=word))

    @pytest.mark.parametrize(
        "url", ["http://evil.test/home.db", "mysql://u:p@evil.test/ha", "//evil.test/share/home.db", "ftp://evil.test"]
    )
    def test_an_address_is_no_history(self, url: str) -> None:
        with pytest.raises((HistoryNotFound, InvalidSetting)) as refused:
            DetectRequest(history=url).check()
        assert "u:p" not in str(refused.value)

    def test_a_run_record_holds_no_secret(self, detect: Detect, store: Store, ha: Ha) -> None:
        ha.home = HomeAssistantUnreachable(URL, "it refuses the connection")
        secret = "mysql://user:hunter2@127.0.0.1:1/ha"
        with pytest.raises(ServiceError) as failed:
            detect(DetectRequest(history="recorder"), recorder_url=secret)
        [run] = store.runs.page().items
        assert "hunter2" not in f"{run} {failed.value!r} {failed.value}"

    def test_settings_show_no_secret(self) -> None:
        secrets = {name: "hunter2" for name, field in Settings.model_fields.items() if not field.repr}
        assert {"ha_token", "supervisor_token", "recorder_url", "influxdb_token", "mqtt_password"} <= set(secrets)
        assert "hunter2" not in repr(load_settings(**secrets))


class TestAnswers:
    def test_what_a_rejection_rules_out_stays_away_and_says_why(
        self, detect: Detect, store: Store, clock: Clockwork
    ) -> None:
        detect()
        Answers(store, clock).give("p_lamp", Verdict.REJECTED, reasons=[Reason.NOT_THIS_DEVICE])
        assert shown(store) == {"p_door"}
        run = detect()
        assert shown(store) == {"p_door"}
        assert run.counts["muted"] == 1
        assert [(why.entity_id, why.reason) for why in store.runs.whys(run.id)] == [
            ("light.kitchen", "not_this_device")
        ]

    def test_taken_back_it_is_there_after_the_next_run(self, detect: Detect, store: Store, clock: Clockwork) -> None:
        detect()
        answers = Answers(store, clock)
        answers.give("p_lamp", Verdict.REJECTED, reasons=[Reason.NOT_THIS_DEVICE])
        detect()
        answers.give("p_lamp", Verdict.REOPENED)
        detect()
        assert shown(store) == {"p_lamp", "p_evening", "p_door"}

    def test_the_same_wish_under_another_id_stays_away(
        self, detect: Detect, store: Store, clock: Clockwork, found: Found
    ) -> None:
        detect()
        Answers(store, clock).give("p_door", Verdict.REJECTED)
        found.patterns = [
            after(("binary_sensor.front_door", "on"), ("light.hall", "on"), ("fan.hall", "on"), id="p_new")
        ]
        detect()
        assert "p_new" not in {each.id for each in store.patterns.page(limit=500).items if each.status is Status.NEW}

    def test_a_snoozed_one_comes_back_when_its_time_is_over(
        self, detect: Detect, store: Store, clock: Clockwork
    ) -> None:
        detect()
        Answers(store, clock).give("p_door", Verdict.SNOOZED, days=2)
        clock.now += DAY
        detect()
        assert "p_door" not in shown(store)
        clock.now += DAY
        detect()
        assert "p_door" in shown(store)

    def test_a_correction_is_in_the_shortlists_too(self, detect: Detect, store: Store, clock: Clockwork) -> None:
        detect()
        Answers(store, clock).give("p_lamp", Verdict.CORRECTED, correction=Correction(at="06:30", category="energy"))
        run = detect()
        listed = {each.id: each for shortlist in store.runs.shortlists(run.id) for each in shortlist.patterns}
        assert listed["p_lamp"].trigger == TimeTrigger("06:30:00", WORKDAYS)
        assert listed["p_lamp"].category == store.patterns.get("p_lamp").category == "energy"
        assert store.patterns.mined()[0].trigger == LAMP.trigger

    def test_a_corrected_routine_is_told_as_it_is_now(
        self, detect: Detect, store: Store, clock: Clockwork, found: Found
    ) -> None:
        detect()
        answers = Answers(store, clock)
        answers.give("p_lamp", Verdict.CORRECTED, correction=Correction(category="energy"))
        answers.give("p_evening", Verdict.CORRECTED, correction=Correction(at="19:00"))
        sunset = EVENING.with_(id="p_other", kind=Kind.SOLAR, trigger=SunTrigger("sunset", 10, WORKDAYS))
        found.patterns = [at("07:40:00", ("light.kitchen", "on"), id="p_lamp"), sunset, DOOR]
        run = detect()
        listed = {each.id: each for shortlist in store.runs.shortlists(run.id) for each in shortlist.patterns}
        for seen in (store.patterns.get("p_lamp"), listed["p_lamp"]):
            assert ("around 07:40" in seen.sentence, seen.category) == (True, "energy")
        evening = store.patterns.get("p_evening")
        assert evening.trigger == TimeTrigger("19:00:00", WORKDAYS)
        assert "around 19:00" in evening.sentence

    def test_nothing_to_mine_is_still_said(self, detect: Detect) -> None:
        with pytest.raises(NoHistory):
            detect(DetectRequest())
