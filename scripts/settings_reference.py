"""Writes what people read about settings: the tables of docs/OPERATIONS.md and `.env.example`, from the models.

`python scripts/settings_reference.py` rewrites both; a test checks that they are what this would write.
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
    "BLENDER_CMD": "The Blender program to run; without it the bpy wheel, then `blender` on PATH.",
    "FREECAD_CMD": "The FreeCAD program to run; without it `freecadcmd` on PATH, then the usual places.",
}
BEGIN, END = "<!-- settings: {} -->", "<!-- end -->"


def own_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of the gateway; for an adapter those that it adds to every adapter's."""
    common = AdapterSettings.model_fields if model is not AdapterSettings and issubclass(model, AdapterSettings) else {}
    return {name: field for name, field in model.model_fields.items() if name not in {*common, "adapters"}}


def default_of(name: str, field: FieldInfo) -> Any:
    """The default as a person writes it."""
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
    """A markdown table: key, variable, default, meaning."""
    yield "| key | variable | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in own_fields(model).items():
        default = default_of(name, field)
        shown = f"`{default}`" if default != "" else ""
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{name}` | `{variable(prefix + name)}` | {shown} | {meaning} |"


def env_example() -> Iterator[str]:
    """The text of `.env.example`, line by line: every variable, commented out, with its default."""
    yield "# Copy to .env, in the folder in which the gateway is started, and take away the # of what you change."
    yield "# The environment wins over this file, and this file over plugins.toml. docs/OPERATIONS.md says more."
    sections: list[tuple[str, type[BaseModel], str]] = [("The gateway", Settings, "")]
    for name, model in ADAPTERS.items():
        sections.append((f"The adapter {name}: what every adapter has, for this one", AdapterSettings, f"{name}_"))
        sections.append((f"The adapter {name}: its own", model, f"{name}_"))
    for title, model, prefix in sections:
        yield from ("", f"# --- {title} ---")
        for key, field in own_fields(model).items():
            yield f"# {field.description}"
            yield f"#{variable(prefix + key)}={default_of(key, field)}"
    yield from ("", "# --- The applications ---")
    for name, meaning in APPLICATIONS.items():
        yield from (f"# {meaning}", f"#{name}=")


def operations(text: str) -> str:
    """docs/OPERATIONS.md with its tables of settings written anew."""
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
    """Every generated file with the text that it should have."""
    page = ROOT / "docs" / "OPERATIONS.md"
    return {
        ROOT / ".env.example": "\n".join(env_example()) + "\n",
        page: operations(page.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, content in written().items():
        path.write_text(content, encoding="utf-8")
