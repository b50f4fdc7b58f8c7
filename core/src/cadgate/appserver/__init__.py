"""The application's end of the wire. It runs inside the application: standard library only, Python 3.8 and later.

Adapters use the names exported here and nothing else from this package.
"""

from cadgate.appserver import scripting, scrutiny, searching
from cadgate.appserver.context import Call, about_to_change, cleared, current, request, warn
from cadgate.appserver.errors import AppError, PutOffError, limit_exceeded, name_taken, nearest, not_found, unavailable
from cadgate.appserver.host import Host
from cadgate.appserver.interrupts import uninterruptible
from cadgate.appserver.paging import page
from cadgate.appserver.recognition import Recognised, recognise, recognise_bytes
from cadgate.appserver.registry import load_methods, method, registered
from cadgate.appserver.shape_files import ShapeFolder
from cadgate.appserver.turnstile import alone

__all__ = [
    "AppError",
    "Call",
    "Host",
    "PutOffError",
    "Recognised",
    "ShapeFolder",
    "about_to_change",
    "alone",
    "cleared",
    "current",
    "limit_exceeded",
    "load_methods",
    "method",
    "name_taken",
    "nearest",
    "not_found",
    "page",
    "recognise",
    "recognise_bytes",
    "registered",
    "request",
    "scripting",
    "scrutiny",
    "searching",
    "unavailable",
    "uninterruptible",
    "warn",
]
