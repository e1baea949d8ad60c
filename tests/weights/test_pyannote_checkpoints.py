"""The checkpoints converted from the ONNX files are the known ones, and wrong ones are refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.checksums import sha256
from backend.weights.catalogue import MODELS
from backend.weights.pyannote_checkpoints import write_pipeline

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_pipeline_folder_is_always_the_same(tmp_path: Path) -> None:
    write_pipeline(tmp_path)

    for path in MODELS["pyannote-3.1"].generated:
        assert sha256(tmp_path / path) in MODELS["pyannote-3.1"].allowed_hashes(path), path


@pytest.mark.shared
def test_checkpoints_compute_what_their_onnx_files_do(shared: Path, tmp_path: Path) -> None:
    onnx = shared / "models" / "pyannote-3.1-onnx"
    command = [sys.executable, "-m", "backend.weights.pyannote_checkpoints", str(tmp_path)]
    command += [str(onnx / "segmentation.onnx"), str(onnx / "embedding.onnx")]

    child = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )

    assert child.returncode == 0, child.stderr
    assert "segmentation: differs from its ONNX file by at most" in child.stdout
    assert "embedding: differs from its ONNX file by at most" in child.stdout
    for path in MODELS["pyannote-3.1"].files:
        assert (tmp_path / path).stat().st_size > 0
