import subprocess
import sys

import pytest

from tests.serving import ROOT

_SCRIPT = """
import resource
from backend.malloc import retain_freed_memory
if {retain}:
    retain_freed_memory()
for _ in range(3000):
    chunks = [bytes(256_000) for _ in range(5)]
    del chunks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def page_faults(retain: bool) -> int:
    command = [sys.executable, "-c", _SCRIPT.format(retain=retain)]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="needs glibc")
def test_freed_memory_is_reused_without_page_faults() -> None:
    assert page_faults(retain=True) < page_faults(retain=False) / 10
