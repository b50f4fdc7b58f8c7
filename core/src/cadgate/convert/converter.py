"""`Converter`: does conversions, each application of the way with a document of its own, which ends with it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import anyio.to_thread
from pydantic import BaseModel

from cadgate.appserver import recognise
from cadgate.artifacts.store import ArtifactStore, Stored
from cadgate.contract.context import RequestContext
from cadgate.contract.methods import Handler
from cadgate.convert.aside import Aside, apart
from cadgate.convert.models import CONVERT, THUMBNAIL, Converted, ConvertParams
from cadgate.convert.paths import Announced, Leg, Path, Paths
from cadgate.dispatch.application import Application
from cadgate.dispatch.permission import require_permission
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.errors import ArtifactNotFound, UnsupportedFormat, ValidationFailed
from cadgate.look.handler import thumbnail
from cadgate.look.models import LOOK
from cadgate.models.responses import Artifact, Warned
from cadgate.plugins.hookspecs import Formats
from cadgate.web.json_request import validate

DEFAULT_SIZE = 256
_USUAL = 0.001
"""What most programs take 1 for in a file that does not say its unit, in metres."""
_OWN = ("artifact", "filepath", "format", "trusted")
"""The parameters that the conversion itself decides. It reads no file as it is, for it has no session of the caller."""
_UNSAFE = re.compile(r"[^\w .+()-]")


class Converter:
    """The conversions between the formats that the active adapters announce. Created once; see `install`."""

    def __init__(self, runtimes: Mapping[str, AdapterRuntime]) -> None:
        self._runtimes = runtimes

    def install(self) -> None:
        """Make every application that announces formats a place where conversions, and their jobs, are done."""
        for runtime in self._runtimes.values():
            if runtime.adapter.formats is not None:
                runtime.served.core[CONVERT.name] = CONVERT
                runtime.served.handlers[CONVERT.name] = Handler(CONVERT, self.run, works_aside=True)

    @property
    def paths(self) -> Paths:
        """What can be converted now. An application that this gateway does not start has no document to spare."""
        return Paths(
            {
                name: Announced(name, _own(runtime, runtime.adapter.formats), LOOK.name in runtime.served.handlers)
                for name, runtime in self._runtimes.items()
                if runtime.adapter.formats is not None and runtime.settings.mode == "managed"
            }
        )

    async def path(self, artifacts: ArtifactStore, context: RequestContext, params: ConvertParams) -> Path:
        """Return the way of a conversion, whose request and permissions are checked then.

        Raises ArtifactNotFound, Forbidden, UnsupportedFormat, ValidationFailed.
        """
        paths = self.paths
        stored = artifacts.get(params.artifact)
        path = paths.find(await _format_of(paths, stored), params.to)
        if params.size is not None and path[-1].target != THUMBNAIL:
            raise ValidationFailed(
                f"size is for to='thumbnail', but to is {params.to!r}", details={"size": params.size}
            )
        arguments = self._arguments(path, params, stored.artifact.name)
        for leg, parts in zip(path, arguments, strict=True):
            served = self._runtimes[leg.application.name].served
            for method, given in zip(leg.methods(), parts, strict=True):
                require_permission(served, context, method, _checked(method.params, given))
        return path

    async def run(self, app: Application, params: ConvertParams) -> Converted:
        """Convert a file. Raises what the methods on the way raise; nothing is stored then."""
        path = await self.path(app.artifacts, app.context, params)
        if app.context.job is not None:
            app.context.job.look()
        arguments = self._arguments(path, params, app.artifacts.get(params.artifact).artifact.name)
        warnings = _of_units(path, params)
        related: list[Artifact] = []
        current = params.artifact
        surplus: list[str] = []
        made: list[str] = []
        try:
            for number, (leg, parts) in enumerate(zip(path, arguments, strict=True)):
                app.report(number / len(path), f"{leg.application.name} makes {leg.target} of {leg.source}")
                files = await self._leg(app, leg, parts, current, params, warnings)
                surplus += made
                made = [each.id for each in files]
                current, related = made[0], files[1:]
        except BaseException:
            surplus += made
            raise
        finally:
            _remove(app, surplus)
        return Converted(
            artifact=app.artifacts.get(current).artifact,
            path=[leg.application.name for leg in path],
            formats=[path[0].source, *(leg.target for leg in path)],
            related=related,
            warnings=list({(each.code, each.message): each for each in warnings}.values()),
        )

    async def _leg(
        self,
        app: Application,
        leg: Leg,
        arguments: list[dict[str, Any]],
        artifact: str,
        params: ConvertParams,
        warnings: list[Warned],
    ) -> list[Artifact]:
        """Do the part of one application. Returns the file, and those that belong to it."""
        runtime = self._runtimes[leg.application.name]
        session, context = runtime.default, apart(app.context)
        async with runtime.workers.scratch(context.deadline_at, session.use_of(context)) as worker:
            if context.job is not None:
                context.job.begin()
            aside = Aside(session, context, worker)
            files: list[Artifact] = []
            for method, given in zip(leg.methods(), arguments, strict=True):
                sent = {**given, "artifact": artifact} if "artifact" in method.params.model_fields else given
                result: Any = await aside.call(method, validate(method.params, sent))
                warnings += getattr(result, "warnings", None) or []
                if method is leg.application.formats.exporting:
                    files = [result.artifact, *(getattr(result, "related", None) or ())]
            if leg.target == THUMBNAIL:
                name = _stem(app.artifacts.get(params.artifact).artifact.name)
                drawn, more = await thumbnail(aside, name, params.size or DEFAULT_SIZE)
                warnings += more
                files = [drawn]
            return files

    def _arguments(self, path: Path, params: ConvertParams, name: str) -> list[list[dict[str, Any]]]:
        """Return the parameters of each method of each leg. Raises ValidationFailed for options that none has."""
        left = dict(params.options)
        stem = _stem(name)
        known: set[str] = set()
        found: list[list[dict[str, Any]]] = []
        for leg in path:
            formats = leg.application.formats
            parts: list[dict[str, Any]] = []
            for method in leg.methods():
                fields = method.params.model_fields.keys() - {*_OWN}
                known |= fields
                given = {each: left.pop(each) for each in list(left) if each in fields}
                if method is formats.exporting:
                    given["filepath"] = f"{stem}{leg.suffix}"
                scale = formats.scale
                if scale is not None and leg.factor != 1 and method is (formats.importing or formats.exporting):
                    given[scale] = _scaled(given.get(scale, 1), leg.factor)
                parts.append(given)
            found.append(parts)
        if left:
            names = ", ".join(sorted(known))
            raise ValidationFailed(
                f"options has {sorted(left)[0]!r}, which no method on the way has: "
                f"{' → '.join(leg.application.name for leg in path)} know {names}",
                details={"options": sorted(left), "known": sorted(known)},
            )
        return found


def _own(runtime: AdapterRuntime, formats: Formats) -> Formats:
    """Return the formats without those that the build of the application lacks which was started last."""
    lacking = runtime.default.session.status().lacking
    return formats.without(lacking.get("reads", ()), lacking.get("writes", ())) if any(lacking.values()) else formats


def _stem(name: str) -> str:
    return _UNSAFE.sub("_", PurePosixPath(name).stem).strip(" .")[:60] or "converted"


def _checked(model: type[BaseModel], given: dict[str, Any]) -> BaseModel:
    return validate(model, {**given, "artifact": "0" * 32} if "artifact" in model.model_fields else given)


def _scaled(given: Any, factor: float) -> Any:
    return float(f"{given * factor:.12g}") if isinstance(given, (int, float)) else given


async def _format_of(paths: Paths, stored: Stored) -> str:
    """Return the format of a file. Raises UnsupportedFormat for one that nobody reads."""
    name = stored.artifact.name
    by_name = paths.of_name(name)
    if by_name is not None:
        return by_name
    found = await anyio.to_thread.run_sync(recognise, str(stored.path), name)
    kind = None if found is None else paths.named(found.kind)
    readable = paths.readable()
    if kind is not None and kind in readable and not PurePosixPath(name).suffix:
        return kind
    said = f"The file {name!r} cannot be converted" if found is None else found.refusal(name)
    raise UnsupportedFormat(
        f"{said}. Formats that can be converted are {', '.join(readable)}",
        details={"name": name, "formats": readable, "reachable": [], **({"kind": found.kind} if found else {})},
    )


def _of_units(path: Path, params: ConvertParams) -> list[Warned]:
    """Warn of a length that the file does not say, where it matters: in a format that says it, or the other way."""
    first, last = path[0].application.formats, path[-1].application.formats
    read, written = first.units.get(path[0].source), last.units.get(path[-1].target)
    if path[-1].target == THUMBNAIL or ((read is None) == (written is None) and (read == written)):
        return []
    if any(each.scale is not None and each.scale in params.options for each in (first, last)):
        return []
    warnings: list[Warned] = []
    if read is not None and read != written:
        warnings.append(_assumed(f"{path[0].source} files do not say their unit: 1 was taken for {_unit(read)}"))
    if written is not None and read != written:
        warnings.append(_assumed(f"{path[-1].target} files do not say their unit: 1 stands for {_unit(written)}"))
    return warnings


def _assumed(message: str) -> Warned:
    return Warned(code="unit_assumed", message=message)


def _unit(metres: float | None) -> str:
    return "1 mm" if metres == 0.001 else f"{metres:g} m"


def _remove(app: Application, identifiers: list[str]) -> None:
    for each in identifiers:
        with contextlib.suppress(ArtifactNotFound):
            app.artifacts.delete(each, app.context.identity)
