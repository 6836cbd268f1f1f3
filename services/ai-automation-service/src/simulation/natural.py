"""What holds in a house because people live in it: regularities of sensors, which no automation can act on."""

from __future__ import annotations

from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.home import Planted
from src.simulation.house import House

# Chance above which a regularity is as good as certain, so that one event may stand for the other.
CERTAIN = 0.6


def _regular(entity_id: str, to: str) -> Planted:
    """A sensor that people's days make regular by the clock, at no time that was planted."""
    return Planted(Kind.TIME_OF_DAY, entity_id, to, WEEKDAYS, 0.3, 60)


def _follows(trigger: tuple[str, str], action: tuple[str, str], probability: float, seconds: float) -> Planted:
    return Planted(
        Kind.CO_OCCURRENCE,
        *action,
        WEEKDAYS,
        probability,
        seconds / 60,
        trigger_entity=trigger[0],
        trigger_to=trigger[1],
        delay_seconds=seconds,
    )


def natural_regularities(house: House) -> tuple[Planted, ...]:
    """Regularities of a house's sensors: by the clock, and after each other.

    Whatever people do makes them move, so every sensor of people follows everything that people do with some chance;
    the pairs that hold almost always come with a probability of CERTAIN or more.
    """
    people = [info.entity_id for info, _ in house.people] + [info.entity_id for info, _ in house.trackers]
    contacts = [info.entity_id for info, _ in house.doors]
    entrance = house.entrance.entity_id if house.entrance else None
    sensors = [room.motion for room in house.rooms if room.motion] + contacts + ([entrance] if entrance else [])
    meters = {echo.info.entity_id for echo in house.echoes if echo.watts is not None}
    templates = [
        echo.info.entity_id
        for echo in house.echoes
        if echo.watts is None and echo.info.domain in ("binary_sensor", "sensor")
    ]
    seen = [(sensor, to) for sensor in [*sensors, *templates] for to in ("on", "off")]
    seen += [(person, to) for person in people for to in ("home", "not_home")]
    done = [(device.info.entity_id, to) for device in house.devices for to in (device.on, device.off)]

    certain: dict[tuple[tuple[str, str], tuple[str, str]], Planted] = {}

    def surely(trigger: tuple[str, str], action: tuple[str, str], seconds: float, probability: float = 0.8) -> None:
        certain[trigger, action] = _follows(trigger, action, probability, seconds)

    def moves(trigger: tuple[str, str], motion: str, seconds: float) -> None:
        # A sensor sees everybody's every movement, so it stands for none of them.
        certain[trigger, (motion, "on")] = _follows(trigger, (motion, "on"), CERTAIN - 0.1, seconds)

    hall = house.rooms[0].motion
    for person in people:
        for to in ("home", "not_home"):
            if entrance:
                for contact in ("on", "off"):
                    surely((person, to), (entrance, contact), 60)
                    surely((entrance, contact), (person, to), 120, CERTAIN if len(people) == 1 else 0.3)
            if hall:
                moves((person, to), hall, 60)
    for info, person_id in house.trackers:
        for to in ("home", "not_home"):
            surely((info.entity_id, to), (person_id, to), 1)
            surely((person_id, to), (info.entity_id, to), 1)
    for contact in [*contacts, *([entrance] if entrance else [])]:
        surely((contact, "on"), (contact, "off"), 15)
    if entrance and hall:
        for to in ("on", "off"):
            moves((entrance, to), hall, 10)
    for echo in house.echoes:
        for source in echo.sources:
            device = next((device for device in house.devices if device.info.entity_id == source), None)
            if device is not None and echo.info.entity_id in templates:
                surely((source, device.on), (echo.info.entity_id, "on"), echo.lag_seconds, 1.0)
                surely((source, device.off), (echo.info.entity_id, "off"), echo.lag_seconds, 1.0)
    rooms = {room.area: room.motion for room in house.rooms if room.motion}
    for device in house.devices:
        motion = rooms.get(device.info.area or "")
        if motion and device.wall >= 0.5:
            for to in (device.on, device.off):
                moves((device.info.entity_id, to), motion, 10)

    weak = [
        _follows(trigger, action, 0.2, 300)
        for trigger in [*seen, *done]
        for action in seen
        if trigger[0] != action[0] and (trigger, action) not in certain and trigger[0] not in meters
    ]
    regular = [_regular(entity_id, to) for entity_id, to in seen]
    regular += [_regular("sun.sun", to) for to in ("above_horizon", "below_horizon")] if house.sun else []
    return (*regular, *certain.values(), *weak)
