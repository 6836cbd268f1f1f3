"""The OpenAPI description: what the routers declare, and the problem every error is answered with."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from src.api.problems import FieldError, Problem

_ABOUT = """\
Learns a home's routines from its history and proposes them as automations, wholly on the home's own machine.

Errors are RFC 9457 problems (`application/problem+json`) with a stable `code`. Bodies are JSON and must say so in
`Content-Type`. Every response carries `X-Request-ID`, under which the log has the request.
"""
TAGS = [
    {"name": "patterns", "description": "Routines: find, list, ask, judge."},
    {"name": "automations", "description": "Routines as automations of the home: look, deploy, take back."},
    {"name": "runs", "description": "Executions of the pipeline."},
    {"name": "models", "description": "What embeds, ranks and classifies: what is here, and fetching it."},
    {"name": "health", "description": "For supervisors and the curious."},
]


def install_openapi(app: FastAPI) -> None:
    """Replace an app's generated description by one that has the problem's schema and our introduction."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes, tags=TAGS)
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for model in (Problem, FieldError):
                own = model.model_json_schema(ref_template="#/components/schemas/{model}")
                own.pop("$defs", None)
                schemas[model.__name__] = own
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]  # how the framework documents it
