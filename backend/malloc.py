"""Settings of glibc's malloc. Uploads are slow when freed memory goes back to the system after every chunk."""

import ctypes
import sys

#: From malloc.h of glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_RETAINED_BYTES = 64 * 1024**2
_LARGE_BYTES = 4 * 1024**2


def retain_freed_memory() -> None:
    """Reuse freed memory: by default glibc returns the memory of each chunk, and the kernel has to clear it again.

    Does nothing without glibc."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_TRIM_THRESHOLD, _RETAINED_BYTES)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
