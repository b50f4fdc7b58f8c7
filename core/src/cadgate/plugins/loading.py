"""Loads one adapter: import, hook, modules, checks. All of that is foreign code, which may raise or never end."""

from __future__ import annotations

import importlib
import inspect
import logging
import sys
import threading
import time
import traceback
from typing import Any

import pluggy

import cadgate
from cadgate.config.entry_points import Announced
from cadgate.plugins.contents import contents_of, problems_in
from cadgate.plugins.hookspecs import Adapter, AdapterSpec
from cadgate.plugins.validate import problems_of

PUBLIC = "cadgate.plugin"
"""The modules of the gateway that adapters import."""
SLOW_SECONDS = 2.0
"""Loading that takes longer is logged, because nothing is served meanwhile."""

log = logging.getLogger("cadgate.plugins")


class Broken(Exception):
    """The reason why an adapter cannot be used."""


class _Load(threading.Thread):
    """Loads in a thread of its own, because an import cannot be stopped: if it never ends, it is abandoned."""

    def __init__(self, one: Announced) -> None:
        super().__init__(name=f"cadgate-load-{one.name}", daemon=True)
        self._one = one
        self.result: Adapter | Broken

    def run(self) -> None:
        try:
            self.result = _loaded(self._one)
        except Broken as broken:
            self.result = broken
        except BaseException as error:
            log.debug("adapter %r failed to load", self._one.name, exc_info=error)
            self.result = Broken(one_line(error))

    def place(self) -> str:
        """Return where the import is now: file name and line."""
        frame = sys._current_frames().get(self.ident or 0)  # pyright: ignore[reportPrivateUsage]
        while frame is not None and frame.f_code.co_filename.startswith(("<frozen", threading.__file__)):
            frame = frame.f_back
        return "" if frame is None else f" ({_base(frame.f_code.co_filename)}, line {frame.f_lineno})"


def load(one: Announced, seconds: float) -> Adapter:
    """Return the adapter that a package contributes, checked. Raises Broken with everything that is wrong.

    It is abandoned after `seconds`, so that the gateway and the other adapters need not wait.
    """
    importlib.import_module(PUBLIC)  # so that their import does not count as the adapter's time
    thread = _Load(one)
    began = time.monotonic()
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise Broken(
            f"importing it did not finish within {seconds:g} s{thread.place()}; the setting import_seconds is the limit"
        )
    took = time.monotonic() - began
    if took > SLOW_SECONDS:
        log.warning("adapter %r: importing %s took %.1f s, and nothing was served meanwhile", one.name, one, took)
    if isinstance(thread.result, Broken):
        raise thread.result
    return thread.result


def _loaded(one: Announced) -> Adapter:
    adapter = _adapter_of(one)
    problems = problems_of(adapter, one.name) or problems_in(contents_of(adapter.package))
    if problems:
        raise Broken("; ".join(problems))
    return adapter


def _adapter_of(one: Announced) -> Adapter:
    """Import the package and call its hook, in a plugin manager of its own."""
    if one.times > 1:
        raise Broken(f"its metadata lists the entry point {one.name!r} {one.times} times")
    manager = pluggy.PluginManager("cadgate")
    manager.add_hookspecs(AdapterSpec)
    if not one.point.pattern.match(one.point.value):
        raise Broken(f"its entry point {one.point.value!r} is not of the form package.module")
    plugin = one.point.load()
    manager.register(plugin, one.name)
    _check_spelling(manager)
    if not manager.hook.cadgate_adapter.get_hookimpls():
        raise Broken(_no_hook(one, plugin))
    results: list[Any] = manager.hook.cadgate_adapter()
    if len(results) == 1 and isinstance(results[0], Adapter):
        return results[0]
    for result in results:
        if inspect.iscoroutine(result):
            result.close()
    kinds = ", ".join(type(result).__name__ for result in results) or "nothing"
    raise Broken(f"cadgate_adapter() must return one cadgate.plugin.Adapter, not {kinds}")


def _check_spelling(manager: pluggy.PluginManager) -> None:
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        # The rest of its text has the plugin's repr, with paths of this machine.
        unknown = str(error).partition(" in plugin ")[0]
        raise Broken(f"{unknown}; the only hook is cadgate_adapter") from error


def _no_hook(one: Announced, plugin: object) -> str:
    if callable(getattr(plugin, "cadgate_adapter", None)):
        return f"cadgate_adapter in {one.point.value} is not marked with @hookimpl"
    return f"{one.point.value} has no function cadgate_adapter marked with @hookimpl"


def one_line(error: BaseException) -> str:
    """Return the exception as one line, with the name and line of the file that raised it."""
    text = " ".join(str(error).split()) or "no message"
    if isinstance(error, ImportError) and error.path:
        text = text.replace(f" ({error.path})", "")
        if error.name == PUBLIC:
            text += f"; it is written for another version of cadgate than {cadgate.__version__}"
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        where = f" ({_base(error.filename)}, line {error.lineno})"
        text = error.msg
    elif frames and "/pluggy/" not in frames[-1].filename and not frames[-1].filename.startswith("<frozen"):
        where = f" ({_base(frames[-1].filename)}, line {frames[-1].lineno})"
    else:
        where = ""
    kind = "SystemExit" if isinstance(error, SystemExit) else type(error).__name__
    return f"{kind}: {text}{where}"


def _base(filename: str) -> str:
    return filename.rpartition("/")[2]
