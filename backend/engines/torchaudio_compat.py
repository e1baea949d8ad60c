"""Imports torchaudio even when its native library does not match the installed torch."""

import importlib
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn


def ensure_torchaudio() -> None:
    """Call before anything imports torchaudio.

    PyPI's wheel is linked against CUDA; with a CPU build of torch its import raises OSError. The engines only use its
    pure Python parts, and torchaudio supports running without its native extension: this enables that mode.
    """
    try:
        importlib.import_module("torchaudio")
    except OSError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
        sys.modules["torchaudio._extension"] = _no_extension()
        importlib.import_module("torchaudio")


def _no_extension() -> types.ModuleType:
    def absent(function: Callable[..., Any]) -> Callable[..., NoReturn]:
        def call(*_arguments: object, **_named: object) -> NoReturn:
            raise RuntimeError(f"{function.__name__} needs torchaudio's native library, which does not load here")

        return call

    module = types.ModuleType("torchaudio._extension")
    vars(module).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        _check_cuda_version=lambda: None,
        fail_if_no_align=absent,
    )
    return module
