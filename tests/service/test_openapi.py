import json
import re
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from callscribe.domain.errors import catalogue
from callscribe.domain.events import Envelope, UnknownEvent, parse_callback, parse_event_grid
from service.app import _ROUTERS
from service.envelopes import opened
from tests.service.situations import Service, assert_problem

pytestmark = pytest.mark.anyio


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    return service.app().openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_the_description(anyone: httpx.AsyncClient) -> None:
    """is served and valid."""
    answer = await anyone.get("/openapi.json")
    assert answer.status_code == 200
    validate(answer.json())


async def test_every_route(document: dict[str, Any]) -> None:
    """is described: an id of its own, a summary, a description, a tag."""
    described = {(method.upper(), path) for method, path, _ in operations(document)}
    offered = {
        (method, route.path)
        for router in _ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods
    }
    assert described == offered
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in document["tags"]}
    for _, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert set(operation["tags"]) <= tags, path


async def test_every_operation_of_integrators(document: dict[str, Any]) -> None:
    """names its security and the problems of a stranger; the catalogue alone is public."""
    for _, path, operation in operations(document):
        guarded = path.startswith("/v1/") and not path.startswith("/v1/errors")
        assert ("security" in operation) == guarded, path
        assert ({"401", "403"} <= set(operation["responses"])) == guarded, path


async def test_every_problem(document: dict[str, Any]) -> None:
    """is `application/problem+json` with examples of the codes that can come."""
    for _, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status < "400":
                continue
            problem = answer["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, path
            for code, example in problem["examples"].items():
                shown = document["components"]["examples"][code]["value"]
                assert example == {"$ref": f"#/components/examples/{code}"}
                assert str(shown["status"]) == status
    assert set(document["components"]["examples"]) == {error.code for error in catalogue()}


async def test_the_frameworks_own_errors(document: dict[str, Any]) -> None:
    """appear nowhere: they are never answered."""
    assert "HTTPValidationError" not in str(document)


async def test_every_example(document: dict[str, Any]) -> None:
    """fits the shape that it is an example of."""
    registry = Registry().with_resource("urn:api", Resource.from_contents(document, DRAFT202012))
    checked = 0
    for _, path, operation in operations(document):
        for answer in operation["responses"].values():
            for media_type, content in answer.get("content", {}).items():
                if media_type != "application/json" or "schema" not in content:
                    continue
                shown = [content["example"]] if "example" in content else []
                shown += [one["value"] for one in content.get("examples", {}).values()]
                assert shown, path
                for example in shown:
                    at_home = {"$id": "urn:api:example", **absolute(content["schema"])}
                    Draft202012Validator(at_home, registry=registry).validate(example)
                    checked += 1
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            here = {"$ref": f"urn:api#/components/schemas/{name}"}
            Draft202012Validator(here, registry=registry).validate(example)
            checked += 1
    for example in document["components"]["examples"].values():
        here = {"$ref": "urn:api#/components/schemas/Problem"}
        Draft202012Validator(here, registry=registry).validate(example["value"])
        checked += 1
    assert checked > 80


def absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: f"urn:api{value}" if name == "$ref" else absolute(value) for name, value in schema.items()
        }
    return [absolute(one) for one in schema] if isinstance(schema, list) else schema


async def test_what_is_sent(document: dict[str, Any]) -> None:
    """has an example: every parameter that is free in form, and every body that Azure posts."""
    for _, path, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            assert {"examples", "enum", "$ref", "default"} & set(schema), (path, parameter["name"])
        body = operation.get("requestBody", {"content": {}})
        for media_type, content in body["content"].items():
            assert "example" in content or "$ref" in content["schema"], (path, media_type)


async def test_what_azure_posts(document: dict[str, Any]) -> None:
    """is shown as events that are understood."""
    paths, now = document["paths"], 1_700_000_000_000
    for path in ("/azure/events", "/azure/callbacks/{key}"):
        for content in paths[path]["post"]["requestBody"]["content"].values():
            [event] = opened(json.dumps(content["example"]).encode(), {}, now)
            assert isinstance(event, Envelope)
            parsed = (parse_event_grid if path == "/azure/events" else parse_callback)(event)
            assert not isinstance(parsed, UnknownEvent)


async def test_a_body_that_is_too_large(document: dict[str, Any], anyone: httpx.AsyncClient) -> None:
    """can be refused by every operation, also by those that take none."""
    assert all("413" in operation["responses"] for _, _, operation in operations(document))
    answer = await anyone.request("GET", "/healthz", content=b" " * 3_000_000)
    assert_problem(answer, 413, "body-too-large")


async def test_the_bodies(document: dict[str, Any]) -> None:
    """are described with the names on the wire, and as taking nothing unknown."""
    place = document["components"]["schemas"]["PlaceCall"]
    assert place["additionalProperties"] is False
    assert {"targets", "connect", "expect", "sourceCallerId", "externalId", "speechModelEndpointId"} <= set(
        place["properties"]
    )
    for method, path, operation in operations(document):
        takes = method == "post" and path.startswith("/v1/")
        assert ("requestBody" in operation) == (takes or (path.startswith("/azure/") and method == "post")), (
            path
        )


async def test_the_live_stream(document: dict[str, Any]) -> None:
    """names the shape of every event that it sends, and the shapes are described."""
    [stream] = [one for _, path, one in operations(document) if path.endswith("/transcript/stream")]
    named = set(re.findall(r"\b[A-Z]\w+View\b", stream["responses"]["200"]["description"]))
    assert named == {
        "SegmentView",
        "GapView",
        "TranscriptionView",
        "StreamShiftView",
        "CallView",
        "PartialView",
    }
    assert named <= set(document["components"]["schemas"])
