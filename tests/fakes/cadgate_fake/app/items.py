"""Items: the document of the fake application."""

from __future__ import annotations

import os
import time
from typing import Any

from cadgate.appserver import AppError, about_to_change, current, method, name_taken, not_found, page, warn
from cadgate_fake.app.host import ITEMS, STATE, control


def describe(name: str) -> dict[str, Any]:
    """An ItemInfo."""
    item = ITEMS[name]
    return {"name": name, "type": "item", "revision": f"r{item['serial']}", **item}


def find(name: str) -> dict[str, Any]:
    """The item `name`. Raises AppError `item_not_found`."""
    if name not in ITEMS:
        raise not_found("item", name, ITEMS)
    return ITEMS[name]


def free_name(name: str) -> str:
    """`name`, or the first of `name.001` and so on that nobody has."""
    tried, number = name, 0
    while tried in ITEMS:
        number += 1
        tried = f"{name}.{number:03d}"
    return tried


def _put(name: str, value: Any) -> None:
    STATE["serial"] += 1
    STATE["changed"] = True
    shelf = current().context.get("shelf", "")
    ITEMS[name] = {"value": value, "note": None, "serial": STATE["serial"], "shelf": shelf}


def _chosen(name: str | None, on_conflict: str) -> str:
    if name is None or on_conflict == "rename":
        return free_name(name or "Item")
    if name in ITEMS and on_conflict == "error":
        raise name_taken("item", name)
    return name


@method("items.create")
def create(*, name: str | None, value: Any, on_conflict: str) -> dict[str, Any]:
    chosen = _chosen(name, on_conflict)
    if value == "warn":
        warn("odd_value", "the value is odd")
    about_to_change()
    if isinstance(value, dict) and "grows" in value:
        value["grows"].append("grown")
    _put(chosen, value)
    if current().connection is None:
        how = control().get("replay", {}).get(chosen)
        if how == "differ":
            ITEMS[chosen]["note"] = "differs"
        elif how == "fail":
            raise RuntimeError("this cannot be replayed")
        elif how == "crash":
            os._exit(6)
    return describe(chosen)


@method("items.half")
def half(*, name: str | None, value: Any, on_conflict: str) -> dict[str, Any]:
    about_to_change()
    _put(_chosen(name, on_conflict), value)
    if value == "exit":
        raise SystemExit(7)
    if value == "full":
        raise OSError("no space is left for this item")
    raise RuntimeError("it failed half way")


@method("items.wrong")
def wrong(*, name: str | None, value: Any, on_conflict: str) -> Any:
    about_to_change()
    _put(_chosen(name, on_conflict), value)
    return {"set": {1, 2}, "nan": float("nan"), "text": "not an item", "none": None}[str(value)]


@method("items.bulk")
def bulk(*, name: str | None, value: Any, on_conflict: str) -> dict[str, Any]:
    return create(name=name, value=value, on_conflict=on_conflict)


@method("items.slow")
def slow(*, name: str | None, value: Any, on_conflict: str) -> dict[str, Any]:
    chosen = _chosen(name, on_conflict)
    about_to_change()
    _put(chosen, value)
    time.sleep(float(value))
    return describe(chosen)


@method("items.crash")
def crash(*, name: str | None, value: Any, on_conflict: str) -> dict[str, Any]:
    about_to_change()
    _put(_chosen(name, on_conflict), value)
    os._exit(9)


@method("items.get")
def get(*, name: str) -> dict[str, Any]:
    find(name)
    return describe(name)


@method("items.list")
def list_items(*, limit: int, offset: int, fields: str | None) -> dict[str, Any]:
    return page(list(ITEMS), describe, limit=limit, offset=offset, fields=fields)


@method("items.update")
def update(*, name: str, **changes: Any) -> dict[str, Any]:
    item = find(name)
    about_to_change(describe(name)["revision"])
    STATE["serial"] += 1
    item.update(changes, serial=STATE["serial"])
    return describe(name)


@method("items.delete")
def delete(*, name: str) -> dict[str, Any]:
    find(name)
    about_to_change()
    del ITEMS[name]
    STATE["changed"] = True
    return {"deleted": name}


@method("internal.import")
def bring_in(*, name: str, folder: str) -> dict[str, Any]:
    if not os.path.isdir(folder):
        raise AppError("command_failed", f"the folder {folder!r} is not there")
    return create(name=name, value="imported", on_conflict="error")


@method("internal.write")
def write(*, path: str, text: str, seconds: float) -> dict[str, Any]:
    time.sleep(seconds)
    if text != "nothing":
        with open(path, "w", encoding="utf-8") as file:
            file.write("" if text == "empty" else text)
    return {}
