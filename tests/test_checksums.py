import hashlib
from pathlib import Path

import pytest

from backend.checksums import sha256


@pytest.mark.parametrize("content", [b"", b"a", b"meeting" * 500_000], ids=["empty", "short", "many blocks"])
def test_a_file_is_hashed_whole_and_every_byte_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    told: list[int] = []

    assert sha256(tmp_path / "file", told.append) == hashlib.sha256(content).hexdigest()
    assert sum(told) == len(content)
