"""What a Word document or a PDF says about itself and about the meeting."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from backend.transcripts.script import Script

#: The tags (BCP 47) of Chinese, by its script.
_CHINESE = {
    Script.TRADITIONAL: "zh-TW",
    Script.TAIWAN: "zh-TW",
    Script.TAIWAN_CHARACTERS: "zh-TW",
    Script.HONG_KONG: "zh-HK",
}
_TAGS = {"en": "en-US", "ja": "ja-JP", "ko": "ko-KR", "fr": "fr-FR", "de": "de-DE", "es": "es-ES"}


@dataclass(frozen=True, slots=True)
class FileProperties:
    """`author` and `created` are written as properties of the file, `held` (in the reader's time zone) as its date."""

    author: str = ""
    created: datetime | None = None
    held: date | None = None


#: Nothing is known.
NO_PROPERTIES = FileProperties()


def language_tag(language: str, script: Script = Script.AS_IS) -> str:
    """The tag of a text in this language (ISO 639-1) and script: zh-CN, zh-TW, ja-JP."""
    return _CHINESE.get(script, "zh-CN") if language in ("zh", "yue") else _TAGS.get(language, language)


def written_date(day: date, *, chinese: bool) -> str:
    """2026年11月28日, or 2026-11-28."""
    return f"{day.year}年{day.month}月{day.day}日" if chinese else day.isoformat()


def facts_line(facts: Iterable[tuple[str, str]]) -> str:
    """`日期 2026年11月28日 · 时长 00:20:00`: labels with their values, without those that are unknown."""
    return " · ".join(f"{label} {value}" for label, value in facts if value)
