"""The API described for machines: OpenAPI 3.1, from the route table and the types of bodies and answers."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from hedger import __version__
from hedger.web.guard import ErrorAnswer
from hedger.web.operations import ANYWHERE, TEXT, Operation, Query

JSON = "application/json"
_REF = "#/components/schemas/{name}"
_TOKEN: dict[str, list[str]] = {"bearer": []}


def document(operations: Iterable[Operation], pages: dict[str, str]) -> dict[str, Any]:
    """The whole document; `pages` are the paths of the live page with their content types."""
    described = tuple(operations)
    kinds = [kind for one in described for kind in (one.answer, one.body) if kind not in (None, dict)]
    schemas, components = msgspec.json.schema_components([ErrorAnswer, *kinds], ref_template=_REF)
    schema_of = dict(zip([ErrorAnswer, *kinds], schemas, strict=True))
    paths: dict[str, Any] = {}
    for one in described:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schema_of)
    for path, content_type in sorted(pages.items()):
        paths[path] = {"get": _page(path, content_type, schema_of)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "hedger", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The daemon writes it into `token` of its state directory.",
                }
            },
        },
    }


def _operation(one: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    answer = _answer(one, schema_of)
    responses = {"200": {"description": "OK", "content": answer}}
    if one.also is not None:
        responses[str(one.also)] = {"description": HTTPStatus(one.also).phrase, "content": answer}
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.meaning,
        "responses": responses | _refusals((*ANYWHERE, *one.refusals), schema_of),
    }
    if one.parameters:
        described["parameters"] = [_parameter(each) for each in one.parameters]
    if one.body is not None:
        content = {JSON: {"schema": schema_of[one.body]}}
        described["requestBody"] = {"required": True, "content": content}
    if one.needs_token:
        described["security"] = [_TOKEN]
    return described


def _answer(one: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    if one.answer is None:
        return {TEXT: {"schema": {"type": "string"}}}
    return {JSON: {"schema": schema_of.get(one.answer, {"type": "object"})}}


def _page(path: str, content_type: str, schema_of: dict[Any, Any]) -> dict[str, Any]:
    content = {content_type: {"schema": {"type": "string"}}}
    return {
        "operationId": f"page {path}",
        "summary": "A file of the live page.",
        "responses": {"200": {"description": "OK", "content": content}} | _refusals(ANYWHERE, schema_of),
    }


def _refusals(statuses: Iterable[int], schema_of: dict[Any, Any]) -> dict[str, Any]:
    """Each with the same body; 401 says how to ask, as HTTP demands."""
    content = {JSON: {"schema": schema_of[ErrorAnswer]}}
    told: dict[str, Any] = {}
    for status in sorted(statuses):
        told[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    if "401" in told:
        told["401"]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return told


def _parameter(each: Query) -> dict[str, Any]:
    return {
        "name": each.name,
        "in": each.where,
        "required": each.where == "path",
        "description": each.meaning,
        "schema": each.schema,
    }
