"""Completes the documentation of every operation: errors, headers, dry runs, examples."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from cadgate.contract.methods import Method
from cadgate.error_bodies import error_body
from cadgate.errors import CadgateError
from cadgate.models.examples import example_of, with_nulls
from cadgate.models.jobs import JOB_EXAMPLE, Job
from cadgate.models.responses import ErrorBody, Failure
from cadgate.openapi.extensions import BYTES_FIRST, METHOD_EXTENSION, SAFE, takes_context
from cadgate.openapi.merge import Part, references

Operation = dict[str, Any]

_FAILURE = {"$ref": "#/components/schemas/Failure"}
_DRY_RUN = {"$ref": "#/components/schemas/DryRunAnswer"}
_BATCH = "/batch"

_FAILURES: dict[int, tuple[str, str, str]] = {
    400: ("Not understood", "malformed_json", "The body is not JSON: expected value at line 1 column 1"),
    401: ("No key, or an unknown one", "unauthenticated", "A key is needed: send Authorization: Bearer <key>"),
    403: ("Not allowed for this caller", "forbidden", "Only the user who runs this gateway may use it"),
    404: ("Not found", "not_found", "There is no such thing; details.did_you_mean has the most similar names"),
    405: ("Not allowed on this path", "method_not_allowed", "PUT is not allowed here; allowed: GET"),
    410: ("Gone", "session_ended", "The session '5f0c9a9be0f84c1f5f0c9a9be0f84c1f' has ended: it was deleted"),
    409: ("In conflict with the current state", "name_taken", "The name 'Cube' is in use by another object"),
    412: ("Changed since it was read", "revision_mismatch", "The object has changed since revision '3f1c0b9e5d27'"),
    413: ("Too large", "payload_too_large", "The body is too large: 99999999 bytes are above the limit of 16777216"),
    415: (
        "Type of body not accepted",
        "unsupported_media_type",
        "A body of type 'text/plain' is not accepted here; send application/json",
    ),
    416: ("Outside of the file", "range_not_satisfiable", "The range 'bytes=99-' is outside the file's 5 bytes"),
    421: ("Addressed to another host", "misdirected_host", "This gateway does not answer to the Host 'example.org'"),
    422: (
        "Understood, and refused",
        "validation_error",
        "The request is not valid: body.size: '2' is a string: send 2",
    ),
    429: ("Too many calls in flight", "overloaded", "256 calls are in flight; try again in a second"),
    500: ("A defect of the gateway", "internal_error", "The gateway failed on this request; its log has the details"),
    503: ("The application cannot be reached", "application_starting", "The application is starting; try again"),
    507: ("Not enough memory", "limit_exceeded", "The application took more memory than session_memory_bytes allows"),
    504: ("Not done in time", "deadline_exceeded", "The call had no answer within 30 s"),
}
_STANDARD = ("Validation Error", "Additional Response", "Unprocessable Entity")
"""FastAPI's default descriptions."""

_RETRYABLE = (429, 503, 504)
_NAME = r"^[^\x00-\x1f\x7f]*$"
"""What a name in a path may be: no control characters."""

_HEADERS = {
    "X-Request-ID": {"description": "The id of the request in the log.", "schema": {"type": "string"}},
    "Server-Timing": {
        "description": "Milliseconds: `queue`, `app`, `total`.",
        "schema": {"type": "string", "examples": ["queue;dur=0.10, app;dur=0.52, total;dur=1.21"]},
    },
}
DEADLINE: dict[str, Any] = {
    "name": "X-Deadline-Ms",
    "in": "header",
    "required": False,
    "description": "How long the response may take, in milliseconds; then it is 504 `deadline_exceeded`.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 86_400_000},
}
IDEMPOTENCY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Chosen by the client for one piece of work: sent again with the same key, it is answered and not "
    "done again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
SESSION: dict[str, Any] = {
    "name": "Cadgate-Session",
    "in": "header",
    "required": False,
    "description": "The id of the session to use, by default `default`; `?session=` does the same.",
    "schema": {"type": "string", "minLength": 1},
}
SESSION_QUERY: dict[str, Any] = {
    **SESSION,
    "name": "session",
    "in": "query",
    "description": "The same as the "
    "header `Cadgate-Session`, for pictures and WebSockets of pages, which cannot set headers.",
}
_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `revision` that the change is based on; 412 `revision_mismatch` if it is not current.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r'^[^\s"\x00-\x1f\x7f]+$'},
}
_IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of a response that the client has: if it would be the same again, the response is 304.",
    "schema": {"type": "string"},
}
_ETAG = {"description": "Identifies this response, for `If-None-Match`.", "schema": {"type": "string"}}
_NOT_CHANGED = {"description": "Not changed since the `ETag` that `If-None-Match` names"}
DRY_RUN_QUERY: dict[str, Any] = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": "Check everything, change nothing.",
    "schema": {"type": "boolean", "default": False},
}


PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`respond-async`: the response is 202 with a job, as soon as that is on disk, instead of the "
    "result. With `wait=10` only if the result takes longer than so many seconds.",
    "schema": {"type": "string", "examples": ["respond-async", "respond-async, wait=10"]},
}
WEBHOOK: dict[str, Any] = {
    "name": "Cadgate-Webhook",
    "in": "header",
    "required": False,
    "description": "Where to send the events of the job, as JSON. The setting `webhook_allow` must allow the URL.",
    "schema": {"type": "string", "examples": ['{"url": "https://hooks.example.org/cadgate", "events": ["finished"]}']},
}
_ACCEPTED: dict[str, Any] = {
    "description": "It has become a job, because of `Prefer: respond-async`",
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/JobAnswer"},
            "example": {"status": "success", "result": JOB_EXAMPLE},
        }
    },
    "headers": {
        **_HEADERS,
        "Location": {"description": "The path of the job.", "schema": {"type": "string"}},
        "Preference-Applied": {"description": "`respond-async`", "schema": {"type": "string"}},
    },
}


def job_schemas() -> dict[str, Any]:
    """The schemas of the response to work that has become a job."""
    job = Job.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    inner: dict[str, Any] = job.pop("$defs", {})
    inner.pop("ErrorBody", None)  # one of those of failures
    return {
        **inner,
        "Job": job,
        "JobAnswer": {
            "title": "JobAnswer",
            "description": "A job: `GET /api/v1/jobs/{id}` says how far it is.",
            "type": "object",
            "properties": {
                "status": {"type": "string", "const": "success", "default": "success"},
                "result": {"$ref": "#/components/schemas/Job"},
            },
            "required": ["status", "result"],
        },
    }


def failure_schemas() -> dict[str, Any]:
    """The schemas that every operation's documentation refers to."""
    failure = Failure.model_json_schema(ref_template="#/components/schemas/{model}")
    failure.pop("$defs", None)
    return {
        "Failure": failure,
        "ErrorBody": ErrorBody.model_json_schema(),
        "DryRunAnswer": {
            "title": "DryRunAnswer",
            "description": "The response to `dry_run=true`: the request would succeed.",
            "type": "object",
            "properties": {
                "status": {"type": "string", "const": "success", "default": "success"},
                "result": {
                    "type": "object",
                    "properties": {"dry_run": {"type": "boolean", "const": True}},
                    "required": ["dry_run"],
                },
            },
            "required": ["status", "result"],
        },
    }


def complete(part: Part, methods: Mapping[str, Method[Any, Any]], context: Sequence[str]) -> None:
    """Add what is missing to every operation of `part`. `methods` and `context` are the adapter's, if any."""
    for name in ("HTTPValidationError", "ValidationError"):
        part.schemas.pop(name, None)
    for schema in part.schemas.values():
        if "examples" in schema:
            schema["examples"] = [with_nulls(one, schema, part.schemas) for one in schema["examples"]]
    replaced: set[str] = set()
    for path, operations in part.paths.items():
        for verb, operation in operations.items():
            method = methods.get(operation.get(METHOD_EXTENSION, ""))
            batch = bool(methods) and path.endswith(_BATCH)
            mutates = batch or (method is not None and method.mutates)
            revised = method is not None and method.accepts_if_match
            operation.setdefault("description", operation.get("summary", ""))
            dry = bool(methods) and verb.upper() not in SAFE
            once = mutates or (method is not None and method.deadline == "file")
            _parameters(operation, adapter=bool(methods), revised=revised, once=once, dry=dry)
            if method is not None and method.by_state:
                operation["parameters"].append(dict(_IF_NONE_MATCH))
                operation["responses"]["304"] = dict(_NOT_CHANGED)
                operation["responses"]["200"].setdefault("headers", {})["ETag"] = dict(_ETAG)
            if methods and takes_context(path, operation):
                _context(operation, context)
            long = batch or (method is not None and (method.deadline == "file" or method.job))
            if long:
                operation["parameters"] += [dict(PREFER), dict(WEBHOOK)]
            _failures(operation, adapter=bool(methods), mutates=mutates, revised=revised)
            _successes(operation, part.schemas, dry=dry)
            if long:
                replaced |= references(operation["responses"].get("202"))
                operation["responses"]["202"] = copy.deepcopy(_ACCEPTED)
                if method is not None and method.job:
                    operation["responses"]["202"]["description"] = "The job that does it"
            _body_example(operation, part.schemas)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    _forget(part, replaced)


def _forget(part: Part, names: set[str]) -> None:
    """Remove schemas that nothing refers to any more, and what only they referred to."""
    while names:
        used = references(part.paths) | {
            each for name, schema in part.schemas.items() for each in references(schema) - {name}
        }
        gone = {name for name in names if name in part.schemas and name not in used}
        names = {each for name in gone for each in references(part.schemas.pop(name))}


def _parameters(operation: Operation, *, adapter: bool, revised: bool, once: bool, dry: bool) -> None:
    wanted = [DEADLINE, SESSION, SESSION_QUERY] if adapter else []
    wanted += [IDEMPOTENCY] * once + [_IF_MATCH] * revised + [DRY_RUN_QUERY] * dry
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", []) if wanted else []
    for one in parameters:
        if adapter and one["in"] == "path" and one["schema"].get("type") == "string":
            one["schema"].setdefault("pattern", _NAME)
    known = {(one["in"], one["name"].lower()) for one in parameters}
    parameters.extend(dict(one) for one in wanted if (one["in"], one["name"].lower()) not in known)


def _context(operation: Operation, context: Sequence[str]) -> None:
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    known = {one["name"] for one in parameters}
    for name in context:
        if name not in known:
            text = f"The {name} to work in, by default the active one."
            schema = {"type": "string"}
            parameters.append({"name": name, "in": "query", "required": False, "description": text, "schema": schema})


def _failures(operation: Operation, *, adapter: bool, mutates: bool, revised: bool) -> None:
    responses: dict[str, Any] = operation.setdefault("responses", {})
    statuses = {int(status) for status in responses if status.isdigit() and int(status) >= 400}
    statuses |= {400, 401, 403, 421, 500}
    if "requestBody" in operation:
        statuses |= {413, 415, 422}
    if operation.get("parameters"):
        statuses |= {422}
    if adapter:
        statuses |= {404, 410, 429, 503, 504}
    if mutates:
        statuses |= {409}
    if revised:
        statuses |= {412}
    for status in sorted(statuses):
        title, code, message = _FAILURES.get(status, ("Failure", "internal_error", "It failed"))
        given = responses.get(str(status), {}).get("description", "")
        responses[str(status)] = {
            "description": given if given and given not in (HTTPStatus(status).phrase, *_STANDARD) else title,
            "content": {"application/json": {"schema": _FAILURE, "example": _example(status, code, message)}},
        }


def _example(status: int, code: str, message: str) -> dict[str, Any]:
    error = CadgateError(message, code=code)
    error.retryable = status in _RETRYABLE
    return {"status": "error", "error": error_body(error, "5f0c9a9be0f84c1f")}


def _successes(operation: Operation, schemas: dict[str, Any], *, dry: bool) -> None:
    for status, response in operation["responses"].items():
        if not status.startswith("2"):
            continue
        response.setdefault("headers", {}).update(_HEADERS)
        if response.pop(BYTES_FIRST, False):
            # Generated clients decode by the type that is listed first.
            response["content"]["application/json"] = response["content"].pop("application/json")
        content: dict[str, Any] | None = response.get("content", {}).get("application/json")
        if not content or not content.get("schema"):
            continue
        _example_for(content, schemas)
        if dry:
            content["schema"] = {"anyOf": [content["schema"], _DRY_RUN]}
    if dry and "200" not in operation["responses"]:
        # A dry run creates nothing, so it is 200 instead of 201.
        operation["responses"]["200"] = {
            "description": "A dry run without errors",
            "content": {
                "application/json": {
                    "schema": _DRY_RUN,
                    "example": {"status": "success", "result": {"dry_run": True}},
                }
            },
            "headers": dict(_HEADERS),
        }


def _body_example(operation: Operation, schemas: dict[str, Any]) -> None:
    content: dict[str, Any] | None = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content and content.get("schema"):
        _example_for(content, schemas)


def _example_for(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    if "examples" not in content:
        example = content.get("example") or example_of(content["schema"], schemas)
        content["example"] = with_nulls(example, content["schema"], schemas)
