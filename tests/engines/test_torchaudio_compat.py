"""torchaudio can be imported without its native library. Each test uses a new interpreter with a fake torchaudio."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def use(folder: Path, extension: str) -> str:
    """The output of a program that uses a torchaudio with this `_extension`."""
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


def test_a_library_that_loads_is_used_unchanged(tmp_path: Path) -> None:
    extension = "_IS_TORCHAUDIO_EXT_AVAILABLE = True\nfail_if_no_align = lambda function: function\n"

    assert use(tmp_path, extension) == "True\n4\n"


def test_without_the_native_library_torchaudio_still_imports(tmp_path: Path) -> None:
    extension = "raise OSError('Could not load this library: _torchaudio.abi3.so')\n"

    assert use(tmp_path, extension) == "False\nlen needs torchaudio's native library, which does not load here\n"
