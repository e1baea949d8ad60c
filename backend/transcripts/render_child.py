"""A child process of the render pool: calls functions until its standard input ends, and writes what they return.

A request is a length of eight bytes and the pickled function, arguments and all. An answer is a byte that says how it
ended, a length and the bytes of the file, or the type of the error. The pickles come from the server itself."""

import contextlib
import os
import pickle
import resource
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

#: How a call ended: with a file, for lack of memory, or with another error.
FILE, NO_MEMORY, ERROR = b"f", b"m", b"e"


def main(memory_bytes: int) -> None:
    os.nice(5)
    with contextlib.suppress(OSError, ValueError):  # macOS has no limit for the address space
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := requests.read(8):
        how, content = _answer(requests, *struct.unpack("!Q", head))
        answers.write(how + struct.pack("!Q", len(content)) + content)
        answers.flush()


def _answer(requests: BinaryIO, length: int) -> tuple[bytes, bytes]:
    try:
        function: Callable[..., bytes]
        function, arguments = pickle.loads(requests.read(length))  # noqa: S301  (written by the server)
        return FILE, function(*arguments)
    except MemoryError:
        return NO_MEMORY, b""
    except Exception as error:
        # Only the type: the message may contain text of the transcript.
        return ERROR, type(error).__name__.encode()


if __name__ == "__main__":
    main(int(sys.argv[1]))
