"""The main function of the helper's process: runs functions, one at a time, by name from standard input."""

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

RETURNED, REFUSED, EXHAUSTED, FAILED = "returned", "refused", "exhausted", "failed"
MEMORY_BYTES = 2 << 30
"""The memory limit of the process, so that no body can exhaust the machine's."""
_SIZE = struct.Struct(">Q")


def main() -> None:
    """Serve until the gateway closes the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the gateway, which then ends this process
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.nice(int(sys.argv[1]))  # the event loop takes precedence
    gc.disable()  # parsed JSON has no cycles, and searching millions of lists for some takes longer than parsing
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # printed text must not mix with the answers
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
    from cadgate.errors import CadgateError

    answer: tuple[str, Any]
    try:
        module, name, args = pickle.loads(request)  # noqa: S301 - from the gateway
        answer = (RETURNED, getattr(importlib.import_module(module), name)(*args))
    except CadgateError as error:
        answer = (REFUSED, (type(error), error.message, error.details, error.code))
    except MemoryError:
        answer = (EXHAUSTED, None)
    except Exception as error:  # noqa: BLE001 - reported to the gateway
        traceback.print_exc(file=sys.stderr)
        answer = (FAILED, f"{type(error).__name__}")
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
