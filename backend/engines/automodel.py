"""Loads a FunASR model from a local folder, with a number of threads, without log output and never from a hub."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from backend.engines.protocols import EngineError
from backend.engines.registry import fetch_command
from backend.engines.torchaudio_compat import ensure_torchaudio


def load(folder: Path, threads: int, device: str, fetch_set: str = "full") -> Any:
    """A `funasr.AutoModel` (untyped, hence Any) of the model in `folder`. It applies `threads` at every call."""
    for name in ("config.yaml", "model.pt"):
        if not (folder / name).is_file():
            raise EngineError(
                "model_missing", f"{folder.name} is not installed. Fetch it with: {fetch_command(fetch_set)}"
            )
    ensure_torchaudio()
    from funasr import AutoModel

    with without_logging(), _without_state_copy():
        return AutoModel(
            model=str(folder.resolve()),
            device=device,
            ncpu=threads,
            disable_update=True,
            disable_pbar=True,
            log_level="ERROR",
        )


@contextmanager
def _without_state_copy() -> Iterator[None]:
    """FunASR makes a copy of the checkpoint while it loads it, which needs another gigabyte. This prevents the copy."""
    from funasr.train_utils import load_pretrained_model as loader

    original = loader.copy
    loader.copy = SimpleNamespace(deepcopy=lambda state: state)
    try:
        yield
    finally:
        loader.copy = original


@contextmanager
def without_logging() -> Iterator[None]:
    """Prevent FunASR from logging to the root logger: at INFO it logs the users' hotwords."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
