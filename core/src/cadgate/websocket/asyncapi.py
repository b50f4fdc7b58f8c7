"""The AsyncAPI 3 document of `/ws/{adapter}`, generated from the message models."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.datastructures import URL

from cadgate.models.root import ROOT
from cadgate.websocket.messages import CLIENT_MESSAGES, SERVER_MESSAGES, Message

_SCHEMAS = "#/components/schemas/{model}"
_MESSAGES = "#/components/messages/"


def document(app: FastAPI, url: URL) -> bytes:
    """Return the document as JSON, for the active adapters of `app`; `url` is where the client requested it."""
    adapters = sorted(app.state.sockets.adapters)
    server = {"host": url.netloc, "protocol": "wss" if url.scheme == "https" else "ws"}
    if root := ROOT.get():
        server["pathname"] = root
    made: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{app.title}: live connections",
            "version": app.version,
            "description": "One JSON object in each text frame. `type` distinguishes the client's messages, and those "
            "that it gets; `id` is chosen by the client and repeated in every message that belongs to it.",
        },
        "defaultContentType": "application/json",
        "servers": {"gateway": server},
        "channels": {
            "adapter": {
                "address": "/ws/{adapter}",
                "title": "One application",
                "parameters": {"adapter": {"description": "The application.", "enum": adapters}},
                "messages": {
                    model.__name__: {"$ref": _MESSAGES + model.__name__} for model in CLIENT_MESSAGES + SERVER_MESSAGES
                },
            }
        },
        "operations": {
            "fromClient": _operation("receive", "What a client may send.", CLIENT_MESSAGES),
            "toClient": _operation("send", "What the gateway sends.", SERVER_MESSAGES),
        },
        "components": {"messages": {}, "schemas": {}},
    }
    schemas = made["components"]["schemas"]
    described: list[tuple[type[Message], JsonSchemaMode]] = [
        *((model, "validation") for model in CLIENT_MESSAGES),
        *((model, "serialization") for model in SERVER_MESSAGES),
    ]
    _, definitions = models_json_schema(described, ref_template=_SCHEMAS)
    schemas.update(definitions["$defs"])
    for model in CLIENT_MESSAGES + SERVER_MESSAGES:
        made["components"]["messages"][model.__name__] = _message(model)
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def _operation(action: str, summary: str, models: tuple[type[Message], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/adapter"},
        "messages": [{"$ref": f"#/channels/adapter/messages/{model.__name__}"} for model in models],
    }


def _message(model: type[Message]) -> dict[str, Any]:
    kind: str = model.model_fields["type"].annotation.__args__[0]  # type: ignore[union-attr]
    return {
        "name": kind,
        "title": model.__name__,
        "summary": (model.__doc__ or "").partition("\n")[0],
        "payload": {"$ref": _SCHEMAS.format(model=model.__name__)},
    }
