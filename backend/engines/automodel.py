"""The one way we load a FunASR model: from an explicit local folder, quiet, with its threads, never from a hub."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from backend.engines.ports import EngineError
from backend.engines.table import mending
from backend.engines.torchaudio_compat import ensure_torchaudio


def load(folder: Path, threads: int, device: str, fetch_set: str = "full") -> Any:
    """A `funasr.AutoModel` (untyped, hence Any) of the model in `folder`. It applies `threads` at every call."""
    for name in ("config.yaml", "model.pt"):
        if not (folder / name).is_file():
            raise EngineError("model_missing", f"{folder.name} is not installed. Fetch it with: {mending(fetch_set)}")
    ensure_torchaudio()
    from funasr import AutoModel

    with quietly(), _without_a_spare():
        return AutoModel(
            model=str(folder.resolve()),
            device=device,
            ncpu=threads,
            disable_update=True,
            disable_pbar=True,
            log_level="ERROR",
        )


@contextmanager
def _without_a_spare() -> Iterator[None]:
    """FunASR copies what it has read of a file before it looks at it: a gigabyte more, just while it loads."""
    from funasr.train_utils import load_pretrained_model as loading

    library = loading.copy
    loading.copy = SimpleNamespace(deepcopy=lambda state: state)
    try:
        yield
    finally:
        loading.copy = library


@contextmanager
def quietly() -> Iterator[None]:
    """Keep FunASR from logging to the root logger: at INFO it writes people's hotwords there."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
