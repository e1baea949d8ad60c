"""What a large body costs most is memory that is given back to the system after every piece and asked for again."""

import ctypes
import sys

#: Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 64 * 1024**2
_LARGE_BYTES = 4 * 1024**2


def keep_freed_memory() -> None:
    """Have freed memory reused: by default glibc returns each piece of an upload, and the kernel clears it anew.

    Where there is no glibc nothing happens."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
