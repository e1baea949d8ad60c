"""The options of a job, checked once when a request comes in."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from backend.engines.protocols import SpeakerHints, TranscribeOptions
from backend.errors import InvalidInput
from backend.speech.languages import AUTO, LANGUAGES

#: More hotwords make recognition worse.
MAX_HOTWORDS = 50
MAX_SPEAKERS = 50

_HOTWORD = re.compile(r"[\w·'’-]+(?: [\w·'’-]+)*", re.UNICODE)


class InvalidOptions(InvalidInput):
    code = "invalid_options"


class Options(BaseModel):
    """Options of one job. An engine that is not named is the best one installed when the job runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transcriber: str | None = Field(default=None, max_length=64)
    diarizer: str | None = Field(default=None, max_length=64)
    min_speakers: Annotated[int, Field(ge=1, le=MAX_SPEAKERS)] | None = None
    max_speakers: Annotated[int, Field(ge=1, le=MAX_SPEAKERS)] | None = None
    hotwords: tuple[str, ...] = Field(default=(), max_length=MAX_HOTWORDS)
    language: str = AUTO  #: spoken in the recording; an engine for one language ignores it
    polish: bool = False  #: polish the transcript afterwards
    minutes: Annotated[str, Field(min_length=1, max_length=32)] | None = None  #: write minutes with this template
    replace: bool = False  #: become the newest version, even when people have edited the last one
    fresh: bool = False  #: reuse nothing of earlier jobs of the recording

    @field_validator("language")
    @classmethod
    def _known_language(cls, language: str) -> str:
        if language not in (AUTO, *LANGUAGES):
            raise ValueError(f"{language[:16]!r} is none of: auto, {', '.join(LANGUAGES)}")
        return language

    @field_validator("hotwords")
    @classmethod
    def _plain_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        # An engine may take a hotword that looks like an address or a path for a file to read.
        for word in words:
            if len(word) > 32 or not _HOTWORD.fullmatch(word):
                raise ValueError(f"{word[:40]!r} is not a word: only letters, digits, spaces and hyphens, 32 at most")
        return tuple(dict.fromkeys(words))

    @model_validator(mode="after")
    def _ordered(self) -> "Options":
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise ValueError("min_speakers is larger than max_speakers")
        return self

    @property
    def transcribe_options(self) -> TranscribeOptions:
        return TranscribeOptions(language=self.language, hotwords=self.hotwords)

    @property
    def speaker_hints(self) -> SpeakerHints:
        return SpeakerHints(self.min_speakers, self.max_speakers)


def read_options(
    *,
    speakers: str | None = None,
    hotwords: str | list[str] | None = None,
    language: str | None = None,
    transcriber: str | None = None,
    diarizer: str | None = None,
    polish: str | None = None,
    minutes: str | None = None,
) -> Options:
    """Options as people write them: `speakers` "3", "2-5", "2-" or "-5"; hotwords separated by commas or line ends.

    Raises InvalidOptions."""
    lowest, highest = _speaker_range(speakers)
    lines = [hotwords] if isinstance(hotwords, str) else hotwords or []
    words = [word.strip() for line in lines for word in re.split(r"[,，、;；\n\r\t]+", line) if word.strip()]
    return check_options(
        {
            "transcriber": transcriber or None,
            "diarizer": diarizer or None,
            "min_speakers": lowest,
            "max_speakers": highest,
            "hotwords": words,
            "language": language or AUTO,
            "polish": polish or False,
            "minutes": minutes or None,
        }
    )


def check_options(values: dict[str, Any]) -> Options:
    """Options from stored or posted values; raises InvalidOptions with every problem named."""
    try:
        return Options.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'options'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_context=False)
        )
        raise InvalidOptions(problems) from None


def _speaker_range(text: str | None) -> tuple[int | None, int | None]:
    text = (text or "").strip()
    if not text:
        return None, None
    match = re.fullmatch(r"(\d{1,2})?\s*(-)?\s*(\d{1,2})?", text)
    if match is None or (match[1] is None and match[3] is None):
        raise InvalidOptions(f"speakers: {text[:20]!r} is neither a number like 3 nor a range like 2-5")
    low = int(match[1]) if match[1] else None
    if match[2] is None:
        return low, low
    return low, int(match[3]) if match[3] else None
