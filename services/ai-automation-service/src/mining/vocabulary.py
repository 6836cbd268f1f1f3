"""The words by which Home Assistant tells what an entity is, as far as mining cares."""

from __future__ import annotations

# What an entity reports when it has nothing to report.
NOT_A_STATE = frozenset(("unavailable", "unknown", "", "none", "None"))

# Domains whose state is the instant of the last occurrence: every new state is the same thing happening again.
MOMENTS = {"scene": "activated", "button": "pressed", "input_button": "pressed", "event": "fired"}

# On the way to a state, which is what was wanted.
_ON_THE_WAY = {
    "alarm_control_panel": ("arming", "disarming", "pending"),
    "cover": ("opening", "closing"),
    "lawn_mower": ("returning",),
    "lock": ("locking", "unlocking", "opening"),
    "media_player": ("buffering",),
    "vacuum": ("returning",),
    "valve": ("opening", "closing"),
}
ON_THE_WAY = frozenset((domain, state) for domain, states in _ON_THE_WAY.items() for state in states)

_DOMAINS = """
    ai_task automation calendar camera conversation counter date datetime image image_processing input_datetime
    input_number input_text notify number persistent_notification schedule script select stt sun tag text time timer
    todo tts update wake_word weather zone
"""

_DEVICE_CLASSES = """
    battery battery_charging connectivity data_rate data_size duration problem running signal_strength tamper timestamp
    update
"""

_WORDS = """
    battery connectivity diagnostic firmware heartbeat identify linkquality lqi online ping rssi signal update uptime
"""

_ACTUATORS = """
    alarm_control_panel climate cover fan humidifier input_boolean input_select lawn_mower light lock media_player
    remote scene siren switch vacuum valve water_heater
"""

# Nobody's behaviour: software, pictures, weather, the sun, and what Home Assistant says about itself.
QUIET_DOMAINS = frozenset(_DOMAINS.split())
QUIET_DEVICE_CLASSES = frozenset(_DEVICE_CLASSES.split())
QUIET_WORDS = frozenset(_WORDS.split())

# What a person, or an automation on their behalf, can set.
ACTUATORS = frozenset(_ACTUATORS.split())

# What happens by somebody being there. It may set something off; nobody does it as a habit of its own.
PRESENCE_DOMAINS = frozenset(("device_tracker", "person"))
PRESENCE_WORDS = frozenset(("motion", "moving", "occupancy", "pir", "presence", "radar", "sound", "vibration"))
