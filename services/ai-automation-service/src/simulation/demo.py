"""The demo home: a family of three in a small house in Berlin, sixty days long, always the same."""

from __future__ import annotations

from datetime import date

from src.domain.events import EntityInfo
from src.simulation.background import Meter
from src.simulation.demo_routines import DAYS, ROUTINES
from src.simulation.devices import Device
from src.simulation.home import SimulatedHome
from src.simulation.house import Echo, House, MotionAutomation, TimedAutomation
from src.simulation.living import live_in
from src.simulation.movement import Room
from src.simulation.people import OFFICE, SCHOOL, Person, Shift
from src.simulation.span import DAY_MINUTES, Span

TIME_ZONE = "Europe/Berlin"
LAST_DAY = date(2026, 11, 15)  # the clock goes back on 25 October
DEMO_SEED = 8018


def _entity(
    entity_id: str, name: str, area: str | None = None, device_class: str | None = None, unit: str | None = None
) -> EntityInfo:
    return EntityInfo(entity_id, name, area, device_class, unit)


_DEVICES = (
    Device(_entity("light.kitchen_ceiling", "Kitchen ceiling light", "Kitchen"), uses=2.2),
    Device(_entity("light.kitchen_counter", "Kitchen counter light", "Kitchen"), uses=2.6, shape="flat"),
    Device(
        _entity("switch.coffee_machine", "Coffee machine", "Kitchen", "outlet"), uses=0.6, shape="day", minutes=(15, 90)
    ),
    Device(
        _entity("media_player.kitchen_radio", "Kitchen radio", "Kitchen", "speaker"),
        on="playing",
        off="idle",
        uses=0.8,
        shape="day",
        minutes=(5, 150),
        wall=0.3,
    ),
    Device(
        _entity("media_player.living_room_tv", "Living room TV", "Living room", "tv"),
        uses=2.4,
        minutes=(12, 200),
        wall=0.8,
    ),
    Device(_entity("light.tv_backlight", "TV backlight", "Living room"), uses=0.15, wall=0.2),
    Device(_entity("switch.projector", "Projector", "Living room", "outlet"), uses=1.1, minutes=(20, 150)),
    Device(
        _entity("media_player.soundbar", "Soundbar", "Living room", "speaker"),
        on="playing",
        off="idle",
        uses=0.1,
        minutes=(15, 120),
        wall=0.3,
    ),
    Device(_entity("light.screen_strip", "Screen light strip", "Living room"), uses=0.1, minutes=(15, 120)),
    Device(_entity("light.dining_table", "Dining table light", "Dining room"), uses=0.12, minutes=(20, 140)),
    Device(_entity("light.sideboard", "Sideboard light", "Dining room"), uses=0.1, minutes=(20, 140)),
    Device(_entity("light.window_lamp", "Window lamp", "Dining room"), uses=0.08, minutes=(20, 140)),
    Device(_entity("light.living_room_lamp", "Living room floor lamp", "Living room"), uses=1.2),
    Device(_entity("light.reading_lamp", "Reading lamp", "Living room"), uses=1.3, minutes=(10, 180)),
    Device(
        _entity("cover.living_room_blinds", "Living room blinds", "Living room", "blind"),
        on="open",
        off="closed",
        uses=0.3,
        shape="day",
        minutes=(30, 400),
        passing=("opening", "closing"),
        travel_seconds=21,
    ),
    Device(
        _entity("climate.living_room", "Living room thermostat", "Living room"),
        on="heat",
        uses=0.2,
        shape="morning",
        wall=0.4,
    ),
    Device(_entity("light.bathroom", "Bathroom light", "Bathroom"), uses=5.5, shape="flat", minutes=(3, 35), wall=0.97),
    Device(_entity("fan.bathroom", "Bathroom fan", "Bathroom"), uses=0.3, shape="flat", minutes=(5, 60), wall=0.9),
    Device(_entity("switch.towel_warmer", "Towel warmer", "Bathroom", "outlet"), uses=2.0, minutes=(8, 90)),
    Device(_entity("switch.bathroom_heater", "Bathroom heater", "Bathroom", "outlet"), uses=0.1, minutes=(20, 80)),
    Device(_entity("switch.dehumidifier", "Dehumidifier", "Bathroom", "outlet"), uses=0.15, minutes=(20, 70)),
    Device(_entity("switch.kettle", "Kettle", "Kitchen", "outlet"), uses=1.6, shape="day", minutes=(2, 12), wall=1.0),
    Device(_entity("light.bedroom_lamp", "Bedroom lamp", "Bedroom"), uses=0.9),
    Device(
        _entity("light.mia_bedside_lamp", "Mia's bedside lamp", "Mia's room"), uses=0.7, shape="day", minutes=(10, 150)
    ),
    Device(_entity("light.patio", "Patio light", "Garden"), uses=0.3, minutes=(10, 120)),
    Device(
        _entity("lock.front_door", "Front door lock", "Hallway"),
        on="locked",
        off="unlocked",
        uses=1.2,
        shape="flat",
        minutes=(20, 600),
        wall=0.7,
    ),
    Device(
        _entity("alarm_control_panel.house", "House alarm", "Hallway"),
        on="armed_away",
        off="disarmed",
        uses=0.05,
        minutes=(30, 300),
        wall=0.2,
    ),
    Device(
        _entity("vacuum.robby", "Robby the vacuum", "Living room"),
        on="cleaning",
        off="docked",
        uses=0.12,
        shape="day",
        minutes=(25, 130),
        wall=0.1,
    ),
    Device(
        _entity("switch.washing_machine", "Washing machine plug", "Bathroom", "outlet"),
        uses=0.25,
        shape="day",
        minutes=(45, 170),
    ),
    Device(_entity("input_boolean.guest_mode", "Guest mode"), uses=0.08, shape="day", minutes=(300, 2800), wall=0.0),
)


def _house(seed: int) -> House:
    span = Span.ending(LAST_DAY, DAYS, TIME_ZONE)
    ben = Shift(wake=425, leave=520, back=1080, sleep=1400)
    return House(
        span=span,
        seed=seed,
        people=(
            (_entity("person.anna", "Anna"), Person("person.anna", (OFFICE,), outings=1.0)),
            (_entity("person.ben", "Ben"), Person("person.ben", (ben,), work_days=(0, 2, 3), outings=1.2)),
            (_entity("person.mia", "Mia"), Person("person.mia", (SCHOOL,), wake=470, sleep=1290, outings=0.8)),
        ),
        rooms=(
            Room("Hallway", "hallway", "binary_sensor.hallway_motion", 120),
            Room("Kitchen", "kitchen", "binary_sensor.kitchen_motion", 300),
            Room("Living room", "living", "binary_sensor.living_room_motion", 420),
            Room("Dining room", "living"),
            Room("Bathroom", "bathroom", "binary_sensor.bathroom_motion", 240),
            Room("Bedroom", "bedroom"),
            Room("Mia's room", "child"),
        ),
        entrance=_entity("binary_sensor.front_door", "Front door", "Hallway", "door"),
        doors=(
            (_entity("binary_sensor.garden_door", "Garden door", "Living room", "door"), 1.6),
            (_entity("binary_sensor.bedroom_window", "Bedroom window", "Bedroom", "window"), 1.2),
        ),
        devices=_DEVICES,
        routines=ROUTINES,
        trackers=((_entity("device_tracker.anna_phone", "Anna's phone"), "person.anna"),),
        timed=(
            TimedAutomation(
                _entity("automation.porch_light_evening", "Porch light in the evening"),
                _entity("light.porch", "Porch light", "Garden"),
                on_minutes=18 * 60,
                off_minutes=22 * 60 + 30,
            ),
        ),
        by_motion=(
            MotionAutomation(
                _entity("automation.hallway_light_on_motion", "Hallway light on motion"),
                _entity("light.hallway", "Hallway light", "Hallway"),
                "binary_sensor.hallway_motion",
            ),
        ),
        echoes=(
            Echo(
                _entity("light.living_room_lights", "Living room lights", "Living room"),
                ("light.living_room_lamp", "light.reading_lamp"),
            ),
            Echo(
                _entity("binary_sensor.coffee_machine_running", "Coffee machine running", "Kitchen", "running"),
                ("switch.coffee_machine",),
                lag_seconds=4,
            ),
            Echo(
                _entity("sensor.coffee_machine_power", "Coffee machine power", "Kitchen", "power", "W"),
                ("switch.coffee_machine",),
                lag_seconds=3,
                watts=1180,
                same_context=False,
            ),
        ),
        meters=(
            Meter(
                _entity(
                    "sensor.living_room_temperature", "Living room temperature", "Living room", "temperature", "°C"
                ),
                21,
            ),
            Meter(_entity("sensor.outdoor_temperature", "Outdoor temperature", "Garden", "temperature", "°C"), 8, 4, 3),
            Meter(
                _entity("sensor.bathroom_humidity", "Bathroom humidity", "Bathroom", "humidity", "%"),
                52,
                decimals=0,
                every_minutes=8,
                curve="shower",
            ),
            Meter(_entity("sensor.house_power", "House power", None, "power", "W"), 420, 160, 180, 0),
        ),
        batteries=(_entity("sensor.front_door_battery", "Front door sensor battery", "Hallway", "battery", "%"),),
        heartbeats=((_entity("binary_sensor.router_connected", "Router connected", None, "connectivity"), 45),),
        flapping=((_entity("binary_sensor.cellar_leak", "Cellar leak sensor", "Cellar", "moisture"), 0.5),),
        updates=(_entity("update.router_firmware", "Router firmware"),),
        absences=((30 * DAY_MINUTES + 980.0, 33 * DAY_MINUTES + 1130.0),),
    )


def demo_home(seed: int = DEMO_SEED) -> SimulatedHome:
    """Sixty days of the demo home up to 15 November 2026. The same seed gives the same log to the byte."""
    return live_in(_house(seed))
