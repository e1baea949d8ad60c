"""torchaudio is imported whatever its native library says. Each case is a fresh interpreter with a false torchaudio."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def use(folder: Path, extension: str) -> str:
    """What a program prints that uses a torchaudio whose `_extension` is this."""
    package = folder / "torchaudio"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from ._extension import _IS_TORCHAUDIO_EXT_AVAILABLE, fail_if_no_align\nforced_align = fail_if_no_align(len)\n"
    )
    (package / "_extension.py").write_text(extension)
    code = """
from backend.engines.torchaudio_compat import ensure_torchaudio
ensure_torchaudio()
import torchaudio
print(torchaudio._IS_TORCHAUDIO_EXT_AVAILABLE)
try:
    print(torchaudio.forced_align("four"))
except RuntimeError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True
    ).stdout


def test_a_library_that_loads_is_left_alone(tmp_path: Path) -> None:
    extension = "_IS_TORCHAUDIO_EXT_AVAILABLE = True\nfail_if_no_align = lambda function: function\n"

    assert use(tmp_path, extension) == "True\n4\n"


def test_a_library_that_does_not_load_is_done_without(tmp_path: Path) -> None:
    extension = "raise OSError('Could not load this library: _torchaudio.abi3.so')\n"

    assert use(tmp_path, extension) == "False\nlen needs torchaudio's native library, which does not load here\n"
