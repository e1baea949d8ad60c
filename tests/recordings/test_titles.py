import re
from pathlib import Path

import pytest

from backend.recordings.titles import MEDIA_ENDINGS, title_of

PAGE = Path(__file__).resolve().parents[2] / "frontend" / "src" / "app" / "recordingTitle.ts"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("周会.flac", "周会"),
        ("周会.M4A", "周会"),
        ("纪要 v1.2", "纪要 v1.2"),
        ("周会.pdf", "周会.pdf"),
        ("a.wav.mp3", "a.wav"),
        (".wav", ".wav"),
    ],
)
def test_a_title_is_the_name_without_the_ending_of_a_media_file(name: str, title: str) -> None:
    assert title == title_of(name)


def test_the_page_leaves_out_the_same_endings() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert list(MEDIA_ENDINGS) == re.findall(r'^ +"([a-z0-9|]+\|[a-z0-9]+)",$', text, re.MULTILINE)
