import hashlib
from pathlib import Path

import pytest

from backend.checksums import sha256


@pytest.mark.parametrize("content", [b"", b"a", b"meeting" * 500_000], ids=["empty", "short", "many blocks"])
def test_a_file_is_hashed_whole_and_every_byte_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    progress: list[int] = []

    assert sha256(tmp_path / "file", progress.append) == hashlib.sha256(content).hexdigest()
    assert sum(progress) == len(content)
