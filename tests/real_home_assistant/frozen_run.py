"""One run of a real Home Assistant on a frozen clock, from a start to a stop. To be run by its own Python.

``python -m tests.real_home_assistant.frozen_run FOLDER ACTS.json``, where the file has ``start`` and ``end`` (s since
the epoch) and ``acts``: what people and devices do in between, in order of ``at``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.real_home_assistant.clock import FrozenClock, FrozenLoop, set_clock
from tests.real_home_assistant.json_types import Json

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

_BACKLOG = 200  # events that the recorder may be behind, as time goes on


def main(folder: Path, run: Json) -> None:
    """Let it live."""
    clock = FrozenClock(run["start"])
    set_clock(clock)
    # From here on everything imported takes the frozen clock for the real one.
    from aiohttp.connector import BaseConnector
    from homeassistant import core
    from homeassistant.components.device_tracker import legacy
    from homeassistant.components.recorder import Recorder
    from homeassistant.runner import HassEventLoopPolicy
    from homeassistant.util.ulid import ulid_at_time

    core.ulid_now = lambda: ulid_at_time(clock.now)  # its own looks at the system's clock
    # Two that look every few seconds after what this home has not: connections, and phones that a router sees.
    BaseConnector._cleanup_closed_period = 3600.0
    # And statistics every five minutes, most of the time it would take, which are no history of states.
    Recorder.async_periodic_statistics = lambda _: None
    legacy.async_track_utc_time_change = lambda *_, **__: None
    queues: list[HomeAssistant] = []

    def recorder_works() -> bool:
        for hass in queues:
            instance = hass.data.get("recorder_instance")
            if instance is not None and instance.is_alive() and instance.backlog > _BACKLOG:
                return True
        return False

    loop = FrozenLoop(clock, recorder_works)
    asyncio.set_event_loop_policy(HassEventLoopPolicy(debug=False))
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_live(folder, run, clock, loop, queues))
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _live(folder: Path, run: Json, clock: FrozenClock, loop: FrozenLoop, queues: list[HomeAssistant]) -> None:
    from homeassistant import bootstrap
    from homeassistant.core import Context
    from homeassistant.runner import RuntimeConfig

    hass = await bootstrap.async_setup_hass(RuntimeConfig(config_dir=str(folder), skip_pip=True))
    if hass is None or hass.config.recovery_mode:
        sys.exit("Home Assistant did not start; see home-assistant.log in its folder")
    queues.append(hass)
    await hass.async_start()
    loop.frozen = True
    devices = hass.data["house"]["devices"]
    for act in run["acts"]:
        await asyncio.sleep(act["at"] - clock.now)
        if act["user"] is None:
            devices[act["entity_id"]].report(act["to"])
        else:
            domain = act["entity_id"].partition(".")[0]
            asked = {"entity_id": act["entity_id"]}
            await hass.services.async_call(
                domain, f"turn_{act['to']}", asked, blocking=True, context=Context(user_id=act["user"])
            )
    await asyncio.sleep(run["end"] - clock.now)
    await hass.async_stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text("utf-8")))
