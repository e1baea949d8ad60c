"""Two synthetic voices, and tiny pipelines that separate them."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from backend.engines.protocols import Approximation
from backend.engines.torchaudio_compat import ensure_torchaudio
from tests.engines.conftest import RATE

# third-party libraries warn while they are imported and loaded; the adapter suppresses their warnings
NOISE = pytest.mark.filterwarnings("ignore")

#: Each chunk on its own and in full precision: then the numbers equal those of the stock pipeline.
EXACT = Approximation(precision="float32", pass_seconds=0.0)

Samples = npt.NDArray[np.floating]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny pipelines."""
    folder = tmp_path_factory.mktemp("models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ensure_torchaudio()
        importlib.import_module("tests.engines.tiny_pyannote").write_pipelines(folder)
    return folder


def talk(seconds: float) -> Samples:
    """Two buzzing voices that alternate, with pauses."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = np.where(time % 6 < 3, 110.0, 210.0)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12)) * np.abs(np.sin(2 * np.pi * 3.7 * time))
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * buzz * (time % 3 < 2.4) + 0.0005 * noise).clip(-1, 1).astype(np.float32)
