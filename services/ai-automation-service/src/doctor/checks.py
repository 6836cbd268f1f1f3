"""Everything that is looked at, in the order that it is told."""

from __future__ import annotations

from src.doctor.about_box import look_at_box
from src.doctor.about_broker import look_at_broker
from src.doctor.about_database import look_at_database
from src.doctor.about_home_assistant import look_at_home_assistant
from src.doctor.about_models import look_at_hub, look_at_models
from src.doctor.about_runs import look_at_runs
from src.doctor.about_service import look_at_service
from src.doctor.about_settings import look_at_settings
from src.doctor.about_software import look_at_software
from src.doctor.about_sources import look_at_history, look_at_influxdb, look_at_recorder
from src.doctor.about_storage import look_at_storage
from src.doctor.examination import Check

CHECKS = (
    Check("settings", "settings", look_at_settings),
    Check("software", "software", look_at_software),
    Check("box", "box", look_at_box),
    Check("storage", "storage", look_at_storage),
    Check("database", "database", look_at_database),
    Check("models", "models", look_at_models, thorough=True),
    Check("models", "hub", look_at_hub),
    Check("home assistant", "home assistant", look_at_home_assistant),
    Check("sources", "history", look_at_history),
    Check("sources", "recorder", look_at_recorder),
    Check("sources", "influxdb", look_at_influxdb),
    Check("mqtt", "mqtt", look_at_broker),
    Check("runs", "runs", look_at_runs),
    Check("service", "service", look_at_service),
)
