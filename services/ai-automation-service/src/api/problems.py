"""Every error as an RFC 9457 problem, from one table."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from src.errors import AutomationRefused, ModelBusy, ServiceError
from src.observability.context import request_id

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """How one kind of problem is answered: HTTP status, and what it is in general."""

    status: int
    title: str


# By the code of the error. An error whose own code is not listed is answered as the nearest of its ancestors.
PROBLEMS: Mapping[str, ProblemType] = {
    "malformed_json": ProblemType(400, "The body is not JSON."),
    "cross_site": ProblemType(403, "The request comes from another site's page."),
    "not_by_ingress": ProblemType(403, "The request does not come from Home Assistant's ingress."),
    "no_such_path": ProblemType(404, "There is nothing at this path."),
    "not_found": ProblemType(404, "There is no such pattern, run or interest."),
    "method_not_allowed": ProblemType(405, "This path does not take this method."),
    "unknown_model": ProblemType(404, "There is no such model."),
    "no_history": ProblemType(409, "There is no history to mine yet."),
    "run_in_progress": ProblemType(409, "Another run is at work."),
    "home_assistant_not_set": ProblemType(409, "No Home Assistant is set."),
    "automation_changed": ProblemType(409, "Somebody changed the automation by hand."),
    "automation_busy": ProblemType(409, "Another call is changing the home's automations."),
    "not_deployed": ProblemType(409, "There is no such automation in Home Assistant."),
    "model_in_use": ProblemType(409, "A model is in use."),
    "model_locked": ProblemType(409, "Another process is preparing a model."),
    "body_too_large": ProblemType(413, "The body is larger than any request needs to be."),
    "not_json": ProblemType(415, "The body is not declared as JSON."),
    "host_not_allowed": ProblemType(421, "The request was sent to a name this service does not answer to."),
    "invalid_request": ProblemType(422, "A field of the request is not as it should be."),
    "invalid_input": ProblemType(422, "The input cannot be used."),
    "invalid_setting": ProblemType(422, "A value is outside its range."),
    "unknown_time_zone": ProblemType(422, "There is no such time zone."),
    "unknown_kind": ProblemType(422, "There is no such kind of pattern."),
    "history_not_found": ProblemType(422, "There is no history at the given path."),
    "history_unreadable": ProblemType(422, "The history cannot be read."),
    "history_columns_missing": ProblemType(422, "The history lacks a column."),
    "history_empty": ProblemType(422, "The history holds no usable event."),
    "not_automatable": ProblemType(422, "No automation can be made of the pattern."),
    "automation_refused": ProblemType(422, "A check speaks against the automation."),
    "model_busy": ProblemType(429, "A model has more to do than it can answer soon."),
    "too_many_watchers": ProblemType(429, "As many as the service allows are watching already."),
    "internal": ProblemType(500, "The service made a mistake."),
    "home_assistant_failed": ProblemType(502, "Home Assistant could not do what was asked."),
    "home_assistant_refused": ProblemType(502, "Home Assistant refuses the token."),
    "home_assistant_error": ProblemType(503, "Home Assistant cannot be used."),
    "home_assistant_unreachable": ProblemType(503, "Home Assistant cannot be reached."),
    "automation_error": ProblemType(500, "The automation could not be handled."),
    "run_error": ProblemType(503, "No run can begin now."),
    "store_error": ProblemType(503, "The database cannot be used."),
    "database_unreachable": ProblemType(503, "The database cannot be reached."),
    "database_too_new": ProblemType(503, "The database belongs to a later version."),
    "model_error": ProblemType(503, "A model cannot be used."),
    "model_unavailable": ProblemType(503, "A model could not be had from any of its sources."),
    "model_corrupt": ProblemType(503, "A model's files are damaged."),
    "run_interrupted": ProblemType(503, "The run was interrupted."),
    "stopping": ProblemType(503, "The service is stopping."),
    "not_ready": ProblemType(503, "The service cannot do its job now."),
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Name of the field, dotted when nested.", examples=["top_k"])
    message: str = Field(description="What is wrong with it.", examples=["Input should be greater than or equal to 1"])


class Problem(BaseModel):
    """An RFC 9457 problem. ``code`` is stable; sentences may be reworded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/not_found",
                    "title": "There is no such pattern, run or interest.",
                    "status": 404,
                    "detail": "There is no pattern p_0123456789abcdef.",
                    "instance": "/patterns/p_0123456789abcdef",
                    "code": "not_found",
                    "remedy": "List what there is with GET /patterns.",
                    "about": "p_0123456789abcdef",
                }
            ]
        }
    )

    type: str = Field(description="Stable URI reference of this kind of problem: `/problems/` and the code.")
    title: str = Field(description="What this kind of problem is.")
    status: int = Field(description="The HTTP status of the response.")
    detail: str = Field(description="What happened this time.")
    instance: str = Field(description="What it happened to: the path asked for, or the run that failed.")
    code: str = Field(description="Stable identifier in snake case.")
    remedy: str = Field("", description="What to do about it; empty when nothing helps but a report.")
    about: str | None = Field(None, description="What it was about: an id, a path, a setting.")
    errors: list[FieldError] | None = Field(None, description="With `invalid_request`: what is wrong, by field.")
    reasons: list[dict[str, Any]] | None = Field(
        None,
        description="With `automation_refused`: what speaks against it, each with `code`, `message`, `remedy`, and"
        " `confirm` where naming that allows it.",
    )


def code_of(error: ServiceError) -> str:
    """The code an error is answered with: its own, or that of the nearest ancestor the table has."""
    ancestors = (ancestor for ancestor in type(error).__mro__ if issubclass(ancestor, ServiceError))
    return next((ancestor.code for ancestor in ancestors if ancestor.code in PROBLEMS), "internal")


class ProblemResponse(JSONResponse):
    """A problem as JSON. Escaped, because what it quotes may be text that has no encoding."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode()


def problem_response(
    code: str,
    detail: str,
    *,
    instance: str,
    remedy: str = "",
    about: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extensions: Any,
) -> ProblemResponse:
    """A problem of the table as a response. A code that is not in the table is answered as ``internal``."""
    kind = PROBLEMS.get(code, PROBLEMS["internal"])
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "remedy": remedy,
        "about": about,
    }
    return ProblemResponse(body | extensions, kind.status, headers=dict(headers or {}))


def internal_problem(instance: str) -> ProblemResponse:
    """The answer to an error nobody foresaw. It tells nothing but where to look."""
    identifier = request_id.get()
    return problem_response(
        "internal",
        "Something unexpected happened while this request was answered.",
        instance=instance,
        remedy=f"The log has the cause under request id {identifier}; please report it with those lines.",
        about=identifier,
    )


def stopping_problem(instance: str) -> ProblemResponse:
    """The answer to a request that was still waiting when the service had to end."""
    return problem_response(
        "stopping",
        "The service stopped before this request was done.",
        instance=instance,
        remedy="Ask again once the service is back; a run that was under way is then in GET /runs.",
    )


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route: these problems, and those that every route may answer."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, "not_by_ingress", "host_not_allowed", "internal"):
        kind = PROBLEMS[code]
        examples = by_status.setdefault(
            kind.status,
            {
                "description": kind.title,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )["content"][MEDIA_TYPE]["examples"]
        examples[code] = {
            "summary": kind.title,
            "value": {
                "type": f"/problems/{code}",
                "title": kind.title,
                "status": kind.status,
                "detail": kind.title,
                "instance": "/",
                "code": code,
                "remedy": "",
                "about": None,
            },
        }
    for answer in by_status.values():
        titles = [example["summary"] for example in answer["content"][MEDIA_TYPE]["examples"].values()]
        answer["description"] = " ".join(titles)
    return by_status


BODY_PROBLEMS = ("malformed_json", "cross_site", "body_too_large", "not_json", "invalid_request")
"""What every route that takes a body may answer."""


async def _service_error(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, ServiceError)
    code = code_of(error)
    if PROBLEMS[code].status >= 500:
        logger.error("request_failed", extra={"code": error.code, "about": error.about}, exc_info=error)
    if code == "internal":
        return internal_problem(request.url.path)
    headers = {"Retry-After": str(max(1, ceil(error.seconds)))} if isinstance(error, ModelBusy) else None
    reasons = {"reasons": error.reasons} if isinstance(error, AutomationRefused) else {}
    return problem_response(
        code,
        error.message,
        instance=request.url.path,
        remedy=error.remedy,
        about=error.about,
        headers=headers,
        **reasons,
    )


def _field_error(error: Mapping[str, Any]) -> dict[str, str]:
    location: Sequence[Any] = error["loc"]
    where = ".".join(str(part) for part in location[1:]) or str(location[0])
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "There is no such field."
    return {"field": where, "message": message}


async def _validation_error(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    malformed = next((one for one in found if one["type"] == "json_invalid"), None)
    if malformed is not None:
        why = malformed.get("ctx", {}).get("error", "it cannot be parsed")
        return problem_response(
            "malformed_json",
            f"The body cannot be read as JSON, at character {malformed['loc'][-1]}: {why}.",
            instance=request.url.path,
            remedy="Send one JSON object.",
        )
    errors = [_field_error(one) for one in found]
    return problem_response(
        "invalid_request",
        "; ".join(f"{one['field']}: {one['message']}" for one in errors),
        instance=request.url.path,
        remedy="Correct the fields named in errors; /openapi.json describes them.",
        about=errors[0]["field"] if errors else None,
        errors=errors,
    )


async def _http_error(request: Request, error: Exception) -> ProblemResponse:
    """What the framework itself refuses: an unknown path, a wrong method, a body it could not parse."""
    assert isinstance(error, HTTPException)
    path, method = request.url.path, request.method
    if error.status_code == 404:
        return problem_response(
            "no_such_path", f"There is nothing at {path}.", instance=path, remedy="See /openapi.json.", about=path
        )
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return problem_response(
            "method_not_allowed",
            f"{path} does not take {method}.",
            instance=path,
            remedy=f"It takes {allowed}." if allowed else "See /openapi.json.",
            about=method,
            headers=error.headers,
        )
    if error.status_code == 400:
        return problem_response(
            "malformed_json", "The body cannot be read as JSON.", instance=path, remedy="Send one JSON object."
        )
    logger.error("request_failed", extra={"status": error.status_code, "detail": error.detail})
    return internal_problem(path)


def install_problem_handlers(app: FastAPI) -> None:
    """Make an app answer every foreseen error as a problem. ``api.requests`` answers the others."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
