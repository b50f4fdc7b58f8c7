"""What the helper's process runs: a function at a time, by the names that come on its standard input."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import signal
import struct
import sys
import traceback
from typing import Any, BinaryIO

RETURNED, REFUSED, FAILED = "returned", "refused", "failed"
MEMORY_BYTES = 2 << 30
"""What the process may have, so that no body takes the machine's memory."""
_SIZE = struct.Struct(">Q")


def main() -> None:
    """Serve until the gateway closes the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the gateway, which ends this process
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.nice(10)  # whoever waits for the event loop goes first
    gc.disable()  # what is read has no cycles, and looking for some in millions of lists takes longer than reading them
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints is no answer
    while request := _read(requests):
        answer = _answer(request)
        answers.write(_SIZE.pack(len(answer)))
        answers.write(answer)
        answers.flush()


def _read(requests: BinaryIO) -> bytes | None:
    head = requests.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack(head)
    return requests.read(size)


def _answer(request: bytes) -> bytes:
    from cadgate.errors import CadgateError, PayloadTooLarge

    answer: tuple[str, Any]
    try:
        module, name, args = pickle.loads(request)  # noqa: S301 - of the gateway
        answer = (RETURNED, getattr(importlib.import_module(module), name)(*args))
    except CadgateError as error:
        answer = (REFUSED, (type(error), error.message, error.details))
    except MemoryError:
        answer = (REFUSED, (PayloadTooLarge, "The body takes too much memory to read: send less at once", {}))
    except Exception as error:  # noqa: BLE001 - the gateway is told
        traceback.print_exc(file=sys.stderr)
        answer = (FAILED, f"{type(error).__name__}")
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
