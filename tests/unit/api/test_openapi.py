"""The description is complete, and true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from src.api import automation_schemas, feedback_schemas, health, model_schemas, pattern_schemas, run_schemas
from src.api.problems import MEDIA_TYPE, PROBLEMS, Problem
from src.domain.patterns import Kind
from tests.unit.domain import every_kind

PATHS = {
    "/automations": {"get"},
    "/health": {"get"},
    "/health/ready": {"get"},
    "/models": {"get"},
    "/models/downloads": {"get"},
    "/models/{name}/load": {"post"},
    "/models/{name}/unload": {"post"},
    "/patterns": {"get"},
    "/patterns/detect": {"post"},
    "/patterns/search": {"post"},
    "/patterns/{pattern_id}": {"get", "patch"},
    "/patterns/{pattern_id}/automation": {"post"},
    "/patterns/{pattern_id}/feedback": {"get", "post"},
    "/patterns/{pattern_id}/deploy": {"post"},
    "/patterns/{pattern_id}/rollback": {"post"},
    "/patterns/{pattern_id}/status": {"get"},
    "/runs": {"get"},
    "/runs/{run_id}": {"get"},
    "/runs/{run_id}/whys": {"get"},
}


@pytest.fixture
def description(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_paths_are_these(description: dict[str, Any]) -> None:
    assert {path: set(methods) for path, methods in description["paths"].items()} == PATHS


def test_every_operation_is_told_in_words(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        assert operation.get("summary"), name
        assert operation.get("description", "").endswith("."), name
        assert operation.get("tags"), name
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (name, parameter["name"])


def test_every_error_is_documented_as_a_problem(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        failures = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
        assert {"421", "500"} <= set(failures), name
        for status, answer in failures.items():
            assert set(answer["content"]) == {MEDIA_TYPE}, (name, status)
            for code, example in answer["content"][MEDIA_TYPE]["examples"].items():
                assert Problem.model_validate(example["value"]).status == int(status) == PROBLEMS[code].status


def test_bodies_and_parameters_can_be_refused_and_say_so(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        responses = set(operation["responses"])
        if "requestBody" in operation:
            assert {"400", "403", "413", "415", "422"} <= responses, name
        if operation.get("parameters"):
            assert "422" in responses, name


def test_every_success_has_an_example(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for name, operation in operations(description):
        for status, answer in operation["responses"].items():
            if status < "400":
                content = answer["content"]["application/json"]
                model = content["schema"].get("$ref", "").rpartition("/")[2]
                assert "example" in content or schemas[model]["examples"], (name, status)


def models_with_examples() -> list[type[BaseModel]]:
    found = [
        model
        for module in (pattern_schemas, automation_schemas, feedback_schemas, run_schemas, model_schemas, health)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.model_config.get("json_schema_extra")
    ]
    return sorted(set(found), key=lambda model: model.__name__)


@pytest.mark.parametrize("model", models_with_examples(), ids=lambda model: model.__name__)
def test_examples_are_what_they_are_examples_of(model: type[BaseModel]) -> None:
    extra = model.model_config["json_schema_extra"]
    assert isinstance(extra, dict)
    examples = extra["examples"]
    assert isinstance(examples, list)
    for example in examples:
        written = model.model_validate(example).model_dump(mode="json", exclude_unset=True)
        assert set(written) == set(example)  # type: ignore[arg-type]


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for child in value.values():
                yield from references(child)
        elif isinstance(value, list):
            for child in value:
                yield from references(child)

    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    assert set(references(description)) <= known


def test_a_caller_may_not_send_what_is_not_described(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for name in ("DeployIn", "DetectIn", "Question", "RollbackIn", "StatusChange"):
        assert schemas[name]["additionalProperties"] is False


def test_every_trigger_is_described_and_told_apart_by_its_type(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    trigger = schemas["PatternOut"]["properties"]["trigger"]
    assert trigger["discriminator"]["propertyName"] == "type"
    described = trigger["discriminator"]["mapping"]
    assert set(described) == {pattern.trigger.to_json()["type"] for pattern in every_kind.EVERY}
    for pattern in every_kind.EVERY:
        value = pattern.trigger.to_json()
        schema = schemas[described[value["type"]].rpartition("/")[2]]
        assert set(schema["properties"]) == set(schema["required"]) == set(value)
        assert schema["description"].endswith(".")


def test_every_kind_can_be_asked_for(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert set(schemas["Kind"]["enum"]) == {str(kind) for kind in Kind}
    (kind,) = [each for each in description["paths"]["/patterns"]["get"]["parameters"] if each["name"] == "kind"]
    assert {str(kind) for kind in Kind} == set(kind["schema"]["anyOf"][0]["enum"])
