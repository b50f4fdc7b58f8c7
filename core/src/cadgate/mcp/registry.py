"""The tools in the order in which they are listed."""

from __future__ import annotations

from cadgate.mcp import calling, finding, managing
from cadgate.mcp.schemas import Schema
from cadgate.mcp.tools import (
    AgentTool,
    BatchArguments,
    CallArguments,
    DescribeArguments,
    DocsArguments,
    ExecuteArguments,
    ExportArguments,
    ImportArguments,
    JobsArguments,
    LookArguments,
    MeasureArguments,
    SearchArguments,
    SessionsArguments,
)

_OBJECT: Schema = {"type": "object"}
_LIST: Schema = {"type": "array", "items": _OBJECT}

TOOLS: tuple[AgentTool, ...] = (
    AgentTool(
        "search",
        "Find what the applications can do, by words. Start here; then `describe`, then `call`.",
        SearchArguments,
        {
            "methods": {**_LIST, "description": "application, method, summary."},
            "total": {"type": "integer"},
            "api": {**_LIST, "description": "Of the applications' own API: name, call."},
        },
        finding.search,
        finds=True,
        reads=True,
    ),
    AgentTool(
        "describe",
        "Parameters (with units and defaults), result and an example of a method.",
        DescribeArguments,
        {"result": {"type": "object", "description": "params and result are JSON Schemas; example is a call."}},
        finding.describe,
        finds=True,
        reads=True,
    ),
    AgentTool(
        "call",
        "Call a method of an application. Its result was verified; an error changed nothing and says what to send.",
        CallArguments,
        {"result": {"type": "object", "description": "As `describe` says."}},
        calling.call,
        destroys=True,
    ),
    AgentTool(
        "batch",
        "Call many methods of an application in one round trip.",
        BatchArguments,
        {
            "result": {
                "type": "object",
                "properties": {"results": {**_LIST, "description": "status, and result or error, in order."}},
            }
        },
        calling.batch,
        destroys=True,
    ),
    AgentTool(
        "execute",
        "Run Python inside the application (`bpy`; `FreeCAD`, `Part`): for what no method does. Names persist.",
        ExecuteArguments,
        {
            "result": {
                "type": "object",
                "properties": {
                    "value": {"description": "If it is JSON."},
                    "repr": {"type": ["string", "null"]},
                    "output": {"type": "string"},
                    "duration_ms": {"type": "number"},
                },
            }
        },
        calling.execute,
        destroys=True,
    ),
    AgentTool(
        "look",
        "See what is there: one picture of several labelled views, with a legend of names, colours and boxes.",
        LookArguments,
        {"result": {"type": "object", "description": "artifact, width, height, views, legend, revision."}},
        calling.look,
        reads=True,
    ),
    AgentTool(
        "measure",
        "Size, place, volume, area … of an object, or the distance to another, in the application's units.",
        MeasureArguments,
        {"result": _OBJECT},
        calling.measure,
        reads=True,
    ),
    AgentTool(
        "export",
        "Write objects to a file, verified by reading it back. Further arguments: parameters of exchange.export.",
        ExportArguments,
        {"result": {"type": "object", "properties": {"artifact": {**_OBJECT, "description": "id, name, url, …"}}}},
        calling.export,
    ),
    AgentTool(
        "import",
        "Read a file into the document. Further arguments: parameters of exchange.import.",
        ImportArguments,
        {"result": {"type": "object", "properties": {"objects": _LIST}}},
        calling.import_file,
    ),
    AgentTool(
        "sessions",
        "Applications and documents of your own. A session's id is the argument `session` elsewhere.",
        SessionsArguments,
        {"result": {"type": "object", "description": "sessions and total, or the session: id, state, …"}},
        managing.sessions,
        destroys=True,
    ),
    AgentTool(
        "jobs",
        "Long work that goes on by itself, also after a crash: look, wait for it, cancel.",
        JobsArguments,
        {"result": {"type": "object", "description": "jobs and total, or the job: id, state, progress, result, …"}},
        managing.jobs,
        destroys=True,
    ),
    AgentTool(
        "docs",
        "How to work with this gateway, what errors mean. The page `start` has the ten things that matter.",
        DocsArguments,
        {
            "pages": _LIST,
            "page": {"type": "string"},
            "text": {"type": "string"},
            "sections": _LIST,
        },
        finding.docs,
        finds=True,
        reads=True,
    ),
)
