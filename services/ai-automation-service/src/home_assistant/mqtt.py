"""A connection to an MQTT broker that keeps what was said last, and says it again whenever that may have been lost.

It has a thread of its own and waits for nobody: a broker that is away is tried again, after 1 s at first and after 5
minutes in the end, and is told the newest of everything when it is back.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from src.errors import InvalidSetting
from src.settings import Settings

ONLINE, OFFLINE = "online", "offline"

# Home Assistant says there that it has started; the topic is the same whatever the prefix of discovery is
# (https://www.home-assistant.io/integrations/mqtt/#birth-and-last-will-messages).
BIRTH_TOPIC = "homeassistant/status"

_FIRST_WAIT, _LONGEST_WAIT = 1, 300  # s
_KEEPALIVE = 60  # s

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """One broker.

    Attributes:
        password: never to be logged, stored or shown.
        prefix: of the topics where Home Assistant looks for announcements.
    """

    host: str
    port: int = 1883
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    prefix: str = "homeassistant"


def broker_of(settings: Settings) -> BrokerAccess | None:
    """The broker of the settings, None when there is none.

    Raises:
        InvalidSetting: MQTT_HOST is no host name, or MQTT_DISCOVERY_PREFIX no topic.
    """
    host = settings.mqtt_host.strip()
    if not host:
        return None
    if any(letter.isspace() or letter in "/@" for letter in host):
        # It may be an address with a password in it, so it is not repeated.
        raise InvalidSetting("MQTT_HOST", "what is set", "a host name or an IP address; the port goes into MQTT_PORT")
    prefix = settings.mqtt_discovery_prefix.strip().strip("/")
    if not prefix or any(letter in "+#\0" for letter in prefix):
        raise InvalidSetting("MQTT_DISCOVERY_PREFIX", settings.mqtt_discovery_prefix, "a topic such as homeassistant")
    return BrokerAccess(host, settings.mqtt_port, settings.mqtt_username, settings.mqtt_password, prefix)


class Broker:
    """Retained messages on a broker, and whether we are there.

    Args:
        availability: topic that says ``online`` while this is connected, and ``offline`` otherwise: the broker itself
            says so when the connection breaks.
        on_birth: called in this connection's thread when Home Assistant has started; must be quick.
    """

    def __init__(self, access: BrokerAccess, *, availability: str, on_birth: Callable[[], None]) -> None:
        self._access = access
        self._availability = availability
        self._on_birth = on_birth
        self._kept: dict[str, str] = {}
        self._lock = Lock()
        self._refused = ""
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"ai-automation-{secrets.token_hex(4)}")
        if access.username:
            client.username_pw_set(access.username, access.password or None)
        client.will_set(availability, OFFLINE, qos=1, retain=True)
        client.reconnect_delay_set(_FIRST_WAIT, _LONGEST_WAIT)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._heard
        self._client = client

    def start(self) -> None:
        """Connect in the background, now or as soon as the broker is there."""
        self._client.connect_async(self._access.host, self._access.port, keepalive=_KEEPALIVE)
        self._client.loop_start()

    def keep(self, messages: Mapping[str, str]) -> None:
        """Have the broker keep these by topic, instead of what it kept there; at once, or when it is back."""
        with self._lock:
            self._kept.update(messages)
            if self._client.is_connected():
                self._publish(messages)

    def close(self) -> None:
        """Say that we are going, and go. Takes as long as a connection under way takes to fail: 5 s at most."""
        with self._lock:
            if self._client.is_connected():
                self._publish({self._availability: OFFLINE})
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, messages: Mapping[str, str]) -> None:
        # Without an acknowledgement: all is said again after a break, and nothing old is waiting then.
        for topic, payload in messages.items():
            self._client.publish(topic, payload, retain=True)

    def _connected(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            if self._refused != str(reason):  # once, not at every try
                self._refused = str(reason)
                logger.warning("mqtt_refused", extra={"host": self._access.host, "why": self._refused})
            return
        self._refused = ""
        logger.info("mqtt_connected", extra={"host": self._access.host})
        client.subscribe([(topic, 0) for topic in sorted({BIRTH_TOPIC, f"{self._access.prefix}/status"})])
        self._say_all()

    def _disconnected(
        self, client: Client, _: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure and not self._refused:
            logger.warning("mqtt_lost", extra={"host": self._access.host, "why": str(reason)})

    def _heard(self, client: Client, _: Any, message: MQTTMessage) -> None:
        if message.payload == ONLINE.encode():
            self._say_all()
            self._on_birth()

    def _say_all(self) -> None:
        with self._lock:
            self._publish({**self._kept, self._availability: ONLINE})
