"""Everything an adapter package needs from cadgate: this module only re-exports.

# cadgate_example/adapter.py, named by the entry point `example = "cadgate_example.adapter"` in `cadgate.adapters`
@hookimpl
def cadgate_adapter() -> Adapter:
    return Adapter(name="example", title="Example", ...)
"""

from __future__ import annotations

from fastapi import Depends, Request
from fastapi.routing import APIRouter
from starlette.responses import Response

from cadgate.appserver import Recognised, recognise, recognise_bytes, scrutiny
from cadgate.artifacts.store import StagedFile
from cadgate.clients.base_client import BaseSocketClient
from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded, encode_params
from cadgate.contract.methods import Handler, Method, execute_if_trusted
from cadgate.contract.settings import AdapterSettings
from cadgate.dispatch.application import Application
from cadgate.dispatch.steps import Finished
from cadgate.errors import (
    ApplicationUnavailable,
    CadgateError,
    CommandExecutionError,
    ConnectionFailed,
    DegenerateResult,
    LimitExceeded,
    ObjectNotFound,
    UnsupportedFormat,
    ValidationFailed,
)
from cadgate.look.aside import draw_sheet
from cadgate.look.handler import LOOK_HANDLER
from cadgate.look.models import LOOK
from cadgate.look.routes import look_router
from cadgate.models.common import (
    Color,
    Count,
    Creation,
    Empty,
    Name,
    Number,
    Params,
    QueryCount,
    QueryNumber,
    Rotation,
    Trustable,
    Vector3,
)
from cadgate.models.paging import ObjectPage, Page
from cadgate.models.responses import Artifact, Deleted, MayWarn, ObjectInfo, Result, Success, Warned
from cadgate.models.suffixes import Suffixes, check_suffix, follow_suffix
from cadgate.plugins.guidance import Prompt, Resource
from cadgate.plugins.hookspecs import API_VERSION, Adapter, Formats, hookimpl
from cadgate.sessions.launcher import Hint, Launcher, LaunchPlan, application_entry
from cadgate.web.access import requires
from cadgate.web.async_answers import JobAccepted
from cadgate.web.dependencies import application
from cadgate.web.downloads import file_answers, file_or_json
from cadgate.web.incoming import INCOMING_BODY, TRUSTABLE_BODY, IncomingFile
from cadgate.web.json_request import read_bulk_json, run_on_body
from cadgate.web.router import Router

__all__ = [
    "API_VERSION",
    "INCOMING_BODY",
    "LOOK",
    "LOOK_HANDLER",
    "TRUSTABLE_BODY",
    "APIRouter",
    "Adapter",
    "AdapterSettings",
    "Application",
    "ApplicationUnavailable",
    "Artifact",
    "BaseSocketClient",
    "CadgateError",
    "Color",
    "CommandExecutionError",
    "ConnectionFailed",
    "Count",
    "Creation",
    "DegenerateResult",
    "Deleted",
    "Depends",
    "Empty",
    "Encoded",
    "Finished",
    "Formats",
    "Handler",
    "Hint",
    "IncomingFile",
    "JobAccepted",
    "LaunchPlan",
    "Launcher",
    "LimitExceeded",
    "MayWarn",
    "Method",
    "Name",
    "Number",
    "ObjectInfo",
    "ObjectNotFound",
    "ObjectPage",
    "Page",
    "Params",
    "Prompt",
    "QueryCount",
    "QueryNumber",
    "Recognised",
    "Request",
    "RequestContext",
    "Resource",
    "Response",
    "Result",
    "Rotation",
    "Router",
    "StagedFile",
    "Success",
    "Suffixes",
    "Trustable",
    "UnsupportedFormat",
    "ValidationFailed",
    "Vector3",
    "Warned",
    "application",
    "application_entry",
    "check_suffix",
    "draw_sheet",
    "encode_params",
    "execute_if_trusted",
    "file_answers",
    "file_or_json",
    "follow_suffix",
    "hookimpl",
    "look_router",
    "read_bulk_json",
    "recognise",
    "recognise_bytes",
    "requires",
    "run_on_body",
    "scrutiny",
]
