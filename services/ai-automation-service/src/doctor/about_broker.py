"""The MQTT broker: whether it lets us in. Nothing is published, and no topic is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from src.doctor.finding import Finding, failed, note, ok, skipped
from src.doctor.places import Place
from src.doctor.situation import Situation
from src.errors import InvalidSetting
from src.home_assistant.mqtt import BrokerAccess, broker_of

_LOGIN = ("bad user name", "not authorized", "banned")


def look_at_broker(situation: Situation) -> Iterator[Finding]:
    """One connection, closed again at once."""
    try:
        access = broker_of(situation.settings)
    except InvalidSetting as error:
        yield failed("mqtt", f"{error.about} cannot be used", error.remedy)
        return
    if access is None:
        yield skipped("mqtt", "MQTT_HOST is not set")
        return
    place = Place("mqtt", access.host, access.port)
    situation.connects("MQTT_HOST")
    why, let_in = _tried(access, situation.answer_within)
    if let_in:
        yield ok("mqtt", f"{place.shown} lets us in")
        if access.prefix != "homeassistant":
            yield note(
                "mqtt prefix",
                f"announcements go to {len(access.prefix)} letters that are not homeassistant",
                "It has to be the discovery prefix that Home Assistant's MQTT integration has.",
            )
    elif any(word in why.lower() for word in _LOGIN):
        yield failed(
            "mqtt",
            f"{place.shown} answers and does not let us in ({why.lower()})",
            "Check MQTT_USERNAME and MQTT_PASSWORD; for Home Assistant's own broker they are those of a user of it.",
        )
    else:
        remedy = "Check that the broker runs, and MQTT_HOST and MQTT_PORT as seen from this service; TLS is not spoken."
        yield failed("mqtt", f"{place.shown} cannot be used: {why}", situation.remedy(place, remedy))


def _tried(access: BrokerAccess, timeout: float) -> tuple[str, bool]:
    """Why not, and whether it let us in."""
    answers: list[Any] = []
    client = Client(CallbackAPIVersion.VERSION2, client_id="")
    client.connect_timeout = timeout
    if access.username:
        client.username_pw_set(access.username, access.password or None)
    client.on_connect = lambda client, _, flags, reason, properties: answers.append(reason)
    try:
        client.connect(access.host, access.port, keepalive=60)
        until = time.monotonic() + timeout
        while not answers and time.monotonic() < until:
            if client.loop(timeout=0.05) != 0:
                break
        client.disconnect()
    except TimeoutError:
        return f"it did not answer within {timeout:g} s", False
    except ConnectionRefusedError:
        return "nothing listens there", False
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        return said[:1].lower() + said[1:], False
    if not answers:
        return f"what answers there is no MQTT broker, or not within {timeout:g} s", False
    return str(answers[0]), not answers[0].is_failure
