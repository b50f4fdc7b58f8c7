"""Writes the documentation of settings, the tables of docs/OPERATIONS.md and `.env.example`, from the models.

`python scripts/settings_reference.py` rewrites both; a test checks that they are current.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo

from cadgate.config.settings import Settings, variable
from cadgate.contract.settings import AdapterSettings
from cadgate_blender.settings import BlenderSettings
from cadgate_freecad.settings import FreeCADSettings

ROOT = Path(__file__).resolve().parent.parent
ADAPTERS: dict[str, type[AdapterSettings]] = {"blender": BlenderSettings, "freecad": FreeCADSettings}
APPLICATIONS = {
    "BLENDER_CMD": "The Blender program to run; by default the bpy wheel, then `blender` on PATH.",
    "FREECAD_CMD": "The FreeCAD program to run; by default `freecadcmd` on PATH, then the usual places.",
}
BEGIN, END = "<!-- settings: {} -->", "<!-- end -->"


def own_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of the gateway's settings; for an adapter, those that it adds to every adapter's."""
    common = AdapterSettings.model_fields if model is not AdapterSettings and issubclass(model, AdapterSettings) else {}
    return {name: field for name, field in model.model_fields.items() if name not in {*common, "adapters"}}


def default_of(name: str, field: FieldInfo) -> Any:
    """Return the default as a person would write it."""
    if name == "state_dir":
        return "~/.local/state/cadgate"  # not this machine's XDG_STATE_HOME
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, ByteSize):
        return value.human_readable().replace(".0", "")
    if isinstance(value, tuple):
        return ",".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, bool):
        return json.dumps(value)
    return "" if value is None else value


def table(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Yield a Markdown table: key, variable, default, meaning."""
    yield "| key | variable | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in own_fields(model).items():
        default = default_of(name, field)
        shown = f"`{default}`" if default != "" else ""
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{name}` | `{variable(prefix + name)}` | {shown} | {meaning} |"


def env_example() -> Iterator[str]:
    """Yield the text of `.env.example`, line by line: every variable, commented out, with its default."""
    yield "# Copy to .env, in the folder in which the gateway is started, and remove the # from what you change."
    yield "# The environment overrides this file, and this file overrides plugins.toml: see docs/OPERATIONS.md."
    sections: list[tuple[str, type[BaseModel], str]] = [("The gateway", Settings, "")]
    for name, model in ADAPTERS.items():
        sections.append((f"The adapter {name}: settings that every adapter has", AdapterSettings, f"{name}_"))
        sections.append((f"The adapter {name}: its own settings", model, f"{name}_"))
    for title, model, prefix in sections:
        yield from ("", f"# --- {title} ---")
        for key, field in own_fields(model).items():
            yield f"# {field.description}"
            yield f"#{variable(prefix + key)}={default_of(key, field)}"
    yield from ("", "# --- The applications ---")
    for name, meaning in APPLICATIONS.items():
        yield from (f"# {meaning}", f"#{name}=")


def operations(text: str) -> str:
    """Return docs/OPERATIONS.md with current tables of settings."""
    models: dict[str, tuple[type[BaseModel], str]] = {"gateway": (Settings, ""), "adapters": (AdapterSettings, "NAME_")}
    models.update({name: (model, f"{name}_") for name, model in ADAPTERS.items()})
    for name, (model, prefix) in models.items():
        begin = BEGIN.format(name)
        head, found, rest = text.partition(begin + "\n")
        _, closed, tail = rest.partition(END)
        if not found or not closed:
            raise SystemExit(f"docs/OPERATIONS.md has no {begin} … {END}")
        text = head + found + "\n".join(table(model, prefix)) + "\n" + closed + tail
    return text


def written() -> dict[Path, str]:
    """Return every generated file with the text that it should have."""
    page = ROOT / "docs" / "OPERATIONS.md"
    return {
        ROOT / ".env.example": "\n".join(env_example()) + "\n",
        page: operations(page.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, content in written().items():
        path.write_text(content, encoding="utf-8")
