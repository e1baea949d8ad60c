import subprocess
import sys

import pytest

from tests.serving import ROOT

_PIECES = """
import resource
from backend.heap import keep_freed_memory
if {keep}:
    keep_freed_memory()
for _ in range(3000):
    pieces = [bytes(256_000) for _ in range(5)]
    del pieces
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def faults(keep: bool) -> int:
    command = [sys.executable, "-c", _PIECES.format(keep=keep)]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told")
def test_pieces_of_a_body_do_not_have_the_kernel_clear_memory_each_time() -> None:
    assert faults(keep=True) < faults(keep=False) / 10
